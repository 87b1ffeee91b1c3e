"""Every route of a workspace against the objects of the one next door, by every method.

Generated from the URLconf: wherever a path names an object, somebody with all rights at home puts
the neighbour's object there. It has to look just like an object that never was.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.core.surface import Route, routes
from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.policy.samples import SAMPLES, places
from tests.policy.test_access import METHODS, files, named

__all__ = ["files"]
CANARY = "Canary-7f3a"
MISSING = 9_000_000
TENANT_ROUTES = [route for route in routes() if route.access and route.access.role]
OBJECT_ROUTES = [route for route in TENANT_ROUTES if "<int:pk>" in route.path]


@pytest.fixture
def next_door(globex: Tenant, join: Callable[..., Any]) -> Tenant:
    """Globex with a canary wherever it keeps text, and one object of each kind."""
    join(globex, Role.VIEWER, name="Subject")
    owner = globex.memberships.get(role=Role.OWNER).user
    User.objects.filter(pk=owner.pk).update(name=CANARY)
    client = globex.clients.create(
        name=f"{CANARY} client", email=f"{CANARY.lower()}@globex.example", city=CANARY, owner=owner
    )
    client.notes.create(tenant=globex, author=owner, body=f"{CANARY} note")
    client.archive(by=owner)
    return globex


@pytest.fixture
def owner(acme: Tenant, join: Callable[..., Any]) -> User:
    """Somebody with all rights in Acme, who has a colleague for a sample."""
    join(acme, Role.VIEWER, name="Subject")
    return acme.memberships.get(role=Role.OWNER).user


def fingerprint(tenant: Tenant) -> str:
    """A hash over every row of the tenant, and over its members and invitations."""
    rows: list[Any] = [list(tenant.memberships.order_by("pk").values())]
    rows.append(list(tenant.invitations.order_by("pk").values()))
    for model in TenantModel.tenant_models():
        rows.append(list(model.objects.filter(tenant=tenant).order_by("pk").values()))
    return hashlib.sha256(json.dumps(rows, cls=DjangoJSONEncoder).encode()).hexdigest()


def answer(browser: Browser, method: str, url: str, data: Any = None) -> tuple[Any, ...]:
    """What can be told from an answer: status, headers and body, but for the request's ID."""
    with transaction.atomic():
        response: Any = getattr(browser, method.lower())(url, data or {})
        transaction.set_rollback(True)
    mark = response.headers["X-Request-ID"]
    headers = {name: value.replace(mark, "") for name, value in response.headers.items()}
    body = response.getvalue() if response.streaming else response.content
    return response.status_code, headers, body.replace(mark.encode(), b"")


def url_of(route: Route, tenant: Tenant, pk: int) -> str:
    return reverse(route.name, args=[tenant.slug, pk])


@pytest.mark.parametrize("route", OBJECT_ROUTES, ids=named)
def test_the_neighbours_object_is_as_missing_as_one_that_never_was(
    route: Route, acme: Tenant, next_door: Tenant, owner: User, sign_in: Callable[[User], Browser]
) -> None:
    neighbour = next_door.memberships.get(role=Role.OWNER).user
    foreign = SAMPLES[places(route)[0]](next_door, neighbour)
    before = fingerprint(next_door)
    browser = sign_in(owner)
    for method in METHODS:
        theirs = answer(browser, method, url_of(route, acme, foreign))
        missing = answer(browser, method, url_of(route, acme, MISSING))
        assert theirs == missing, method
        assert theirs[0] in {404, 405}, method
        assert CANARY.encode() not in theirs[2]
    assert fingerprint(next_door) == before


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_no_page_of_the_neighbours_opens_or_tells_anything(
    route: Route, acme: Tenant, next_door: Tenant, owner: User, sign_in: Callable[[User], Browser]
) -> None:
    """The whole address is the neighbour's, and the caller has all rights, but elsewhere."""
    neighbour = next_door.memberships.get(role=Role.OWNER).user
    arguments = [SAMPLES[place](next_door, neighbour) for place in places(route)]
    url = reverse(route.name, args=[next_door.slug, *arguments])
    nowhere = reverse(route.name, args=["no-such-workspace", *arguments])
    before = fingerprint(next_door)
    browser = sign_in(owner)
    for method in METHODS:
        theirs = answer(browser, method, url)
        assert theirs == answer(browser, method, nowhere), method
        assert theirs[0] == 404
    assert fingerprint(next_door) == before


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_the_neighbours_ids_in_a_form_reach_nothing(
    route: Route, acme: Tenant, next_door: Tenant, owner: User, sign_in: Callable[[User], Browser]
) -> None:
    """Each field that could name an object names the neighbour's."""
    neighbour = next_door.memberships.get(role=Role.OWNER).user
    client, member = next_door.clients.get().pk, next_door.memberships.latest("pk").pk
    smuggled = {
        "name": "Aldgate",
        "status": "lead",
        "owner": neighbour.pk,
        "client": [client],
        "clients": [client],
        "confirmed": "on",
        "tenant": next_door.pk,
        "tenant_id": next_door.pk,
        "membership": member,
        "member": member,
        "user": neighbour.pk,
        "body": "x",
        "role": "viewer",
        "format": "csv",
    }
    own = [SAMPLES[place](acme, owner) for place in places(route)]
    url = reverse(route.name, args=[acme.slug, *own])
    before = fingerprint(next_door)
    browser = sign_in(owner)
    with transaction.atomic():
        response: Any = browser.post(url, smuggled)
        assert not acme.clients.filter(owner=neighbour).exists()
        assert not acme.notes.filter(client=client).exists()
        assert not acme.memberships.filter(user=neighbour).exists()
        assert fingerprint(next_door) == before
        transaction.set_rollback(True)
    assert CANARY.encode() not in (b"" if response.streaming else response.content)


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_no_page_at_home_shows_anything_of_the_neighbours(
    route: Route, acme: Tenant, next_door: Tenant, owner: User, sign_in: Callable[[User], Browser]
) -> None:
    own = [SAMPLES[place](acme, owner) for place in places(route)]
    status, headers, body = answer(
        sign_in(owner), "GET", reverse(route.name, args=[acme.slug, *own])
    )
    assert status < 500
    assert CANARY.lower().encode() not in body.lower()
    assert CANARY.lower() not in str(headers).lower()
