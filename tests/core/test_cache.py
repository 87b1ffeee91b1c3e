"""The cache while Redis runs, stops, hangs, fills up and comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from django.core.cache import cache, caches
from redis import Redis as Client

from apps.core import cache as module
from apps.core.cache import Breaker, ResilientRedisCache, redis_alone
from tests.core.conftest import Log
from tests.world.redis import Redis, count_askings, running_redis
from tests.world.sentry import Receiver

TIMEOUT = 0.25  # seconds: CACHES["default"]["OPTIONS"]


@pytest.fixture
def redis(settings: Any) -> Iterator[Redis]:
    """A Redis of this test's own, which the cache uses."""
    with running_redis() as server:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url}}
        yield server


def resilient() -> ResilientRedisCache:
    """This thread's cache."""
    current = caches["default"]
    assert isinstance(current, ResilientRedisCache)
    return current


def rest_is_over() -> None:
    """Let the time pass in which Redis is left alone."""
    resilient().breaker.ask_again_at -= Breaker.PAUSE


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def every_operation() -> list[object]:
    """What each operation answers, one after the other, on a cache that has none of the keys."""
    answers: list[object] = [
        cache.get("absent"),
        cache.get("absent", "instead"),
        cache.add("count", 1, 60),
        cache.add("count", 1, 60),
        cache.incr("count"),
        cache.decr("count", 2),
        cache.set("word", {"a": [1, None]}, 60),
        cache.get("word"),
        cache.touch("word", 30),
        cache.touch("absent", 30),
        cache.has_key("word"),
        "absent" in cache,
        cache.set_many({"one": 1, "two": "2"}, 60),
        cache.get_many(key for key in ("one", "two", "absent")),
        cache.delete("one"),
        cache.delete("one"),
        cache.delete_many(key for key in ("two", "absent")),
        cache.get_or_set("made", lambda: "now", 60),
        cache.get("made", version=2),
        cache.set("brief", 1, 0),
        cache.get("brief"),
        cache.set("kept", 1, None),
        cache.get("kept"),
    ]
    with pytest.raises(ValueError, match="absent"):
        cache.incr("absent")
    cache.clear()
    return [*answers, cache.get("word")]


def test_each_operation_answers_alike_with_redis_and_without(redis: Redis) -> None:
    with_redis = every_operation()
    assert "word" not in cache
    redis.stop()
    assert every_operation() == with_redis


def test_redis_has_what_is_kept_while_it_runs(redis: Redis) -> None:
    cache.set("word", "kept")
    assert redis_alone().get("word") == "kept"
    assert resilient().memory.get("word") is None


def test_threads_share_the_memory_that_stands_in(redis: Redis) -> None:
    redis.stop()
    cache.add("count", 0, 60)
    threads = [threading.Thread(target=cache.incr, args=["count"]) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get("count") == 20


@pytest.mark.parametrize("connected", [True, False])
def test_a_hung_redis_is_waited_for_once(
    redis: Redis, connected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connected:
        cache.set("word", "kept")
    askings = count_askings(monkeypatch)
    with redis.hung():
        waited = seconds(lambda: cache.get("word"))
        every_operation()
    assert len(askings) == 1
    assert waited < 2 * TIMEOUT  # once, with all that a busy machine adds


def test_keys_that_can_be_told_once_reach_the_memory_as_well(redis: Redis) -> None:
    with redis.hung():
        cache.set("word", "meanwhile")
        rest_is_over()
        assert cache.get_many(key for key in ["word"]) == {"word": "meanwhile"}
        rest_is_over()
        cache.delete_many(key for key in ["word"])
        assert "word" not in cache


def test_after_the_rest_one_caller_alone_tries_again(redis: Redis) -> None:
    redis.stop()
    cache.get("word")
    rest_is_over()
    breaker = resilient().breaker
    turns = [breaker.turn() for _ in range(5)]
    assert turns[0]
    assert turns[1:] == [None] * 4


def test_it_comes_back_to_redis_as_soon_as_one_had_an_answer(redis: Redis) -> None:
    cache.set("word", "before")
    with redis.hung():
        cache.get("word")
        cache.set("word", "meanwhile")
        assert cache.get("word") == "meanwhile"
    assert cache.get("word") == "meanwhile", "Redis is left alone for a while"
    rest_is_over()
    assert cache.get("word") == "before"
    assert resilient().breaker.ask_again_at == 0


def test_a_missing_key_is_an_answer_of_a_redis_that_is_back(redis: Redis) -> None:
    with redis.hung():
        cache.get("word")
    rest_is_over()
    with pytest.raises(ValueError, match="absent"):
        cache.incr("absent")
    assert resilient().breaker.ask_again_at == 0


def test_an_answer_to_a_question_of_before_the_last_failure_ends_no_outage() -> None:
    breaker = Breaker()
    early = breaker.turn()
    breaker.failed(ConnectionError("gone"))
    breaker.ask_again_at -= Breaker.PAUSE
    late = breaker.turn()
    breaker.failed(ConnectionError("gone"))
    for turn in (early, late):
        assert turn is not None
        breaker.answered(turn)
        assert breaker.turn() is None


def test_a_connection_that_redis_closed_in_between_is_no_outage(redis: Redis, log: Log) -> None:
    cache.set("word", "kept")
    with Client.from_url(redis.url) as other:
        other.client_kill_filter(_type="normal", skipme=True)
    assert cache.get("word") == "kept"
    assert not log.of("cache.down")


def test_a_redis_that_is_full_is_as_good_as_gone(redis: Redis) -> None:
    with Client.from_url(redis.url) as other:
        other.config_set("maxmemory", 1)
    assert cache.add("count", 1, 60)
    assert cache.incr("count") == 2


def test_an_outage_is_logged_once_as_an_error_and_its_end_once(redis: Redis, log: Log) -> None:
    with redis.hung():
        every_operation()
        rest_is_over()
        cache.get("word")
    rest_is_over()
    every_operation()
    (down,) = log.of("cache.down")
    (up,) = log.of("cache.up")
    assert (down["level"], down["logger"]) == ("error", "slipway.cache")
    assert "Timeout" in down["reason"]
    assert up["level"] == "warning"
    assert up["down_seconds"] >= 0


def test_the_next_outage_is_logged_again(redis: Redis, log: Log) -> None:
    for _ in range(2):
        with redis.hung():
            cache.get("word")
        rest_is_over()
        cache.get("word")
    assert len(log.of("cache.down")) == len(log.of("cache.up")) == 2


def test_an_outage_reaches_sentry(redis: Redis, sentry: Receiver) -> None:
    redis.stop()
    every_operation()
    sentry_sdk.flush(5)
    (event,) = sentry.events
    assert event["logentry"]["message"] == "cache.down"
    assert event["level"] == "error"


def test_clearing_empties_what_an_outage_left_in_memory(redis: Redis) -> None:
    with redis.hung():
        cache.set("word", "meanwhile")
    rest_is_over()
    cache.clear()
    assert resilient().memory.get("word") is None


def test_what_stands_in_keeps_the_latest_of_many_keys(redis: Redis) -> None:
    redis.stop()
    memory = resilient().memory
    assert memory._max_entries == ResilientRedisCache.MEMORY["MAX_ENTRIES"]


def test_asking_redis_alone_says_that_it_is_away(redis: Redis) -> None:
    redis.stop()
    with pytest.raises(module.AWAY):
        redis_alone().get("word")


@pytest.mark.parametrize("path", ["login", "signup", "password/reset"])
def test_people_sign_in_and_up_while_redis_is_away(
    path: str, redis: Redis, anonymous: Any, db: None
) -> None:
    redis.stop()
    filled = {
        "login": "ada@example.com",
        "email": "ada@example.com",
        "password": "wrong",
        "name": "A",
    }
    assert anonymous.post(f"/accounts/{path}/", filled).status_code in {200, 302}
