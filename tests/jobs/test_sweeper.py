"""How jobs are woken, and what the sweeper makes of those that were not."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import transaction
from django.utils import timezone

from apps.core.cache import Breaker, breaker_of
from apps.jobs import tasks
from apps.jobs.bell import bell
from apps.jobs.models import Job
from apps.jobs.registry import Lane
from apps.jobs.tasks import sweep
from apps.tenants.models import Tenant
from config.celery import app
from tests.jobs.conftest import on_record
from tests.world.delayed import Delayed
from tests.world.redis import count_askings, running_redis
from tests.world.waiting import wait_until

BUDGET = 0.3  # seconds that a request may wait for Redis


@pytest.fixture(autouse=True)
def forgotten_outages() -> None:
    """No outage of an earlier test on the same port, and no request that is under way."""
    breaker_of.cache_clear()
    bell.allowance.end()


@pytest.fixture
def broker_at() -> Iterator[Callable[[int], None]]:
    """Point the queue at another port of loopback."""
    before = app.conf.broker_url

    def point(port: int) -> None:
        app.conf.broker_url = f"redis://127.0.0.1:{port}/0"

    yield point
    app.conf.broker_url = before


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def hung_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        yield server.getsockname()[1]


def messages() -> int:
    """How many messages wait in the broker."""
    with app.connection_for_read() as connection:
        return connection.default_channel._size(app.conf.task_default_queue)


def let_pass(job: Job, **times: timedelta) -> None:
    """Put moments of the job into the past."""
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(**{name: now - past for name, past in times.items()})


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_told_once_the_job_is_committed_and_not_before() -> None:
    with transaction.atomic():
        Job.ask("tests.any")
        assert messages() == 0
    assert messages() == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_transaction_is_rolled_back_was_never_asked_for() -> None:
    with transaction.atomic():
        Job.ask("tests.any")
        transaction.set_rollback(True)
    assert (messages(), Job.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("port", ["closed_port", "hung_port"])
def test_asking_costs_little_while_the_broker_is_away_and_the_sweeper_finds_the_job(
    port: str, broker_at: Callable[[int], None], request: pytest.FixtureRequest
) -> None:
    working = app.conf.broker_url
    broker_at(request.getfixturevalue(port))
    request_started.send(sender=None)
    with transaction.atomic():
        jobs = [Job.ask("tests.any") for _ in range(3)]
        begun = time.perf_counter()
    took = time.perf_counter() - begun
    app.conf.broker_url = working
    assert took < 2 * BUDGET  # one wait of three, with all that a busy machine adds
    assert {on_record(job).state for job in jobs} == {Job.State.QUEUED}
    assert messages() == 0
    for job in jobs:
        let_pass(job, wake_after=timedelta(seconds=1))
    sweep()
    assert messages() == 3


def test_a_silenced_bell_is_rung_again_after_its_rest(
    broker_at: Callable[[int], None],
) -> None:
    with running_redis() as redis:
        broker_at(redis.server.port)
        with redis.hung():
            assert not bell.ring(1)
        assert not bell.ring(1), "Redis is back, but is left alone for a while"
        breaker_of(redis.url).ask_again_at -= Breaker.PAUSE
        assert bell.ring(1)


def test_a_request_that_uses_cache_and_queue_waits_for_redis_once(
    broker_at: Callable[[int], None], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_redis() as redis:
        broker_at(redis.server.port)
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": redis.url}}
        with redis.hung():
            cache.get("figures")
            assert not bell.ring(1)
            askings = count_askings(monkeypatch)
            breaker_of(redis.url).ask_again_at -= Breaker.PAUSE
            assert not bell.ring(1)
            cache.get("figures")
            assert len(askings) == 1


@pytest.fixture
def slow_port() -> Iterator[int]:
    """A port whose every answer takes almost as long as is waited for."""
    with running_redis() as redis, Delayed(redis.server.port, 0.06) as delayed:
        yield delayed.port


def test_a_hundred_jobs_asked_in_one_request_hold_it_up_for_one_wait_even_by_a_slow_broker(
    broker_at: Callable[[int], None], slow_port: int
) -> None:
    broker_at(slow_port)
    request_started.send(sender=None)
    begun = time.perf_counter()
    for number in range(100):
        bell.ring_in_passing(number)
    asked = time.perf_counter() - begun
    request_finished.send(sender=None)
    assert asked < 2 * BUDGET  # as above, and far from a hundred times 0.06 s
    wait_until(lambda: bell.ring(1), "Outside of a request there is no hurry")


def test_a_sweep_does_not_fill_a_broker_that_nobody_reads(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FILL", 4)
    Job.objects.bulk_create(Job(kind="tests.any") for _ in range(10))
    sweep()
    assert messages() == 4
    sweep()
    assert messages() == 5, "One is always told of, or else one alone could wait for ever"


def test_a_sweep_tells_of_few_bulk_jobs_since_few_can_run(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Job, "FEW", 2)
    Job.objects.bulk_create(Job(kind="tests.any", lane=Lane.BULK.value) for _ in range(5))
    sweep()
    assert messages() == 2


def test_a_sweep_leaves_jobs_to_the_next_one_while_the_broker_is_away(
    db: None, broker_at: Callable[[int], None], closed_port: int
) -> None:
    Job.objects.bulk_create([Job(kind="tests.any")])
    working = app.conf.broker_url
    broker_at(closed_port)
    sweep()
    app.conf.broker_url = working
    sweep()
    assert messages() == 1


def test_the_sweeper_leaves_alone_whom_it_or_the_asker_has_just_woken(db: None) -> None:
    job = Job.ask("tests.any")
    sweep()
    assert messages() == 0, "It was asked for a moment ago"
    let_pass(job, wake_after=timedelta(seconds=1))
    sweep()
    sweep()
    assert messages() == 1


def test_the_sweeper_wakes_a_retry_when_it_is_due(db: None) -> None:
    job = Job.ask("tests.any")
    claimed = Job.objects.claim(job.pk)
    assert claimed
    claimed.fail(traceback="trace")
    assert on_record(job).wake_after == on_record(job).run_after
    sweep()
    assert messages() == 0
    let_pass(job, run_after=timedelta(0), wake_after=timedelta(0))
    sweep()
    assert messages() == 1


def test_the_sweeper_wakes_what_a_killed_worker_left(db: None) -> None:
    job = Job.ask("tests.any")
    Job.objects.claim(job.pk)
    let_pass(job, wake_after=timedelta(seconds=1))
    sweep()
    assert messages() == 0, "Its lease still holds"
    let_pass(job, lease_until=timedelta(seconds=1))
    sweep()
    assert messages() == 1


def test_a_job_that_keeps_killing_its_worker_is_buried(db: None) -> None:
    job, other = Job.ask("tests.any"), Job.ask("tests.any")
    for _ in range(Job.MAX_ATTEMPTS):
        assert Job.objects.claim(job.pk)
        sweep()
        assert on_record(job).state == Job.State.RUNNING
        let_pass(job, lease_until=timedelta(seconds=1))
    assert Job.objects.claim(job.pk) is None
    sweep()
    dead = on_record(job)
    assert (dead.state, dead.error, dead.attempts) == ("dead", Job.GAVE_UP, Job.MAX_ATTEMPTS)
    assert dead.finished_at
    assert on_record(other).state == Job.State.QUEUED


def test_a_failed_job_that_is_retried_has_all_its_attempts_again(db: None) -> None:
    job = Job.ask("tests.any")
    assert not job.retry(), "It has not ended"
    Job.objects.filter(pk=job.pk).update(state="dead", attempts=5, error=Job.GAVE_UP)
    assert job.retry()
    again = on_record(job)
    assert (again.state, again.error, again.attempts) == (Job.State.QUEUED, "", 5)
    for _ in range(Job.MAX_ATTEMPTS):
        claimed = Job.objects.claim(job.pk)
        assert claimed
        claimed.fail(traceback="trace")
        let_pass(job, run_after=timedelta(seconds=1))
    assert (on_record(job).state, on_record(job).attempts) == (Job.State.DEAD, 10)


def test_a_retried_job_waits_as_shortly_as_at_first(db: None) -> None:
    job = Job.ask("tests.any")
    Job.objects.filter(pk=job.pk).update(state="dead", attempts=5)
    job.retry()
    claimed = Job.objects.claim(job.pk)
    assert claimed
    before = timezone.now()
    claimed.fail(traceback="trace")
    assert on_record(job).run_after - before < timedelta(seconds=8)


def test_a_flushed_broker_loses_nothing(db: None, acme: Tenant) -> None:
    job = Job.ask("tests.any", tenant=acme)
    let_pass(job, wake_after=timedelta(seconds=1))
    sweep()
    cache.clear()
    assert messages() == 0
    let_pass(job, wake_after=timedelta(seconds=1))
    sweep()
    assert messages() == 1


def test_the_sweep_costs_the_same_queries_for_many_jobs(
    db: None, django_assert_num_queries: Any
) -> None:
    Job.objects.bulk_create(Job(kind="tests.any") for _ in range(50))
    with django_assert_num_queries(5):
        sweep()
    assert messages() == 50
