"""The cache on Redis, and what stands in for it, in each process, while Redis is away.

What is kept here may be lost: counts of attempts, figures that can be computed again. What a tenant
keeps goes through `apps/tenants/caching.py`, whose keys carry the tenant.
"""

import threading
import time
from collections.abc import Callable, Iterable
from functools import cache as once
from typing import Any

import structlog
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

# A server that is full, loading or read-only refuses by errors of Redis' own, not of the network.
AWAY = (RedisError, OSError)

log = structlog.get_logger("slipway.cache")


class Breaker:
    """Whether a server is asked at all: one that failed is left alone for a while.

    Then one caller, and no other, tries again; so nobody waits for a dead server twice, and as
    soon as that one gets an answer all ask again. Each outage is logged once by each process.
    """

    PAUSE = 5.0  # seconds

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.ask_again_at = 0.0  # 0 while the server answers
        self.down_since = 0.0

    def turn(self) -> float | None:
        """A turn to ask the server, which goes back to `answered`; None for not now."""
        if not self.ask_again_at:
            return 0.0
        with self._lock:
            now = time.monotonic()
            if now < self.ask_again_at:
                return None
            self.ask_again_at = now + self.PAUSE
            return self.ask_again_at

    def answered(self, turn: float) -> None:
        """End the outage, if it was this turn's to find out; an older answer proves nothing."""
        if not turn:
            return
        with self._lock:
            if turn != self.ask_again_at:
                return
            self.ask_again_at = 0.0
            seconds = time.monotonic() - self.down_since
        log.warning("cache.up", down_seconds=round(seconds, 1))

    def failed(self, error: Exception) -> None:
        """Leave the server alone from now on; that it is away is an error, and so reported."""
        with self._lock:
            now = time.monotonic()
            begins, self.ask_again_at = not self.ask_again_at, now + self.PAUSE
            if begins:
                self.down_since = now
        if begins:
            log.error("cache.down", reason=str(error), asked_again_every=self.PAUSE)


@once
def breaker_of(url: str) -> Breaker:
    """The one breaker that all of a process' threads share for the server at `url`."""
    return Breaker()


def either(operation: str) -> Callable[..., Any]:
    """Make the method that asks Redis and, while Redis is away, the process' own memory."""

    def ask(self: "ResilientRedisCache", *args: Any, **kwargs: Any) -> Any:
        turn = self.breaker.turn()
        if turn is not None:
            try:
                answer = getattr(self.redis, operation)(*args, **kwargs)
            except AWAY as error:
                self.breaker.failed(error)
            except ValueError:  # nothing under this key to count up: an answer as well
                self.breaker.answered(turn)
                raise
            else:
                self.breaker.answered(turn)
                return answer
        return getattr(self.memory, operation)(*args, **kwargs)

    return ask


class ResilientRedisCache(BaseCache):
    """Redis, or for as long as it is away a memory of the process' own: CACHES["default"].

    No caller gets an exception because Redis is away, and none waits longer than one time-out of
    CACHES["default"]["OPTIONS"]. What processes then count, each counts for itself; what they
    kept in memory is not written to Redis later.
    """

    MEMORY = {"MAX_ENTRIES": 10_000}  # the least used go first

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.breaker = breaker_of(server)
        self.redis = RedisCache(server, params)
        self.memory = LocMemCache(f"beside {server}", {**params, "OPTIONS": self.MEMORY})

    add = either("add")
    get = either("get")
    set = either("set")
    touch = either("touch")
    delete = either("delete")
    has_key = either("has_key")
    incr = either("incr")  # and decr, which is made of it
    set_many = either("set_many")
    _get_many = either("get_many")
    _delete_many = either("delete_many")
    _clear = either("clear")

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self._get_many([*keys], version=version)
        return found

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        self._delete_many([*keys], version=version)

    def clear(self) -> None:
        """Empty both; what memory keeps of an outage is as much the cache's as the rest."""
        self.memory.clear()
        self._clear()


def redis_alone() -> BaseCache:
    """The cache with nothing to stand in for it, for those who ask whether Redis is there.

    Its methods raise RedisError or OSError while it is not.
    """
    cache = caches[DEFAULT_CACHE_ALIAS]
    return cache.redis if isinstance(cache, ResilientRedisCache) else cache
