"""The worker's sign of life, which readiness looks for; `apps/core/health.py` judges it.

Celery tells of it in the worker's main process every two seconds, however busy the pool is.
"""

import time
from typing import Any

import structlog
from celery.signals import heartbeat_sent, worker_ready
from django.core.cache import cache
from redis.exceptions import RedisError

from apps.core.health import HEARTBEAT

EVERY = 10.0  # seconds
KEPT_FOR = 24 * 60 * 60  # seconds; long after it counts, so that an operator sees when it stopped

log = structlog.get_logger("slipway.ops")


class Heart:
    """Writes the time into the cache, at most every ten seconds."""

    def __init__(self) -> None:
        self.due = 0.0

    def beat(self, **kwargs: Any) -> None:
        """Write the time if it is due. A cache that is away is logged: work goes on without it."""
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + EVERY
        try:
            cache.set(HEARTBEAT, time.time(), timeout=KEPT_FOR)
        except (RedisError, OSError) as failure:
            log.warning("worker.heartbeat_not_written", reason=str(failure))


heart = Heart()
worker_ready.connect(heart.beat, weak=False)
heartbeat_sent.connect(heart.beat, weak=False)
