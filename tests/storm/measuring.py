"""How long a request waits for the broker: whatever it asks Redis for, and each ring of the bell.

The time in which the system gave the thread no processor is taken off, as it tells it
(/proc/thread-self/schedstat): in a storm on two cores that is the machine's doing and not Redis's.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

WAITED, WAITED_IN_ALL = "X-Broker-Waited", "X-Broker-Waited-In-All"
SCHEDULER = Path("/proc/thread-self/schedstat")

# What the request of this thread has waited so far: less the scheduler's part, and in all.
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
        response[WAITED] = f"{sum(own for own, _ in waits):.4f}"
        response[WAITED_IN_ALL] = f"{sum(all_of_it for _, all_of_it in waits):.4f}"
        return response


def measure() -> None:
    """Measure the bell, and whatever waits for an answer of Redis."""
    from redis.connection import AbstractConnection

    from apps.jobs.bell import Bell

    Bell.ring = measured(Bell.ring)
    for name in ("connect", "send_packed_command", "can_read", "read_response"):
        setattr(AbstractConnection, name, measured(getattr(AbstractConnection, name)))


def measured(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose time counts for the request; what it calls is counted with it."""

    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        waits = _waits.get()
        if waits is None:
            return function(*args, **kwargs)
        token, begun, starved = _waits.set(None), time.perf_counter(), without_processor()
        try:
            return function(*args, **kwargs)
        finally:
            _waits.reset(token)
            took = time.perf_counter() - begun
            waits.append((max(0.0, took - (without_processor() - starved)), took))

    return timed


def without_processor() -> float:
    """For how many seconds this thread was ready to run and could not; 0 where nothing tells it."""
    try:
        return int(SCHEDULER.read_text().split()[1]) / 1e9
    except OSError:
        return 0.0
