"""The signs of life of worker and scheduler; `apps/core/health.py` judges them.

Celery tells of the worker's in its main process every two seconds, however busy the pool is. The
scheduler's is that it sends a task, which it does every fifteen.
"""

import time
from typing import Any

from celery.signals import after_task_publish, beat_init, heartbeat_sent, worker_ready
from django.core.cache import cache

from apps.core.health import HEARTBEAT, SCHEDULER_HEARTBEAT

EVERY = 10.0  # seconds
KEPT_FOR = 24 * 60 * 60  # seconds; long after it counts, so that an operator sees when it stopped


class Heart:
    """Writes the time into the cache, at most every ten seconds; `key` says whose heart it is."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.due = 0.0

    def beat(self, **kwargs: Any) -> None:
        """Write the time if it is due; while Redis is away, the process' memory takes it."""
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + EVERY
        cache.set(self.key, time.time(), timeout=KEPT_FOR)


heart = Heart(HEARTBEAT)
worker_ready.connect(heart.beat, weak=False)
heartbeat_sent.connect(heart.beat, weak=False)

scheduler_heart = Heart(SCHEDULER_HEARTBEAT)


@beat_init.connect
def listen_to_the_scheduler(**kwargs: Any) -> None:
    """Have each task that this process sends count; elsewhere it says nothing of a schedule."""
    scheduler_heart.beat()
    after_task_publish.connect(scheduler_heart.beat, weak=False)
