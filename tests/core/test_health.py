"""Liveness and readiness, against real servers that run, stop, hang or are not what they were."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse

from apps.core import health
from config.celery import app as celery_app
from tests.core.conftest import Log
from tests.world.redis import Redis, running_redis

OPERATOR = {"authorization": f"Bearer {django_settings.OPERATOR_TOKEN}"}


@pytest.fixture(autouse=True)
def forget_former_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask anew in each test."""
    monkeypatch.setattr(health, "PROBES", health.probes())


@pytest.fixture
def redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """A Redis of this test's own, which cache and queue use."""
    with running_redis() as server:
        before = celery_app.conf.broker_url
        location = {**settings.CACHES["default"], "LOCATION": server.url}
        settings.CACHES = {"default": location}
        celery_app.conf.broker_url = server.url
        yield server
        celery_app.conf.broker_url = before


@pytest.fixture
def heartbeat(redis: Redis) -> None:
    """A worker that has just shown a sign of life."""
    cache.set(health.HEARTBEAT, time.time())


def failed(answer: Any) -> list[str]:
    """What was not ready."""
    assert answer.status_code == (503 if answer.json()["failed"] else 200)
    assert answer.json()["status"] == ("unavailable" if answer.json()["failed"] else "ok")
    names: list[str] = answer.json()["failed"]
    return names


# Liveness


def test_liveness_tells_the_release_and_asks_no_database() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "release": "unknown"})
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "evil.example", "", "a b"])
@pytest.mark.django_db
def test_health_answers_any_host_over_plain_http_without_a_redirect(path: str, host: str) -> None:
    answer = Client().get(path, secure=False, headers={"host": host})
    assert answer.status_code in {200, 503}
    assert "status" in answer.json()
    assert not answer.cookies


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_health_answers_head_and_refuses_other_methods(path: str) -> None:
    head = Client().head(path)
    assert head.status_code in {200, 503}
    assert head.content == b""
    assert Client().post(path).status_code == 405
    assert Client().delete(path).status_code == 405


def test_the_endpoints_are_the_routes_of_the_same_name() -> None:
    assert (reverse("healthz"), reverse("readyz")) == ("/healthz", "/readyz")


# Readiness


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_readiness_is_a_yes_when_all_is_there() -> None:
    answer = Client().get("/readyz")
    assert failed(answer) == []
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_the_operator_sees_each_check_with_its_time() -> None:
    told = Client().get("/readyz", headers=OPERATOR).json()
    assert told["release"] == "unknown"
    assert [*told["checks"]] == ["database", "migrations", "cache", "broker", "worker"]
    for check in told["checks"].values():
        assert check["ok"] is True
        assert check["error"] == ""
        assert 0 <= check["ms"] < 1000


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Basic {django_settings.OPERATOR_TOKEN}",
        django_settings.OPERATOR_TOKEN,
        f"Bearer {django_settings.OPERATOR_TOKEN[:-1]}",
        "Bearer ÿ",
    ],
    ids=["none", "no token", "wrong", "wrong scheme", "no scheme", "cut short", "not ASCII"],
)
@pytest.mark.django_db
@pytest.mark.usefixtures("redis")
def test_others_see_the_names_alone(authorization: str) -> None:
    told = Client().get("/readyz", headers={"authorization": authorization}).json()
    assert told == {"status": "unavailable", "failed": ["worker"]}


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_a_stopped_redis_is_named(redis: Redis, log: Log) -> None:
    redis.stop()
    answer = Client().get("/readyz", headers=OPERATOR)
    assert failed(answer) == ["cache", "broker", "worker"]
    assert "refused" in answer.json()["checks"]["cache"]["error"]
    (line,) = log.of("readiness.failed")
    assert [*line["errors"]] == ["cache", "broker", "worker"]


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_a_hung_redis_does_not_hold_up_the_answer(redis: Redis) -> None:
    with redis.hung():
        began = time.perf_counter()
        answer = Client().get("/readyz", headers=OPERATOR)
        took = time.perf_counter() - began
    assert failed(answer) == ["cache", "broker", "worker"]
    assert answer.json()["checks"]["broker"]["error"] == "timed out"
    # Half of what the broker's own time-out would take; a busy machine gets away with a second.
    assert took < 2


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_hung_checks_do_not_pile_up(redis: Redis) -> None:
    with redis.hung():
        first = {name: probe.begin() for name, probe in health.PROBES.items()}
        again = {name: probe.begin() for name, probe in health.PROBES.items()}
        assert first["broker"] is again["broker"]
    for attempt in first.values():
        attempt.join()


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_an_unreachable_database_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    nowhere = {"HOST": "127.0.0.1", "PORT": "1", "PASSWORD": "canary-password"}
    monkeypatch.setitem(
        connections.settings, "default", {**connections.settings["default"], **nowhere}
    )
    answer = Client().get("/readyz", headers=OPERATOR)
    assert failed(answer) == ["database", "migrations"]
    assert "refused" in answer.json()["checks"]["database"]["error"]
    assert "canary" not in answer.content.decode() + log.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("heartbeat")
def test_a_migration_that_is_not_applied_is_named() -> None:
    recorder = MigrationRecorder(connection)
    latest = recorder.migration_qs.filter(app="accounts").latest("id")
    recorder.record_unapplied("accounts", latest.name)
    try:
        answer = Client().get("/readyz", headers=OPERATOR)
    finally:
        recorder.record_applied("accounts", latest.name)
    assert failed(answer) == ["migrations"]
    assert answer.json()["checks"]["migrations"]["error"] == f"not applied: accounts.{latest.name}"


@pytest.mark.parametrize(("age", "alive"), [(0, True), (55, True), (65, False)])
@pytest.mark.django_db
@pytest.mark.usefixtures("redis")
def test_a_heartbeat_counts_for_a_minute(age: int, alive: bool) -> None:
    cache.set(health.HEARTBEAT, time.time() - age)
    assert failed(Client().get("/readyz")) == ([] if alive else ["worker"])


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_a_good_answer_stands_for_a_moment_and_a_bad_one_does_not(redis: Redis) -> None:
    assert failed(Client().get("/readyz")) == []
    redis.stop()
    assert failed(Client().get("/readyz")) == []
    for probe in health.PROBES.values():
        probe.good_for = 0
    assert failed(Client().get("/readyz")) == ["cache", "broker", "worker"]


@pytest.mark.django_db
@pytest.mark.usefixtures("redis")
def test_what_is_mended_is_seen_at_once() -> None:
    assert failed(Client().get("/readyz")) == ["worker"]
    cache.set(health.HEARTBEAT, time.time())
    assert failed(Client().get("/readyz")) == []


@pytest.mark.django_db
@pytest.mark.usefixtures("heartbeat")
def test_readiness_leaves_no_connection_behind() -> None:
    opened: list[BaseDatabaseWrapper] = []

    def remember(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        opened.append(connection)

    connection_created.connect(remember)
    assert failed(Client().get("/readyz")) == []
    connection_created.disconnect(remember)
    assert len(opened) == 2
    assert all(connection.connection is None for connection in opened)
