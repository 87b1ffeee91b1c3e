"""A street of two workspaces, made once for all tests of a module; each rolls back to it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from http.cookies import SimpleCookie

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.tenants.scope import Scope, entered
from tests.conftest import Browser, new_tenant, seated

Building = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def building(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Building]:
    """Make rows within the block, for all tests of the module that come after it."""

    @contextmanager
    def site() -> Iterator[None]:
        with django_db_blocker.unblock(), entered(Scope(platform=True)):
            yield

    whole = transaction.atomic()
    with django_db_blocker.unblock():
        whole.__enter__()
    yield site
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture(scope="module")
def street(building: Building) -> None:
    """Acme and Globex, each with its owner and a colleague for a sample."""
    with building():
        for tenant in (new_tenant("Acme"), new_tenant("Globex")):
            seated(tenant, Role.VIEWER, name="Subject")


@pytest.fixture
def acme(street: None, db: None) -> Tenant:
    """The workspace that the tests work in."""
    return Tenant.objects.get(slug="acme")


@pytest.fixture
def globex(street: None, db: None) -> Tenant:
    """The workspace next door, of which nothing may ever be seen."""
    return Tenant.objects.get(slug="globex")


@pytest.fixture
def owner(acme: Tenant) -> User:
    """Somebody with all rights in Acme, who has a colleague for a sample."""
    return acme.memberships.get(user__email="owner@acme.example").user


@pytest.fixture(scope="module")
def signed_in(street: None, building: Building) -> dict[str, SimpleCookie]:
    """By address, what the browser keeps of somebody who signed in before the tests."""
    with building():
        return cookies_of(User.objects.filter(email="owner@acme.example"))


def cookies_of(people: Iterable[User]) -> dict[str, SimpleCookie]:
    """Sign each in; return what their browsers keep, by their addresses."""
    kept = {}
    for user in people:
        browser = Browser()
        browser.force_login(user)
        kept[user.email] = browser.cookies
    return kept


@pytest.fixture
def sign_in(signed_in: dict[str, SimpleCookie], db: None) -> Callable[[User], Browser]:
    """Open a browser in which the given person is signed in."""

    def open_browser(user: User) -> Browser:
        browser = Browser()
        if user.email in signed_in:
            browser.cookies = deepcopy(signed_in[user.email])
        else:
            browser.force_login(user)
        return browser

    return open_browser
