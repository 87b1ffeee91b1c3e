"""The worker's heartbeat: written by a real worker, however busy it is, and never in its way."""

import time
from typing import Any

from celery.signals import heartbeat_sent, worker_ready
from django.core.cache import cache

from apps.core.health import HEARTBEAT
from apps.ops.heartbeat import EVERY, Heart, heart
from tests.core.conftest import Log
from tests.world.redis import running_redis


def test_celerys_signals_make_the_heart_beat() -> None:
    for signal in (worker_ready, heartbeat_sent):
        heart.due = 0.0
        cache.delete(HEARTBEAT)
        signal.send(sender=None)
        assert time.time() - cache.get(HEARTBEAT) < 5


def test_it_writes_at_most_every_ten_seconds() -> None:
    young = Heart(HEARTBEAT)
    young.beat()
    cache.delete(HEARTBEAT)
    young.beat()
    assert cache.get(HEARTBEAT) is None
    young.due -= EVERY
    young.beat()
    assert cache.get(HEARTBEAT) is not None


def test_a_cache_that_is_away_is_logged_and_nothing_more(settings: Any, log: Log) -> None:
    with running_redis() as redis:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": redis.url}}
        redis.stop()
        young = Heart(HEARTBEAT)
        young.beat()
        young.beat()
    (line,) = log.of("cache.down")
    assert line["level"] == "error"
    assert "refused" in line["reason"]
