"""Rehearses two workspaces in one transaction that is never committed, and asks every route.

The parts are the real ones: URLconf, middleware, views, templates, and the database as the
product's own role. Nothing stays and nothing leaves: what is asked for on commit never happens,
and cache, log and error reports are kept out of it. Where the last number given out is counted,
it may have moved on.
"""

import logging
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from uuid import UUID

import sentry_sdk
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.staticfiles.storage import StaticFilesStorage, staticfiles_storage
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection, connections, transaction
from django.test import Client
from sentry_sdk.client import NonRecordingClient

from apps.accounts.models import User
from apps.core.surface import TENANT_PREFIX, Route, routes
from apps.launch.facts.database import Database
from apps.launch.facts.rehearsal import Rehearsal
from apps.launch.facts.unasked import Skipped, Unasked, known
from apps.launch.gathering.database import asking_the_database
from apps.launch.gathering.made_up import CannotBeMadeUp, World, kind_of_transfer, text
from apps.tenants.models import Tenant
from apps.tenants.scope import outside
from apps.transfers.models import Export

FEW, MANY = 2, 20  # rows of everything, at which a page's queries are counted
PATIENCE = 15.0  # seconds that all of it may take; a database far away may be too slow for it
LOCK_PATIENCE = "500ms"  # for a table that is being altered; no row of anybody's is locked
# Numbers that no sequence has come to, and that fit the smallest usual key.
NUMBERS, APART = 1_900_000_000, 1000
TOLD = "LC-DATA-002, LC-MIG-003, LC-MIG-004 or LC-MIG-005"
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


def rehearsal(database: Database | Unasked) -> Rehearsal:
    """Rehearse, if the database answered before and has all tables. Raises Unasked."""
    if known(database).unapplied:
        raise Skipped(f"migrations wait, which {TOLD} tells")
    # In a context of its own, since the middleware clears what was bound.
    return copy_context().run(rehearse)


def rehearse() -> Rehearsal:
    with stage() as kept:
        first = NUMBERS + secrets.randbelow(200_000) * APART
        home, away = World(first), World(first + APART)
        home.grow(FEW)
        away.grow(FEW)
        play = Play(home, away, kept)
        play.cross()
        few = play.stay()
        if all(answer.status >= 500 for answer in few.values()) and not has_policy():
            raise Skipped("no page can be drawn without a policy, which LC-SEC-010 tells")
        play.grow(MANY)
        many = play.stay()
        return play.told(few, many)


def has_policy() -> bool:
    """Whether there is a Content-Security-Policy, whose nonce the pages' scripts carry."""
    library = getattr(settings, "CONTENT_SECURITY_POLICY", None) or {}
    return bool(getattr(settings, "SECURE_CSP", None) or library.get("DIRECTIVES"))


@contextmanager
def stage() -> Iterator[list[LocMemCache]]:
    """A connection and a transaction of its own, and caches, which it yields; no trace is left."""
    kept = [LocMemCache(f"rehearsal {alias}", {}) for alias in settings.CACHES]
    with asking_the_database() as own, ExitStack() as undo:
        undo.callback(connections.__setitem__, "default", connections["default"])
        connections["default"] = own
        for alias, own_cache in zip(settings.CACHES, kept, strict=True):
            undo.callback(caches.__setitem__, alias, caches[alias])
            caches[alias] = own_cache
            undo.callback(own_cache.clear)
        undo.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        undo.enter_context(sentry_sdk.new_scope()).set_client(NonRecordingClient())
        # A page is rehearsed also where its static files are yet to be collected.
        files: Any = staticfiles_storage
        undo.callback(setattr, files, "_wrapped", files._wrapped)
        files._wrapped = StaticFilesStorage()
        undo.enter_context(outside())
        with transaction.atomic():
            refuse_to_begin_in_vain()
            yield kept
            transaction.set_rollback(True)


def refuse_to_begin_in_vain() -> None:
    """Raise Unasked for a database that takes no rows; wait for no lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only')")
        if cursor.fetchone() == ("on",):
            raise Unasked("The database is read-only, so nothing can be rehearsed")
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'")


@dataclass(frozen=True)
class Answer:
    """The status of an answer, and how many queries it took."""

    status: int
    queries: int


@dataclass
class Play:
    """The owner of `home` asks; `crossed` has the answers to what belongs to `away`.

    `rows` is the savepoint at which the rows are there and no request has written anything.
    """

    home: World
    away: World
    kept: list[LocMemCache]
    rows: str = ""
    crossed: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    end: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def __post_init__(self) -> None:
        self.routes = [one for one in routes() if one.path.startswith(TENANT_PREFIX)]
        self.browser = browser_of(self.home.owner)
        self.rows = connection.savepoint() or ""

    def cross(self) -> None:
        """Ask for the other workspace, and at home for the other's rows, by each method."""
        for route in self.routes:
            try:
                paths = [path_of(route, self.away.tenant, self.away, self.home.owner)]
                if names_a_row(route):
                    paths.append(path_of(route, self.home.tenant, self.away, self.home.owner))
            except CannotBeMadeUp as reason:
                self.unknown[route.path] = str(reason)
                continue
            for method in route.access.methods if route.access else ():
                # As a program asks, for which no page has to be drawn.
                answers = [self.ask(method, path, "application/json").status for path in paths]
                self.crossed[method, route.path] = answers

    def stay(self) -> dict[str, Answer]:
        """Open every page at home, with rows of one's own; by the route's path."""
        return {
            route.path: self.ask(
                "GET", path_of(route, self.home.tenant, self.home, self.home.owner)
            )
            for route in self.routes
            if route.path not in self.unknown and is_page(route)
        }

    def ask(self, method: str, path: str, accept: str = "text/html") -> Answer:
        """One request; what it wrote is undone. Raises Unasked once all of it takes too long."""
        if time.monotonic() > self.end:
            raise Unasked(f"The rehearsal was not over within {PATIENCE:g} s")
        for cache in self.kept:
            cache.clear()
        said: list[str] = []

        def note(execute: Any, sql: str, *more: Any) -> Any:
            said.append(sql)
            return execute(sql, *more)

        with connection.execute_wrapper(note):
            response = self.browser.generic(method, path, secure=True, HTTP_ACCEPT=accept)
            if response.streaming:
                response.getvalue()  # which closes the file
        if response.status_code >= 500 or connection.needs_rollback or not all(map(reads, said)):
            connection.savepoint_rollback(self.rows)
            connection.set_rollback(False)
        return Answer(response.status_code, len(said))

    def grow(self, size: int) -> None:
        """Have more rows at home."""
        self.home.grow(size)
        self.rows = connection.savepoint() or ""

    def told(self, few: dict[str, Answer], many: dict[str, Answer]) -> Rehearsal:
        """What came of it."""
        closed = {
            path: f"one's own page answered {answer.status}"
            for path, answer in few.items()
            if answer.status >= 400
        }
        lacking = self.home.unmade | self.away.unmade
        return Rehearsal(
            asked=sum(map(len, self.crossed.values())),
            opened=tuple(
                f"{method} /{path}: {status}"
                for (method, path), statuses in self.crossed.items()
                for status in sorted({*statuses} - {404})
                if status < 500
            ),
            unproven={f"/{path}": why for path, why in self.unproven(few, closed)},
            pages={
                f"/{path}": (few[path].queries, answer.queries)
                for path, answer in many.items()
                if path not in closed and answer.status < 400
            },
            uncounted={
                **{f"/{path}": why for path, why in {**closed, **self.unknown}.items()},
                **lacking,
            },
        )

    def unproven(self, few: dict[str, Answer], closed: dict[str, str]) -> Iterator[tuple[str, str]]:
        """The routes whose 404 does not show that anything was held back."""
        yield from {**closed, **self.unknown}.items()
        found = {place_of(path) for path in few if path not in closed}
        for route in self.routes:
            statuses = [
                status
                for (_, path), answers in self.crossed.items()
                for status in answers
                if path == route.path
            ]
            if route.access is None:
                yield route.path, "it declares no access"
            elif any(status >= 500 for status in statuses):
                yield route.path, "it crashed"
            elif (
                set(statuses) == {404}
                and names_a_row(route)
                and not is_page(route)
                and place_of(route.path) not in found
                and not has_row(route, self.away)
            ):
                yield route.path, "nobody knows whether the row was there"


def browser_of(user: User) -> Client:
    """A browser in which the person is signed in, without the signals of a sign-in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    browser = Client(raise_request_exception=False, SERVER_NAME=settings.SITE_HOST)
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return browser


def reads(sql: str) -> bool:
    """Whether a statement writes nothing that would have to be undone."""
    return sql.lstrip(" (\n").upper().startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK TO"))


def is_page(route: Route) -> bool:
    return route.access is not None and "GET" in route.access.methods


def names_a_row(route: Route) -> bool:
    """Whether a path names a row of the workspace, and not just a kind of row."""
    own = PARAMETER.findall(route.path.removeprefix(TENANT_PREFIX))
    return any(name != "kind" for _, name in own)


def place_of(path: str) -> str:
    """A path up to the last row that it names: t/<slug:slug>/clients/<int:pk>."""
    return path[: path.rfind(">") + 1]


def has_row(route: Route, world: World) -> bool:
    """Whether a path names the workspace's rows as the workspace itself does: jobs, clients."""
    named = re.search(r"(\w+)/<[^>]+>$", place_of(route.path))
    relations = {one.get_accessor_name(): one.related_model for one in Tenant._meta.related_objects}
    return bool(named and world.rows.get(relations.get(named[1])))  # type: ignore[arg-type]  # None finds nothing


def path_of(route: Route, tenant: Tenant, world: World, by: User) -> str:
    """The address of the first row of `world` in `tenant`. Raises CannotBeMadeUp."""
    made = {"int": str(world.first), "uuid": str(UUID(int=world.first))}

    def fill(found: re.Match[str]) -> str:
        kind, name = found.groups()
        if name == "kind":
            return kind_of_transfer()
        return made.get(kind, text(world.first))

    rest = PARAMETER.sub(fill, route.path.removeprefix(TENANT_PREFIX))
    if any(sign in rest for sign in "()[]\\^$"):
        raise CannotBeMadeUp("its path is a regular expression")
    return f"/t/{tenant.slug}/{rest}{key_of(route, world, by)}"


def key_of(route: Route, world: World, by: User) -> str:
    """The key without which a route answers nobody, in a query string."""
    if route.name != "export_download" or not world.rows.get(Export):
        return ""
    _, _, query = world.rows[Export][0].link_for(by).partition("?")
    return f"?{query}"
