"""Every route of a workspace against the objects of the one next door, by every method.

Generated from the URLconf: wherever a path names an object, somebody with all rights at home puts
the neighbour's object there. It has to look just like an object that never was. And whatever is
asked for at home, with the neighbour's ids in the form or without, no answer, mail or file that
comes of it tells anything of the neighbour.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.core.surface import Route, routes
from apps.tenants.base import TenantModel
from apps.tenants.models import Invitation, Tenant
from apps.tenants.roles import Role
from dev.portal import Mailbox
from tests.conftest import Browser
from tests.policy.conftest import Building
from tests.policy.samples import MORE, SAMPLES, fields, own_url, places
from tests.policy.test_access import METHODS, files, named
from tests.policy.traces import Traces

__all__ = ["files"]
CANARY = "Canary-7f3a"
TELLING = (CANARY.lower().encode(), b"globex")  # the second is in the neighbour's addresses
MISSING = 9_000_000
TENANT_ROUTES = [route for route in routes() if route.access and route.access.role]
OBJECT_ROUTES = [route for route in TENANT_ROUTES if "<int:pk>" in route.path]
# What the tests below have something to search in; without it they would prove nothing.
SENDS_MAIL = {
    "export_create",
    "import_start",
    "invitation_create",
    "invitation_resend",
    "ownership_transfer_create",
    "round_trip_create",
}
WRITES_FILES = {"export_create", "import_create", "import_start", "import_trial_create"}


@pytest.fixture(scope="module")
def canaries(street: None, building: Building) -> None:
    """Globex has a canary wherever it keeps text, and one object of each kind."""
    with building():
        globex = Tenant.objects.get(slug="globex")
        owner = globex.memberships.get(role=Role.OWNER).user
        User.objects.filter(pk=owner.pk).update(name=CANARY)
        Tenant.objects.filter(pk=globex.pk).update(name=f"{CANARY} Ltd")
        by = globex.memberships.get(user=owner)
        Invitation.invite(f"{CANARY}@globex.example", Role.VIEWER, by=by)
        client = globex.clients.create(
            name=f"{CANARY} client",
            email=f"{CANARY.lower()}@globex.example",
            city=CANARY,
            owner=owner,
        )
        client.notes.create(tenant=globex, author=owner, body=f"{CANARY} note")
        client.archive(by=owner)


@pytest.fixture
def next_door(canaries: None, globex: Tenant) -> Tenant:
    return globex


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


@pytest.fixture
def traces(
    files: None, tmp_path: Path, mailbox: Mailbox, do_jobs: Callable[[], int]
) -> Callable[[], Traces]:
    """Begin to look for new mails and files; what waited before has gone by then."""
    return lambda: Traces(do_jobs, mailbox, tmp_path)


def told(left: dict[str, bytes]) -> list[str]:
    """By name, what tells of the neighbour."""
    return [name for name, content in left.items() if any(t in content.lower() for t in TELLING)]


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_the_neighbours_ids_in_a_form_reach_nothing(
    route: Route,
    acme: Tenant,
    next_door: Tenant,
    owner: User,
    sign_in: Callable[[User], Browser],
    *,
    traces: Callable[[], Traces],
) -> None:
    """Each field that could name an object names the neighbour's."""
    url = own_url(route, acme, by=owner)
    smuggled = fields(next_door)
    neighbour, client = smuggled["owner"], smuggled["client"][0]
    before, browser, left = fingerprint(next_door), sign_in(owner), traces()
    with transaction.atomic():
        response: Any = browser.post(url, smuggled)
        body = b"" if response.streaming else response.content
        assert told({"body": body, "headers": str(response.headers).encode(), **left.new()}) == []
        assert not acme.clients.filter(owner=neighbour).exists()
        assert not acme.notes.filter(client=client).exists()
        assert not acme.memberships.filter(user=neighbour).exists()
        assert fingerprint(next_door) == before
        transaction.set_rollback(True)


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_nothing_that_is_asked_for_at_home_tells_of_the_neighbour(
    route: Route,
    acme: Tenant,
    next_door: Tenant,
    owner: User,
    sign_in: Callable[[User], Browser],
    *,
    traces: Callable[[], Traces],
) -> None:
    """Answers, mails and files; and what is posted is good, or there would be none to search."""
    assert route.access
    url, browser = own_url(route, acme, by=owner), sign_in(owner)
    left, names = traces(), set()
    for method, more in [*((each, {}) for each in METHODS), *MORE.get(route.name, ())]:
        with transaction.atomic():
            data = {**fields(acme), **more} if method == "POST" else {}
            response: Any = getattr(browser, method.lower())(url, data)
            body = response.getvalue() if response.streaming else response.content
            found = {"body": body, "headers": str(response.headers).encode(), **left.new()}
            transaction.set_rollback(True)
        assert (leaks := told(found)) == [], f"{method} told of the neighbour: {leaks}"
        if method in route.access.methods:
            good = 302 if method == "POST" else 200
            assert response.status_code == good, f"{method} was refused: see fields in samples.py"
        names |= {name.split()[0] for name in found}
    assert ("mail" in names) == (route.name in SENDS_MAIL), "Correct SENDS_MAIL above"
    assert ("file" in names) == (route.name in WRITES_FILES), "Correct WRITES_FILES above"


def test_no_name_is_left_over_from_a_route_that_is_gone() -> None:
    assert {route.name for route in TENANT_ROUTES} >= SENDS_MAIL | WRITES_FILES | set(MORE)
