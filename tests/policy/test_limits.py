"""No way in, and nothing that sends mail or makes work, is without a limit; and each holds."""

import re
from typing import Any

import pytest
from allauth.account import app_settings
from allauth.core.internal.ratelimit import parse_rates
from django.conf import settings as django_settings

from apps.accounts.models import User
from apps.core.access import Plane
from apps.core.cache import redis_alone
from apps.core.limits import ACCOUNT, BOTH, HALFWAY, LIMITS, TYPED, WORKSPACE, By, Limit
from apps.core.surface import Route, routes
from apps.tenants.models import Tenant
from tests.config.processes import ROOT
from tests.conftest import Browser
from tests.policy.samples import url_of
from tests.policy.test_access import files

__all__ = ["files"]
ROUTES = {route.name: route for route in routes()}

# Outside of workspaces every route that takes a form has a limit, but for these.
EXEMPT = {
    "account_logout": "It ends one's own session.",
    "session_delete": "It ends one of one's own sessions.",
    "other_sessions_delete": "It ends one's own sessions.",
}
# In workspaces those have one that send mail or make work for others.
SENSITIVE = {
    "export_create",
    "import_create",
    "import_start",
    "import_trial_create",
    "import_undoing_create",
    "invitation_create",
    "invitation_resend",
    "ownership_transfer_create",
    "round_trip_create",
}
# What a form says, where whose account it is about is read from it.
FORM = {"login": "ada@example.com", "email": "ada@example.com"}
PAIRS = [(name, limit) for name, limits in LIMITS.items() for limit in limits]


def takes_forms(route: Route) -> bool:
    return route.access is not None and "POST" in route.access.methods


def is_tenants(route: Route) -> bool:
    return route.access is not None and route.access.plane is Plane.TENANT


def unlimited(found: list[Route]) -> list[str]:
    """The routes that should have a limit and have none."""
    missing = []
    for route in found:
        due = route.name in SENSITIVE if is_tenants(route) else takes_forms(route)
        if due and route.name not in {*LIMITS, *EXEMPT}:
            missing.append(route.name)
    return missing


def test_every_form_outside_of_workspaces_has_a_limit_and_in_them_those_that_make_work() -> None:
    assert unlimited([*ROUTES.values()]) == []


def test_a_new_way_to_sign_in_without_a_limit_is_found() -> None:
    invented = Route("accounts/phone/", "account_phone", ROUTES["account_login"].view)
    assert unlimited([invented]) == ["account_phone"]


def test_what_is_exempt_or_called_sensitive_is_there_and_needs_to_be_said() -> None:
    for name in EXEMPT:
        assert takes_forms(ROUTES[name])
        assert name not in LIMITS
    for name in SENSITIVE:
        assert is_tenants(ROUTES[name])


@pytest.mark.parametrize("name", LIMITS)
def test_a_line_is_about_a_route_that_is_there_and_takes_what_it_limits(name: str) -> None:
    route = ROUTES[name]
    assert route.access
    for limit in LIMITS[name]:
        assert set(limit.methods) & set(route.access.methods)
        assert re.fullmatch(r"[1-9]\d*/[1-9]?\d*[smhd]", limit.rate)
        assert limit.by is not WORKSPACE or is_tenants(route)


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if n in LIMITS])
def test_a_public_page_is_limited_by_address_and_looks_at_no_session_for_it(name: str) -> None:
    route = ROUTES[name]
    assert route.access
    if route.access.plane is not Plane.PUBLIC:
        return
    assert any(limit.by is By.ADDRESS for limit in LIMITS[name])
    if any(limit.by in {ACCOUNT, BOTH} for limit in LIMITS[name]):
        assert name in {*TYPED, *HALFWAY}


def test_whose_account_it_is_is_said_of_limited_routes_alone() -> None:
    for name in {*TYPED, *HALFWAY}:
        assert any(limit.by in {ACCOUNT, BOTH} for limit in LIMITS[name])


# Each limit is tried, up to its figure and one beyond


def browser_for(route: Route, user: User) -> Browser:
    """A browser that gets as far as the route's view."""
    browser = Browser()
    assert route.access
    if route.access.plane is not Plane.PUBLIC:
        browser.force_login(user)
    if route.name == "mfa_authenticate":
        session = browser.session
        session["account_login"] = {"user_pk": str(user.pk)}
        session.save()
        browser.cookies[django_settings.SESSION_COOKIE_NAME] = session.session_key
    return browser


def set_count(count: int) -> None:
    """Write the one count that there is."""
    redis = redis_alone()._cache.get_client()  # type: ignore[attr-defined]  # Django's own client
    (key,) = redis.keys(f"{django_settings.CACHES['default']['KEY_PREFIX']}:1:rl:*")
    redis.set(key, count, keepttl=True)


@pytest.mark.parametrize(
    ("name", "limit"), PAIRS, ids=[f"{name}-{limit.rate}-{limit.by.value}" for name, limit in PAIRS]
)
def test_a_limit_lets_its_figure_through_and_no_more(
    name: str, limit: Limit, acme: Tenant, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    route, figure = ROUTES[name], int(limit.rate.partition("/")[0])
    monkeypatch.setitem(LIMITS, name, (limit,))
    url, browser = url_of(route, acme, owner), browser_for(route, owner)

    def ask() -> Any:
        return browser.post(url, FORM)

    assert ask().status_code != 429
    set_count(figure - 1)
    assert ask().status_code != 429
    refused = ask()
    assert refused.status_code == 429
    assert refused["Retry-After"].isdigit()
    assert int(refused["Retry-After"]) >= 1


# The library behind, and the document


def test_the_limits_of_the_library_behind_are_never_the_first_to_answer() -> None:
    """A fixed window lets at most twice its figure through in any stretch of its length."""
    behind = {
        action: parse_rates(app_settings.RATE_LIMITS[action])
        for action in django_settings.ACCOUNT_RATE_LIMITS
    }
    ours = {
        "login": LIMITS["account_login"],
        "login_failed": LIMITS["account_login"][:2],
        "signup": LIMITS["account_signup"],
        "reset_password": LIMITS["account_reset_password"],
        "reset_password_from_key": LIMITS["account_reset_password_from_key"],
        "reauthenticate": LIMITS["account_reauthenticate"],
        "change_password": LIMITS["account_change_password"],
    }
    assert behind.keys() == ours.keys()
    for action, rates in behind.items():
        for rate, limit in zip(rates, ours[action], strict=False):
            (own,) = parse_rates(limit.rate)
            assert rate.amount >= 2 * own.amount
            assert rate.duration <= own.duration


def row_of(name: str) -> str:
    limits = [
        f"{limit.rate} by {limit.by.value}{f' ({limit.pool})' if limit.pool else ''}"
        for limit in LIMITS[name]
    ]
    return f"| `{name}` | {', '.join(limits)} |"


def test_the_documented_limits_are_those_in_force() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = page.partition("## Rate limits")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `\w+` \| .+ \|$", table, re.MULTILINE)
    assert rows == [row_of(name) for name in LIMITS]
