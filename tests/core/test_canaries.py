"""Secrets in every input of every route, and in careless code: none reaches a log or Sentry."""

from collections.abc import Callable, Iterator

import pytest
import sentry_sdk
from django.urls import get_resolver, reverse

from apps.accounts.models import User
from apps.core import redact
from apps.core.surface import routes
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.core.conftest import Log
from tests.world.sentry import Receiver

pytestmark = pytest.mark.django_db

# Each is told from the others, so that a failure says which way it came.
HEADERS = {
    "authorization": "Bearer canary-bearer",
    "x-api-key": "canary-api-key",
    "x-csrftoken": "canary-csrf-header",
    "referer": "https://testserver/invitations/canary-referer/",
}
COOKIES = {"__Host-csrf": "canary-csrf-cookie", "preferences": "canary-cookie"}
QUERY = {
    "token": "canary-query-token",
    "code": "canary-query-code",
    "signature": "canary-signature",
    "dsn": "postgresql://app:canary-dsn@db.example.com/slipway",
}
FIELDS = {
    "login": "ada@example.com",
    "email": "ada@example.com",
    "password": "canary-password",
    "password1": "canary-password-1",
    "password2": "canary-password-2",
    "oldpassword": "canary-old-password",
    "code": "canary-code",
    "token": "canary-token",
    "csrfmiddlewaretoken": "canary-csrf-field",
    "otp": "canary-otp",
}
PLAIN = {"pk": "1", "uidb36": "1", "kind": "clients"}


def addresses(tenant: Tenant) -> Iterator[str]:
    """The address of every named route, with a canary for each secret part of its path."""
    resolver = get_resolver()
    for name in sorted({route.name for route in routes() if route.name}):
        for possibilities, *_ in resolver.reverse_dict.getlist(name):
            for _, parameters in possibilities:
                yield reverse(name, kwargs={part: value_of(part, tenant) for part in parameters})


def value_of(part: str, tenant: Tenant) -> str:
    if part == "slug":
        return tenant.slug
    return f"canary-path-{part}" if redact.is_secret(part) else PLAIN.get(part, "1")


def plant(browser: Browser, path: str) -> None:
    """Ask for a path with canaries everywhere, and send them as a form."""
    browser.cookies.load(COOKIES)
    browser.get(path, QUERY, headers=HEADERS)
    browser.post(path, FIELDS, query_params=QUERY, headers=HEADERS)


def assert_silence(log: Log, sentry: Receiver, printed: str) -> None:
    """No canary was told anywhere."""
    sentry_sdk.flush(5)
    for told in (log.text, sentry.raw.decode(), printed):
        at = told.find("canary")
        assert at < 0, told[max(0, at - 300) : at + 60]


def test_no_route_tells_what_was_sent_to_it(
    acme: Tenant,
    sign_in: Callable[[User], Browser],
    log: Log,
    sentry: Receiver,
    capfd: pytest.CaptureFixture[str],
) -> None:
    owner = acme.memberships.get(role=Role.OWNER).user
    paths = list(addresses(acme))
    for path in paths:
        # Signed in each time anew, since one of the routes signs out.
        for browser in (Browser(), sign_in(owner)):
            browser.raise_request_exception = False
            plant(browser, path)
    assert any("canary-path-token" in path for path in paths)
    assert len(log.of("http.request")) == 4 * len(paths)
    inside = [line for line in log.of("http.request") if line.get("tenant") == acme.pk]
    assert {line["status"] for line in inside} >= {200, 404}
    assert_silence(log, sentry, "".join(capfd.readouterr()))


@pytest.mark.parametrize("path", ["/explosion/", "/explosion/canary-path-token/", "/talkative/"])
def test_careless_code_tells_nothing_either(
    troubled: Browser, log: Log, sentry: Receiver, capfd: pytest.CaptureFixture[str], path: str
) -> None:
    plant(troubled, path)
    assert "canary" not in log.text
    if path != "/talkative/":
        assert "RuntimeError" in log.text
        assert sentry.wait()
    assert_silence(log, sentry, "".join(capfd.readouterr()))
