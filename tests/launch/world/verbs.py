"""What can be broken of a launch: each verb makes a fault that lasts for a block, and undoes it."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.core.cache.backends.redis import RedisCache
from redis import Redis

from apps.launch.gathering.baseline import FILE
from tests.launch.world.launched import Known, World
from tests.launch.world.zones import NAMES
from tests.world.nameserver import EVERYTHING, TTL, Mood
from tests.world.tls import Issued

STRICT = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
Break = Callable[[World], AbstractContextManager[None]]
# What a fault leaves as it is in the sound launch, so that it need not be asked again.
KNOWN: dict[Break, Known] = {}


def beyond(broken: Break) -> Break:
    """The fault shows over the network alone."""
    KNOWN[broken] = Known.HERE
    return broken


def shown(broken: Break) -> Break:
    """The fault shows in what the servers show to whoever found them."""
    KNOWN[broken] = Known.BUT_PAGES
    return broken


def named(broken: Break) -> Break:
    """The fault shows in what name servers answer, and in what is asked by that."""
    KNOWN[broken] = Known.BUT_NAMES
    return broken


def filed(path: str, broken: Break) -> Break:
    """The fault shows in a file; one that is no code is read by few."""
    KNOWN[broken] = Known.NETWORK if path.endswith(".py") else Known.BUT_FILES
    return broken


def within(broken: Break) -> Break:
    """The fault shows in what is not asked over the network, and changes nothing that is."""
    KNOWN[broken] = Known.NETWORK
    return broken


def record(name: str, kind: str, *values: str, ttl: int = TTL) -> Break:
    """DNS has these values for a name in place of its own; without values it has none."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        records, key = world.dns.records, (name, kind)
        sound = records.get(key, [])
        records[key], world.dns.ttls[key] = list(values), ttl
        try:
            yield
        finally:
            records[key], world.dns.ttls[key] = sound, TTL

    return named(broken)


def mood(how: Mood, name: str = EVERYTHING) -> Break:
    """The name server treats what is asked of a name, or of all, in such a way."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        world.dns.moods[name] = how
        try:
            yield
        finally:
            del world.dns.moods[name]

    return beyond(broken)


def edge(old: str, new: str) -> Break:
    """nginx.conf has `new` in place of `old`."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        sound = world.edge.configuration
        assert old in sound, f"nginx.conf has no {old!r}"
        try:
            world.edge.reconfigure(sound.replace(old, new))
            yield
        finally:
            world.edge.reconfigure(sound)

    return shown(broken)


def pages(directives: str) -> Break:
    """nginx does this to every page of the portal."""
    return edge("# pages", directives)


def header(name: str, value: str = "") -> Break:
    """Pages come with this header in place of the portal's own, or without it."""
    instead = f' add_header {name} "{value}" always;' if value else ""
    return pages(f"proxy_hide_header {name};{instead}")


def policy(directive: str) -> Break:
    """Pages come with a policy that is strict but for one directive; the first of a name counts."""
    return header("Content-Security-Policy", f"{directive}; {STRICT}")


def static(directives: str) -> Break:
    """nginx does this to every static file."""
    return edge("# static", directives)


def paths(locations: str) -> Break:
    """nginx answers these paths of the portal by itself."""
    return edge("# paths", locations)


def certificate(make: Callable[[World], Issued]) -> Break:
    """The edge shows another certificate."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        sound = world.certificate
        world.show_certificate(make(world))
        try:
            world.edge.reconfigure(world.edge.configuration)
            yield
        finally:
            world.show_certificate(sound)
            world.edge.reconfigure(world.edge.configuration)

    return shown(broken)


def issued(*names: str, begins: float = -1, ends: float = 89, **how: Any) -> Break:
    """The edge shows a certificate of ours for `names`, by default all; days are from today."""
    now = datetime.now(UTC)
    return certificate(
        lambda world: world.authority.issue(
            *(names or NAMES),
            begins=now + timedelta(days=begins),
            ends=now + timedelta(days=ends),
            **how,
        )
    )


def variable(name: str, value: str | Callable[[World], str]) -> Break:
    """A variable has another value for launch_check."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        world.changed[name] = value if isinstance(value, str) else value(world)
        try:
            yield
        finally:
            del world.changed[name]

    return broken


def file(path: str, text: str, *, tracked: bool = True) -> Break:
    """A file of the fork holds this text."""
    return filed(path, lambda world: world.fork.with_file(path, text, tracked=tracked))


def change(path: str, old: str, new: str) -> Break:
    """A file of the fork has `new` in place of `old`."""
    return filed(path, lambda world: world.fork.with_change(path, old, new))


def plan(old: str, new: str) -> Break:
    """The launch plan has `new` in place of `old`."""
    return change("launch.toml", old, new)


def planned(key: str, value: str, after: str = "") -> Break:
    """A key of the launch plan, the first of its name (below a table), has another value."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        head, table, rest = world.fork.plan.read_text().rpartition(f"[{after}]")
        rest, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", rest, count=1, flags=re.M)
        assert count, f"launch.toml has no {key}"
        text = f"{head}{table}{rest}"
        with world.fork.with_file("launch.toml", text):
            yield

    return filed("launch.toml", broken)


def measured(**values: Any) -> Break:
    """The stored baseline says this in place of what it says of its measurement."""
    return rewritten(lambda stored: stored.update(values))


def costing(journey: str, *, before: Mapping[str, Any] | None = None, **values: Any) -> Break:
    """A journey of the stored baseline costs this, and cost that before."""

    def change(stored: dict[str, Any]) -> None:
        stored["journeys"][journey] |= values
        stored["previous"]["journeys"][journey] |= before or {}

    return rewritten(change)


def rewritten(change: Callable[[dict[str, Any]], None]) -> Break:
    """The stored baseline is changed in this way."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        path = world.fork.plan.with_name(FILE)
        stored = json.loads(path.read_text())
        change(stored)
        with world.fork.with_file(FILE, json.dumps(stored)):
            yield

    return filed(FILE, broken)


def accepting(id: str, until: str) -> Break:
    """The launch plan accepts one risk more."""
    return added(
        "launch.toml",
        f'[[accepted]]\nid = "{id}"\nreason = "later"\nowner = "Ada"\nuntil = {until}',
    )


def shared_with_staging(variable: str) -> Break:
    """Staging was given the value that production has."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.fork.with_file("launch.toml", world.fork.plan.read_text()):
            world.note_staging(**{variable: world.portal.environment()[variable]})
            yield

    return filed("launch.toml", broken)


def added(path: str, text: str) -> Break:
    """A file of the fork ends with this text."""
    return filed(
        path,
        lambda world: world.fork.with_file(
            path, (world.fork.folder / path).read_text() + f"\n{text}\n"
        ),
    )


def setting(line: str) -> Break:
    """Production's settings end with this line."""
    return added("config/settings/production.py", line)


def history(path: str, text: str) -> Break:
    """A file was committed, and removed again."""
    return filed(path, lambda world: world.fork.with_history(path, text))


def sql(statement: str, undo: str) -> Break:
    """The owner of the tables has said this to the database."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        url = world.portal.environment()["DATABASE_OWNER_URL"]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())
            try:
                yield
            finally:
                connection.execute(undo.encode())

    return within(broken)


def frozen(process: str, heartbeat: str, seconds: float = 300) -> Break:
    """A process of the Procfile hangs, and was heard of last so many seconds ago."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        assert world.portal.processes
        group = world.portal.processes.running[process].pid
        cache = RedisCache(world.portal.redis.url, {"KEY_PREFIX": "slipway:production"})
        os.killpg(group, signal.SIGSTOP)
        try:
            cache.set(heartbeat, time.time() - seconds)
            yield
        finally:
            cache.set(heartbeat, time.time())
            os.killpg(group, signal.SIGCONT)

    return within(broken)


def broker(name: str, value: str) -> Break:
    """A setting of the broker is another one."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with Redis.from_url(world.portal.redis.url) as redis:
            sound = redis.config_get(name)[name]
            redis.config_set(name, value)
            try:
                yield
            finally:
                redis.config_set(name, sound)

    return within(broken)


def both(*faults: Break) -> Break:
    """Several things at once, where one alone could not be."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with ExitStack() as stack:
            for each in faults:
                stack.enter_context(each(world))
            yield

    alike = {KNOWN.get(each) for each in faults}
    if len(alike) == 1 and (known := alike.pop()):
        KNOWN[broken] = known
    return broken
