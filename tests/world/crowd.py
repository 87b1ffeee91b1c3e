"""Ten workspaces, a person in each, rows that carry a canary, and their thousand requests at once.

Each answer has to show its own workspace's canary and none of the other nine's.
"""

import json
import random
import secrets
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import psycopg
from django.conf import settings
from django.db import transaction
from django.test import Client as Browser

from apps.accounts.models import User
from apps.clients.models import Client
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope

PEOPLE, CLIENTS, THREADS = 10, 6, 8
# How often each person does what; a note is two requests, the form and the page that it leads to.
VISITS = {"list": 20, "search": 20, "detail": 20, "note": 20}
BATCH = 20  # requests on one kept-alive connection
# What row-level security shows to whoever comes without a tenant, and what the last one left.
PEEP = """
SELECT coalesce(current_setting('slipway.tenant', true), ''),
       coalesce(current_setting('slipway.platform', true), ''),
       (SELECT count(*) FROM clients_client)
"""
NOTHING = ("", "", 0)
PEEPHOLE = "/peephole"  # where a site tells it, if it has one
ROWS = """
SELECT slug, text FROM (
    SELECT tenant_id, name AS text FROM clients_client
    UNION ALL SELECT tenant_id, body FROM clients_note
) AS rows JOIN tenants_tenant ON tenants_tenant.id = tenant_id
"""


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, their workspace, and the word that stands in its rows alone."""

    slug: str
    canary: str
    clients: list[int]
    session: str
    csrf: str


def found_crowd() -> list[Person]:
    """Found the workspaces and sign a person in to each."""
    return [found(f"Workspace {number}") for number in range(PEOPLE)]


def found(name: str) -> Person:
    """Found a workspace with clients; its name and address say nothing of the canary."""
    canary, browser = f"canary{secrets.token_hex(6)}", Browser()
    user = User.objects.create_user(f"{secrets.token_hex(6)}@example.com", name="Ada")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    tenant = Tenant.objects.found(name=name, owner=user)
    with transaction.atomic(), tenant_scope(tenant):
        kept = tenant.clients.bulk_create(
            Client(tenant=tenant, name=f"Harbour {number} {canary}") for number in range(CLIENTS)
        )
    browser.force_login(user)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return Person(tenant.slug, canary, [one.pk for one in kept], session, secrets.token_hex(16))


def tell_crowd() -> str:
    """Found them, and tell who they are; for a command on another database than the suite's."""
    return json.dumps([asdict(person) for person in found_crowd()])


def hear_crowd(told: str) -> list[Person]:
    """What `tell_crowd` told."""
    return [Person(**about) for about in json.loads(told)]


@dataclass(frozen=True)
class Site:
    """A running site: how it is connected to, and its address."""

    connect: Callable[[], HTTPConnection]
    url: str


class Line:
    """A kept-alive connection that different people speak over."""

    def __init__(self, connection: HTTPConnection, url: str, crowd: list[Person]) -> None:
        self.connection, self.url, self.crowd = connection, url, crowd
        self.requests = 0

    def visit(self, person: Person, what: str, number: int) -> None:
        """Do one thing as a person. Raises AssertionError where the answer is not theirs alone."""
        home = f"/t/{person.slug}/clients/"
        client = f"{home}{person.clients[number % CLIENTS]}/"
        if what == "note":
            said = f"Note {number} of {person.canary}"
            status, target, _ = self.ask(person, f"{client}notes/", body=said)
            assert (status, target) == (302, client)
            assert said in self.read(person, client)
        else:
            self.read(person, {"list": home, "search": f"{home}?q=harbour", "detail": client}[what])

    def read(self, person: Person, path: str) -> str:
        """Read a page, which has to show the person's rows and nobody else's."""
        status, _, page = self.ask(person, path)
        assert status == 200, f"{path}: {status}"
        assert [one.slug for one in self.crowd if one.canary in page] == [person.slug]
        return page

    def ask(self, person: Person, path: str, *, body: str = "") -> tuple[int, str, str]:
        """Send a request, a POST if it has a body; return status, Location and page."""
        self.requests += 1
        cookies = {
            settings.SESSION_COOKIE_NAME: person.session,
            settings.CSRF_COOKIE_NAME: person.csrf,
        }
        headers = {
            "Host": urlsplit(self.url).netloc,
            "Origin": self.url,
            "X-Forwarded-Proto": "https",
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = urlencode({"csrfmiddlewaretoken": person.csrf, "body": body}) if body else None
        self.connection.request("POST" if body else "GET", path, form, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.getheader("Location", ""), answer.read().decode()


def send_crowd(crowd: list[Person], site: Site, peep: Callable[[], object]) -> None:
    """Let all of them do all of it, shuffled, over connections and threads that they share.

    `peep` comes without a tenant in between, and has to find nothing. Raises AssertionError.
    """
    todo = [
        (person, what, number)
        for person in crowd
        for what, times in VISITS.items()
        for number in range(times)
    ]
    random.Random(1).shuffle(todo)
    batches = [todo[start : start + BATCH] for start in range(0, len(todo), BATCH)]

    def work(batch: list[tuple[Person, str, int]]) -> int:
        with closing(site.connect()) as connection:
            line = Line(connection, site.url, crowd)
            for turn, (person, what, number) in enumerate(batch):
                line.visit(person, what, number)
                if turn % 4 == 0:
                    assert peep() == NOTHING
            return line.requests

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(work, batches)) == 1000


def rows_by_slug(database: str) -> dict[str, list[str]]:
    """The text of each workspace's clients and notes."""
    found = defaultdict(list)
    with psycopg.connect(database, options="-c slipway.platform=on") as connection:
        for slug, text in connection.execute(ROWS):
            found[slug].append(text)
    return found
