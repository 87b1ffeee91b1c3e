"""Hostile input against every route: refused or passed over, and never an error of ours.

Generated from the URLconf, so that a new route is attacked as soon as it is routed; what is sent
stands in hostile.py.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import chain
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.core.access import Plane
from apps.core.surface import TENANT_PREFIX, Route, routes
from apps.tenants.models import Tenant
from tests.conftest import Browser
from tests.policy import hostile
from tests.policy.hostile import LARGE, MANY, Body
from tests.policy.samples import url_of
from tests.policy.test_access import files, named
from tests.policy.test_matrix import fingerprint

__all__ = ["files"]
ROUTES = [route for route in routes() if route.access]
PLACE = re.compile(r"<[^>]+>|\([^)]+\)")  # of a path as path() or re_path() has it

# One of each kind: a page that looks at no session, forms of strangers and members, an upload.
DOORS = ["landing", "account_login", "workspace_create", "client_create", "import_create"]

# Whose refusals are no pages, so that they carry the request's ID in the header alone.
OWN_ANSWERS = {
    "readyz": "what fails, for a monitor; 503 is right where no worker works",
    "csp_report_create": "nothing: a browser reports and reads no answer",
    "invitation_accept": "a page of its own for a link that leads nowhere",
}


@dataclass(frozen=True)
class Attack:
    """One hostile request; `name` is its line in a table."""

    name: str
    method: str
    url: str
    sent: Mapping[str, Any] = field(default_factory=dict)


class Attacker:
    """Somebody who sends attacks and looks at what comes back."""

    def __init__(self, browser: Browser, tenant: Tenant) -> None:
        browser.raise_request_exception = False
        self.browser, self.tenant, self.cookies = browser, tenant, browser.cookies
        self.before, self.has_written = fingerprint(tenant), False

    def faults(self, route: Route, attacks: Iterable[Attack]) -> Iterator[str]:
        """What is wrong about the answers, each with the attack that found it."""
        for attack in attacks:
            self.browser.cookies = SimpleCookie(self.cookies)  # the last one may have signed out
            with transaction.atomic(), connection.execute_wrapper(self.watch):
                self.has_written = False
                response: Any = self.browser.generic(attack.method, attack.url, **attack.sent)
                refused = response.status_code >= 400
                changed = refused and self.has_written and fingerprint(self.tenant) != self.before
                transaction.set_rollback(True)
            wrong = "rows changed" if changed else self.fault(route, response)
            if wrong:
                yield f"{attack.method} {route.name}, {attack.name}: {wrong}"

    def watch(self, execute: Any, sql: str, *arguments: Any) -> Any:
        """Notice a statement that writes: only then is it worth comparing every row."""
        self.has_written |= sql.startswith(("INSERT", "UPDATE", "DELETE"))
        return execute(sql, *arguments)

    def fault(self, route: Route, response: Any) -> str:
        """What is wrong about an answer, or nothing."""
        status, mark = response.status_code, response.headers.get("X-Request-ID", "")
        body = response.getvalue() if response.streaming else response.content
        if status >= 500 and route.name != "readyz":
            return str(status)
        if b"Traceback" in body:
            return "a traceback"
        if len(mark) < 8:
            return "no request ID"
        # What django-allauth answers to a program is a form, with its errors field by field.
        own = route.name in OWN_ANSWERS or b'"form": {' in body
        return "" if status < 400 or own or mark.encode() in body else f"{status} without its ID"


@pytest.fixture(autouse=True)
def open_doors(settings: Any) -> None:
    """No limit on how often, so that each attack gets in; low ones on how much, to be quick."""
    settings.RATELIMIT_ENABLE = False
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = MANY - 1
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = MANY - 1
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = LARGE - 1


@pytest.fixture
def attackers(
    acme: Tenant, owner: User, sign_in: Callable[[User], Browser]
) -> Callable[[], list[Attacker]]:
    """Make an owner's attacker and a stranger's; to be called once the samples are made."""
    return lambda: [Attacker(sign_in(owner), acme), Attacker(Browser(), acme)]


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_hostile_words_are_refused_or_passed_over_and_never_an_error(
    route: Route, acme: Tenant, owner: User, attackers: Callable[[], list[Attacker]]
) -> None:
    url, faults = url_of(route, acme, by=owner), []
    for attacker in attackers():
        attacks = [by_path(route, url)]
        # Who is not signed in gets no further than to the sign-in, but on a public page.
        if attacker.cookies or (route.access and route.access.plane is Plane.PUBLIC):
            attacks += [by_query(route, url), by_header(route, url, hostile.MANNERS)]
            attacks += [by_body(route, url, hostile.FORMS, fields_of(attacker.browser, url))]
        faults += attacker.faults(route, chain(*attacks))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.name in DOORS], ids=named)
def test_what_is_hostile_before_it_reaches_a_view_does_not_reach_it(
    route: Route, acme: Tenant, owner: User, attackers: Callable[[], list[Attacker]]
) -> None:
    url, faults = url_of(route, acme, by=owner), []
    for attacker in attackers():
        attacks = chain(
            by_header(route, url, hostile.HEADERS),
            by_body(route, url, hostile.BODIES, hostile.NAMES),
            (Attack("an unusual method", method, url) for method in hostile.METHODS),
        )
        faults += attacker.faults(route, attacks)
    assert not faults, "\n".join(faults)


def methods(route: Route) -> tuple[str, ...]:
    return route.access.methods if route.access else ()


def by_query(route: Route, url: str) -> Iterator[Attack]:
    path = url.partition("?")[0]
    for name, query in hostile.QUERIES.items():
        yield Attack(name, methods(route)[0], path, {"QUERY_STRING": query})


def by_header(route: Route, url: str, lines: Mapping[str, Mapping[str, str]]) -> Iterator[Attack]:
    for name, headers in lines.items():
        yield Attack(name, methods(route)[-1], url, headers)


def by_body(
    route: Route, url: str, lines: Mapping[str, Body], names: list[str]
) -> Iterator[Attack]:
    for name, body in lines.items() if "POST" in methods(route) else ():
        sent = {"data": body.sent(names), "content_type": body.kind, **body.headers}
        yield Attack(name, "POST", url, sent)


def by_path(route: Route, url: str) -> Iterator[Attack]:
    """The route's own address, with something hostile in the place of its object."""
    *_, place = PLACE.findall(route.path) or [""]
    for name, instead in hostile.PLACES.items() if place else ():
        path = f"/{PLACE.sub('1', route.path.replace(place, instead))}"
        if route.path.startswith(TENANT_PREFIX) and place not in TENANT_PREFIX:
            path = url[: url.index("/", len("/t/"))] + path[len("/t/1") :]
        yield Attack(name, methods(route)[0], path)


def fields_of(browser: Browser, url: str) -> list[str]:
    """The names of the fields that the page itself sends, and those that views read."""
    with transaction.atomic():
        page: Any = browser.get(url)
        html = b"".join(page) if page.streaming else page.content
        transaction.set_rollback(True)
    own = re.findall(r'<(?:input|select|textarea)[^>]* name="([\w-]+)"', html.decode())
    return sorted({*own, *hostile.NAMES} - {"csrfmiddlewaretoken"})
