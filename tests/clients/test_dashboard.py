"""The dashboard: its figures, how long they are kept, and that it stands without a cache."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.accounts.models import User
from apps.clients.figures import NAME, figures, start_of_month
from apps.clients.models import Client
from apps.tenants.caching import tenant_key
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

HOME = "/t/acme/"
Make = Callable[..., Client]
AsRole = Callable[[Role], Browser]


@pytest.fixture
def owner(acme: Tenant) -> User:
    return acme.memberships.get(role=Role.OWNER).user


def test_figures_count_this_tenants_clients(
    acme: Tenant, globex: Tenant, make_client: Make
) -> None:
    last_month = start_of_month() - timedelta(seconds=1)
    make_client("A", status="active", created_at=last_month)
    make_client("B", status="waiting")
    make_client("C", status="overdue")
    make_client("D", status="active", archived_at=timezone.now())
    make_client("E", status="active", tenant=globex)
    assert figures(acme) == {
        "all": 4,
        "current": 3,
        "active": 1,
        "waiting": 1,
        "overdue": 1,
        "attention": 2,
        "new": 2,
    }


def test_the_dashboard_shows_figures_members_and_what_happened(
    owner: User, as_role: AsRole, make_client: Make
) -> None:
    client = make_client("Aldgate", status="active")
    client.archive(by=owner)
    client.restore(by=owner)
    page = as_role(Role.ADMIN).get(HOME).content.decode()
    assert "Active clients" in page
    assert "of 1 in the list" in page
    assert f'restored <a href="{client.get_absolute_url()}">Aldgate</a>' in page
    assert 'href="/t/acme/invitations/new/"' in page


def test_an_empty_workspace_shows_three_first_steps(as_role: AsRole) -> None:
    page = as_role(Role.OWNER).get(HOME).content.decode()
    for step in ("Add your first client", "Bring in a list", "Invite your colleagues"):
        assert step in page


def test_a_viewer_of_an_empty_workspace_is_asked_for_nothing(as_role: AsRole) -> None:
    page = as_role(Role.VIEWER).get(HOME).content.decode()
    assert "No clients yet" in page
    for forbidden in ("clients/new/", "imports/new/", "exports/new/", "invitations/new/"):
        assert forbidden not in page


def test_figures_are_kept_for_their_tenant_alone(
    acme: Tenant, globex: Tenant, make_client: Make, django_assert_num_queries: Any
) -> None:
    make_client()
    figures(acme)
    with django_assert_num_queries(0):
        assert figures(acme)["all"] == 1
    assert figures(globex)["all"] == 0


@pytest.mark.parametrize("verb", ["add", "change", "archive", "restore", "remove"])
def test_every_verb_that_changes_a_client_drops_the_kept_figures(
    acme: Tenant,
    owner: User,
    make_client: Make,
    django_capture_on_commit_callbacks: Any,
    verb: str,
) -> None:
    client = make_client(status="lead")
    if verb == "restore":
        client.archive(by=owner)
    figures(acme)
    with django_capture_on_commit_callbacks(execute=True):
        if verb == "add":
            Client(tenant=acme, name="Another").add(by=owner)
        elif verb == "change":
            client.status = "active"
            client.change(by=owner, version=client.version)
        else:
            getattr(client, verb)(by=owner)
        assert cache.get(tenant_key(acme, NAME)) is not None  # nothing is committed yet
    assert cache.get(tenant_key(acme, NAME)) is None


def test_the_dashboard_stands_while_the_cache_is_down(
    settings: Any,
    as_role: AsRole,
    make_client: Make,
    django_capture_on_commit_callbacks: Any,
) -> None:
    browser = as_role(Role.MEMBER)
    make_client(status="active")
    default = settings.CACHES["default"]
    settings.CACHES = {"default": {**default, "LOCATION": "redis://127.0.0.1:1/0"}}
    assert "of 1 in the list" in browser.get(HOME).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post("/t/acme/clients/new/", {"name": "B", "status": "lead"})
    assert answer.status_code == 302
    assert "of 2 in the list" in browser.get(HOME).content.decode()
