"""What launch_check gathers of the queue and of health, from a real job table, cache and broker."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.test import override_settings
from django.utils import timezone

from apps.core.health import SCHEDULER_HEARTBEAT
from apps.jobs.models import Job
from apps.launch.facts import Unasked, known
from apps.launch.gathering.health import health
from apps.launch.gathering.queue import queue
from apps.tenants.models import Tenant
from apps.tenants.scope import outside, platform_scope
from config.celery import app as celery_app
from tests.launch.fabricated import DATABASE

ANSWERED = DATABASE  # what is asked of a database that has answered so far


@pytest.fixture
def broker() -> Iterator[str]:
    """The suite's own broker, as the setting that is read."""
    url = str(celery_app.conf.broker_url)
    with override_settings(CELERY_BROKER_URL=url):
        yield url


def late(tenant: Tenant | None, **changes: object) -> None:
    """A job that should have begun two minutes ago."""
    with outside(), platform_scope(reason="Plant a job for the queue's facts"):
        Job.objects.create(
            kind="tests.late",
            tenant=tenant,
            run_after=timezone.now() - timedelta(minutes=2),
            **changes,
        )


def test_an_empty_queue_has_nothing_late(db: None, broker: str) -> None:
    found = queue(ANSWERED)
    assert (found.oldest_due, found.given_up, found.eviction) == (0.0, 0, "noeviction")


def test_the_oldest_due_job_of_any_workspace_is_seen(acme: Tenant, broker: str) -> None:
    late(acme)
    assert 120 <= known(queue(ANSWERED).oldest_due) < 180


def test_a_job_that_is_done_is_not_late(acme: Tenant, broker: str) -> None:
    late(acme, state=Job.State.SUCCEEDED)
    assert queue(ANSWERED).oldest_due == 0.0


def test_only_a_fault_of_ours_counts_as_given_up(acme: Tenant, broker: str) -> None:
    now = timezone.now()
    for state in (Job.State.DEAD, Job.State.FAILED):
        late(acme, state=state, finished_at=now)
    late(acme, state=Job.State.DEAD, finished_at=now - timedelta(days=8))
    assert queue(ANSWERED).given_up == 1


def test_the_schedulers_last_sign_of_life_is_told_in_seconds(db: None, broker: str) -> None:
    cache.delete(SCHEDULER_HEARTBEAT)
    assert queue(ANSWERED).scheduler_seen is None
    cache.set(SCHEDULER_HEARTBEAT, time.time() - 40)
    assert 40 <= (known(queue(ANSWERED).scheduler_seen) or 0) < 45


def test_a_broker_that_evicts_says_so(db: None, broker: str) -> None:
    with redis.Redis.from_url(broker) as server:
        server.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert queue(ANSWERED).eviction == "allkeys-lru"
        finally:
            server.config_set("maxmemory-policy", "noeviction")


def test_a_broker_that_hangs_is_unknown_soon_and_leaves_the_other_facts(db: None) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://:c4n4ry@127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()
        with override_settings(CELERY_BROKER_URL=url):
            found = queue(ANSWERED)
    assert time.monotonic() - began < 5
    assert isinstance(found.eviction, Unasked)
    assert "c4n4ry" not in str(found.eviction)
    assert found.oldest_due == 0.0


def test_this_projects_health_is_as_it_should_be(db: None) -> None:
    found = health()
    assert found.planes == {"/healthz": "public", "/readyz": "public"}
    assert found.queries == 0
    assert set(found.asked) == {"database", "migrations", "cache", "broker", "worker"}
    assert set(found.procfile) == {"release", "web", "worker", "beat"}
    assert found.formation.keys() == {"web", "worker", "beat"}
    assert found.render_path == "/healthz"


def test_a_liveness_that_asks_the_database_is_seen(db: None) -> None:
    with override_settings(ROOT_URLCONF="tests.launch.asking_urls"):
        assert health().queries == 1


def test_a_database_that_did_not_answer_is_not_asked_again(
    db: None, broker: str, django_assert_num_queries: Any
) -> None:
    silent = Unasked("no answer")
    with django_assert_num_queries(0):
        found = queue(silent)
    assert found.oldest_due is found.given_up is silent
    assert found.eviction == "noeviction"
