"""Liveness and readiness: whether the process runs, and whether what it needs is there.

`/healthz` asks nobody. `/readyz` asks the database, the migrations, the cache, the broker and the
worker's heartbeat, all at once and each in a thread of its own, so that a server that hangs costs
its own check and not the answer.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from celery import current_app
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.core import redact
from apps.core.access import Plane, access
from apps.core.cache import redis_alone

# The cache keys under which apps/ops keeps when the two were last heard of.
HEARTBEAT = "worker-heartbeat"
SCHEDULER_HEARTBEAT = "scheduler-heartbeat"
HEARTBEAT_MAX_AGE = 60.0  # seconds
DEADLINE = 0.8  # seconds that all checks together may take

log = structlog.get_logger("slipway.health")


class NotReady(Exception):
    """A check's own word for what is wrong."""


class Attempt(threading.Thread):
    """One run of a check; `error` is empty once it went well, `ms` is how long it took."""

    def __init__(self, check: Callable[[], None]) -> None:
        # A daemon, because a check that hangs must not hold up the end of the process.
        super().__init__(daemon=True, name=f"readiness-{check.__name__}")
        self.check = check
        self.error = "timed out"
        self.began, self.ended = time.monotonic(), 0.0

    def run(self) -> None:
        error = ""
        try:
            self.check()
        except Exception as failure:  # whatever a driver raises, its server is not ready
            error = redact.text(str(failure)) or type(failure).__name__
        self.ended = time.monotonic()
        self.error = error

    @property
    def ms(self) -> float:
        return round(((self.ended or time.monotonic()) - self.began) * 1000, 1)


class Probe:
    """A check that runs once at a time, so that hung ones cannot pile up.

    A good answer stands for `good_for` seconds: no limit protects `/readyz`, so it has to be cheap.
    """

    def __init__(self, check: Callable[[], None], *, good_for: float = 1.0) -> None:
        self.check, self.good_for = check, good_for
        self._lock = threading.Lock()
        self._latest: Attempt | None = None

    def begin(self) -> Attempt:
        """Run the check, or join the run that is under way or still stands."""
        with self._lock:
            latest = self._latest
            if latest is not None and (latest.is_alive() or self._stands(latest)):
                return latest
            self._latest = Attempt(self.check)
            self._latest.start()
            return self._latest

    def _stands(self, attempt: Attempt) -> bool:
        return not attempt.error and time.monotonic() < attempt.ended + self.good_for


@contextmanager
def new_connection() -> Iterator[BaseDatabaseWrapper]:
    """A new connection to the database that is given up soon; a thread's first is its own."""
    connection = connections["default"]
    options = {**connection.settings_dict.get("OPTIONS", {}), "connect_timeout": 1, "pool": None}
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}
    try:
        yield connection
    finally:
        connection.close()


def database() -> None:
    """Raise unless the database answers a query."""
    with new_connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations() -> None:
    """Raise unless the tables are those that this code expects."""
    with new_connection() as connection:
        loader = MigrationLoader(connection)
    missing = set(loader.graph.leaf_nodes()) - set(loader.applied_migrations)
    if missing:
        raise NotReady("not applied: " + ", ".join(sorted(".".join(node) for node in missing)))


def cache_round_trip() -> None:
    """Raise unless Redis itself gives back what it was given."""
    key, value = f"readiness-{secrets.token_hex(8)}", secrets.token_hex(8)
    cache = redis_alone()
    cache.set(key, value, timeout=5)
    if cache.get(key) != value:
        raise NotReady("the cache did not keep a value")


def broker() -> None:
    """Raise unless the queue's broker answers."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.close()  # opening the channel asked the broker


def worker() -> None:
    """Raise unless a worker showed signs of life in the last minute."""
    hear(HEARTBEAT)


def scheduler() -> None:
    """Raise unless the scheduler did; no request needs it, so readiness does not ask."""
    hear(SCHEDULER_HEARTBEAT)


def hear(key: str) -> None:
    """Raise unless the heartbeat kept under `key` is of the last minute."""
    beaten = redis_alone().get(key)
    if beaten is None:
        raise NotReady("no heartbeat")
    age = time.time() - beaten
    if age > HEARTBEAT_MAX_AGE:
        raise NotReady(f"the last heartbeat was {age:.0f} s ago")


def probes() -> dict[str, Probe]:
    """What readiness asks, by name."""
    return {
        "database": Probe(database),
        "migrations": Probe(migrations, good_for=5.0),
        "cache": Probe(cache_round_trip),
        "broker": Probe(broker),
        "worker": Probe(worker),
    }


PROBES = probes()


def ask_all(probes: dict[str, Probe]) -> dict[str, Attempt]:
    """Run all checks at once and wait for them until the deadline; a hung one has timed out."""
    deadline = time.monotonic() + DEADLINE
    attempts = {name: probe.begin() for name, probe in probes.items()}
    for attempt in attempts.values():
        attempt.join(max(0.0, deadline - time.monotonic()))
    return attempts


@access(Plane.PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive, and which release it is."""
    return answer({"status": "ok", "release": settings.RELEASE}, 200)


@access(Plane.PUBLIC)
def readyz(request: HttpRequest) -> HttpResponse:
    """All that requests need is there, or 503 and what is not; figures for the operator alone."""
    attempts = ask_all(PROBES)
    errors = {name: attempt.error for name, attempt in attempts.items() if attempt.error}
    if errors:
        log.warning("readiness.failed", errors=errors)
    told: dict[str, object] = {"status": "unavailable" if errors else "ok", "failed": [*errors]}
    if is_operator(request):
        told["release"] = settings.RELEASE
        told["checks"] = {
            name: {"ok": name not in errors, "ms": attempt.ms, "error": errors.get(name, "")}
            for name, attempt in attempts.items()
        }
    return answer(told, 503 if errors else 200)


def is_operator(request: HttpRequest) -> bool:
    """Whether the request carries the operator's token; the time that a no takes tells nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    right = secrets.compare_digest(token.strip().encode(), settings.OPERATOR_TOKEN.encode())
    return right and scheme.lower() == "bearer"


def answer(told: dict[str, object], status: int) -> HttpResponse:
    response = JsonResponse(told, status=status, headers={"Cache-Control": "no-store"})
    response["Content-Length"] = str(len(response.content))
    return response
