"""Every route of the product, and everybody who might call it: the table of who may do what.

It is generated from the URLconf. A new route is in it as soon as it is routed, and fails until
its view declares its access and its objects have a sample in samples.py.
"""

from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from django.core.checks import run_checks
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.access import Access, Plane
from apps.core.surface import Route, routes
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser, new_user, seated
from tests.policy.conftest import Building, cookies_of
from tests.policy.samples import SAMPLES, own_url, owner_of, places, plain_url

TENANT_ROUTES = [route for route in routes() if route.access and route.access.role]
OTHER_ROUTES = [route for route in routes() if route.access and not route.access.role]
PLATFORM_ROUTES = [r for r in OTHER_ROUTES if r.access and r.access.plane is Plane.PLATFORM]
OUTSIDERS = ["outsider", "suspended", "staff", "anonymous"]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
GOOD = {200, 302, 400, 409, 422}  # 4xx: the form was empty, or the object in another state


def named(route: Route) -> str:
    return route.name


@pytest.fixture(scope="module")
def callers(street: None, building: Building) -> dict[str, int | None]:
    """Each who might call, by key: the four roles in Acme, and four who have none there."""
    with building():
        acme, globex = (Tenant.objects.get(slug=slug) for slug in ("acme", "globex"))
        callers: dict[str, int | None] = {"owner": owner_of(acme).user_id, "anonymous": None}
        for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
            callers[role.value] = seated(acme, role).user_id
        callers["outsider"] = owner_of(globex).user_id
        suspended = seated(acme, Role.OWNER, name="Suspended")
        acme.memberships.filter(pk=suspended.pk).update(suspended_at=timezone.now())
        staff = new_user("staff@slipway.example")
        User.objects.filter(pk=staff.pk).update(is_staff=True)
        Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={})
    return callers | {"suspended": suspended.user_id, "staff": staff.pk}


@pytest.fixture(scope="module")
def signed_in(callers: dict[str, int | None], building: Building) -> dict[str, SimpleCookie]:
    """All of them have signed in before the tests."""
    with building():
        return cookies_of(User.objects.filter(pk__in=filter(None, callers.values())))


@pytest.fixture
def people(callers: dict[str, int | None], db: None) -> dict[str, User | None]:
    found = User.objects.in_bulk(list(filter(None, callers.values())))
    return {who: found[pk] if pk else None for who, pk in callers.items()}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Any) -> None:
    """Keep the samples' files out of the way."""
    own = {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "default": own}


def ask(browser: Browser, method: str, url: str) -> int:
    """Send a request, undo what it did, return its status; 401 for being sent to sign in."""
    with transaction.atomic():
        response: Any = browser.generic(method, url)
        transaction.set_rollback(True)
    if response.streaming:
        response.getvalue()  # which closes the file
    to_sign_in = response.headers.get("Location", "").startswith(reverse("account_login"))
    return 401 if to_sign_in else response.status_code


def is_declared(method: str, declared: Access) -> bool:
    """Whether a view answers the method; HEAD comes with GET."""
    return ("GET" if method == "HEAD" else method) in declared.methods


def expected(who: str, method: str, declared: Access) -> set[int]:
    """The statuses that the declaration promises to this caller."""
    if who == "anonymous":
        return {401}
    if declared.plane is Plane.PLATFORM:
        if who != "staff":
            return {404}
        return GOOD if is_declared(method, declared) else {405}
    if who in OUTSIDERS:
        return {404}
    if not is_declared(method, declared):
        return {405}
    assert isinstance(declared.role, Role)
    return GOOD if Role(who).covers(declared.role) else {403}


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_a_route_answers_everybody_as_it_declares(
    route: Route, people: dict[str, User | None], acme: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    assert route.access
    wrong = []
    for who, user in people.items():
        browser = sign_in(user) if user else Browser()
        url = own_url(route, acme, by=people["owner"] if who in OUTSIDERS else user)
        for method in METHODS:
            status = ask(browser, method, url)
            if status not in (right := expected(who, method, route.access)):
                wrong.append(f"{who} {method} {url}: {status}, not {sorted(right)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("route", TENANT_ROUTES, ids=named)
def test_a_stranger_to_the_site_is_asked_to_sign_in_and_comes_back(
    route: Route, owner: User, acme: Tenant, anonymous: Browser
) -> None:
    url = own_url(route, acme, by=owner)
    back = urlencode({"next": url}, safe="/")
    assert anonymous.get(url).headers["Location"] == f"{reverse('account_login')}?{back}"


@pytest.mark.parametrize("route", OTHER_ROUTES, ids=named)
def test_a_page_outside_of_workspaces_asks_for_a_sign_in_only_if_it_declares_so(
    route: Route, anonymous: Browser, db: None
) -> None:
    url = plain_url(route)
    response: HttpResponse = anonymous.get(url)
    sent_away = response.status_code == 302 and "next=" in response.headers["Location"]
    assert route.access
    assert sent_away == (route.access.plane in {Plane.ACCOUNT, Plane.PLATFORM})


@pytest.mark.parametrize("route", PLATFORM_ROUTES, ids=named)
def test_a_page_of_the_platform_is_there_for_staff_alone(
    route: Route, people: dict[str, User | None], sign_in: Callable[[User], Browser]
) -> None:
    assert route.access
    wrong = []
    for who, user in people.items():
        browser = sign_in(user) if user else Browser()
        for method in METHODS:
            status = ask(browser, method, plain_url(route))
            if status not in (right := expected(who, method, route.access)):
                wrong.append(f"{who} {method} /{route.path}: {status}, not {sorted(right)}")
    assert not wrong, "\n".join(wrong)


def test_the_product_passes_its_own_start_up_checks(db: None) -> None:
    assert [each for each in run_checks() if str(each.id).startswith("slipway.")] == []


def test_no_sample_is_left_over_from_a_route_that_is_gone() -> None:
    used = {place for route in TENANT_ROUTES for place in places(route)}
    assert set(SAMPLES) - used == set()


def test_a_route_without_a_sample_fails_by_name() -> None:
    invented = Route("t/<slug:slug>/invoices/<int:pk>/", "invoice_detail", None)
    with pytest.raises(LookupError, match="invoices/<int:pk>"):
        own_url(invented, Tenant(slug="acme"), by=User())
