"""How long a request waits for the broker: for each connection and each answer that it waits for.

None of these waits is longer by the broker's doing than the time-out of its socket. What is longer
the thread waited for a processor, or for Python's lock, whose holder waited for one: in a storm on
two cores that is the machine's doing. Both are told, with and without.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from operator import attrgetter
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

WAITED, WAITED_IN_ALL = "X-Broker-Waited", "X-Broker-Waited-In-All"
# Of this very thread: for how long it ran and, second, for how long it could have and did not.
SCHEDULER = Path("/proc/thread-self/schedstat")

# What the request of this thread has waited so far: by the broker's doing, and in all.
_waits: ContextVar[list[tuple[float, float]] | None] = ContextVar("waits", default=None)


class BrokerTimeMiddleware:
    """Say in two headers how many seconds a request waited for Redis."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        waits: list[tuple[float, float]] = []
        token = _waits.set(waits)
        try:
            response = self.get_response(request)
        finally:
            _waits.reset(token)
        response[WAITED] = f"{sum(brokers for brokers, _ in waits):.4f}"
        response[WAITED_IN_ALL] = f"{sum(all_of_it for _, all_of_it in waits):.4f}"
        return response


def measure() -> None:
    """From now on, measure every wait for Redis: the cache's, the limits' and the bell's."""
    from redis.connection import AbstractConnection, Connection

    Connection._connect = measured(Connection._connect, "socket_connect_timeout")
    AbstractConnection.read_response = measured(AbstractConnection.read_response, "socket_timeout")


def measured(wait: Callable[..., Any], limit: str) -> Callable[..., Any]:
    """The method of a connection that waits for the server, for its `limit` at most."""
    limit_of = attrgetter(limit)

    @wraps(wait)
    def timed(connection: Any, *args: Any, **kwargs: Any) -> Any:
        waits = _waits.get()
        if waits is None:
            return wait(connection, *args, **kwargs)
        begun, starved = time.perf_counter(), without_processor()
        try:
            return wait(connection, *args, **kwargs)
        finally:
            took = time.perf_counter() - begun
            own = max(0.0, took - (without_processor() - starved))
            waits.append((min(own, limit_of(connection) or own), took))

    return timed


def without_processor() -> float:
    """For how many seconds this thread was ready to run and could not; 0 where nothing tells it."""
    try:
        return int(SCHEDULER.read_text().split()[1]) / 1e9
    except OSError:
        return 0.0
