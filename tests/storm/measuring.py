"""How long a request waits for the broker: while it tells the workers, and for the cache.

What the machine took is taken off: the time for which the system had no processor for a thread of
this process, as it tells it. In a storm that is long, and no doing of Redis's. Both
figures are told.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

WAITED, WAITED_IN_ALL = "X-Broker-Waited", "X-Broker-Waited-In-All"
THREADS = Path("/proc/self/task")  # Linux tells; elsewhere nothing is taken off

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
    """From now on, measure every wait for Redis: the bell's, the cache's and the limits'."""
    from redis.connection import AbstractConnection

    from apps.jobs.bell import Bell

    Bell.ring_in_passing = measured(Bell.ring_in_passing)
    for name in ("connect", "send_packed_command", "can_read", "read_response"):
        setattr(AbstractConnection, name, measured(getattr(AbstractConnection, name)))


def measured(wait: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose time counts for the request; what it calls is counted with it."""

    @wraps(wait)
    def timed(*args: Any, **kwargs: Any) -> Any:
        waits = _waits.get()
        if waits is None:
            return wait(*args, **kwargs)
        token, begun, starved = _waits.set(None), time.perf_counter(), without_processor()
        try:
            return wait(*args, **kwargs)
        finally:
            _waits.reset(token)
            took = time.perf_counter() - begun
            waits.append((max(0.0, took - (without_processor() - starved)), took))

    return timed


def without_processor() -> float:
    """For how many seconds threads of this process were ready to run and could not, in all.

    All of them, since one that waits for Python's lock waits for whoever holds it.
    """
    nanoseconds = 0
    with suppress(OSError):
        for thread in THREADS.iterdir():
            with suppress(OSError):  # it has ended
                nanoseconds += int((thread / "schedstat").read_text().split()[1])
    return nanoseconds / 1e9
