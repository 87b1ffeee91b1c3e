"""Faults of the queue and of the health checks."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.findings import Tier
from tests.launch.fabricated import SETTINGS, with_facts, with_settings
from tests.launch.sound.queue import HEALTH, QUEUE

TRAFFIC = Tier.TRAFFIC


def queued(**changes: Any) -> Facts:
    return with_facts(queue=replace(QUEUE, **changes))


def healthy(**changes: Any) -> Facts:
    return with_facts(health=replace(HEALTH, **changes))


def without(name: str) -> dict[str, str]:
    return {key: command for key, command in HEALTH.procfile.items() if key != name}


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-QUEUE-001", TRAFFIC, queued(oldest_due=60.0)),
    ("LC-OPS-002", TRAFFIC, replace(queued(oldest_due=4000.0), worker_seen=None)),
    ("LC-QUEUE-002", TRAFFIC, queued(given_up=1)),
    ("LC-QUEUE-003", TRAFFIC, queued(scheduler_seen=None)),
    ("LC-QUEUE-003", TRAFFIC, queued(scheduler_seen=30.0)),
    ("LC-QUEUE-004", TRAFFIC, with_settings(CELERY_TASK_TIME_LIMIT=None)),
    ("LC-QUEUE-004", TRAFFIC, with_settings(CELERY_TASK_SOFT_TIME_LIMIT=None)),
    ("LC-QUEUE-004", TRAFFIC, with_settings(CELERY_TASK_SOFT_TIME_LIMIT=1500)),
    (
        "LC-QUEUE-005",
        TRAFFIC,
        with_settings(CELERY_BROKER_TRANSPORT_OPTIONS={"visibility_timeout": 1500}),
    ),
    (
        "LC-QUEUE-005",
        TRAFFIC,
        with_settings(CELERY_BROKER_TRANSPORT_OPTIONS={}, CELERY_TASK_TIME_LIMIT=7200),
    ),
    ("LC-QUEUE-006", TRAFFIC, with_settings(CELERY_TASK_ACKS_LATE=False)),
    ("LC-QUEUE-006", TRAFFIC, with_settings(CELERY_TASK_REJECT_ON_WORKER_LOST=False)),
    ("LC-QUEUE-007", TRAFFIC, queued(eviction="allkeys-lru")),
    (
        "LC-QUEUE-008",
        TRAFFIC,
        with_settings(CELERY_BROKER_URL="redis://:thr33@redis.harbourside.co:6379/0"),
    ),
    ("LC-HEALTH-001", TRAFFIC, healthy(planes={"/healthz": "public"})),
    ("LC-HEALTH-001", TRAFFIC, healthy(planes={"/readyz": "public"}, queries=Unasked("no"))),
    (
        "LC-HEALTH-001",
        TRAFFIC,
        healthy(planes={"/healthz": "account", "/readyz": "public"}),
    ),
    ("LC-HEALTH-002", TRAFFIC, healthy(queries=1)),
    ("LC-HEALTH-003", TRAFFIC, healthy(asked=("database", "migrations", "cache", "broker"))),
    *(("LC-HEALTH-004", TRAFFIC, healthy(procfile=without(name))) for name in HEALTH.procfile),
    ("LC-HEALTH-004", TRAFFIC, healthy(procfile={**HEALTH.procfile, "release": "true"})),
    ("LC-HEALTH-005", TRAFFIC, healthy(render_path="/readyz")),
    ("LC-HEALTH-005", TRAFFIC, healthy(render_path="")),
    ("LC-HEALTH-005", TRAFFIC, healthy(formation={"web": 1, "worker": 0, "beat": 1})),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("a fork may leave a platform's file out", healthy(formation={}, render_path=None)),
    (
        "Celery's own visibility timeout is an hour",
        with_settings(CELERY_BROKER_TRANSPORT_OPTIONS={}),
    ),
    (
        "Render's internal network has no TLS",
        with_settings(CELERY_BROKER_URL="redis://red-c0ffee:6379"),
    ),
    (
        "several schedules have one smallest interval",
        replace(
            queued(scheduler_seen=50.0),
            settings={**SETTINGS, "CELERY_BEAT_SCHEDULE": {"one": {"schedule": 30.0}}},
        ),
    ),
]
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    (
        "queue",
        {"LC-QUEUE-001", "LC-QUEUE-002", "LC-QUEUE-003", "LC-QUEUE-007"},
    ),
    ({"queue": replace(QUEUE, oldest_due=Unasked("no answer"))}, {"LC-QUEUE-001"}),
    ({"queue": replace(QUEUE, given_up=Unasked("no answer"))}, {"LC-QUEUE-002"}),
    ({"queue": replace(QUEUE, scheduler_seen=Unasked("no answer"))}, {"LC-QUEUE-003"}),
    ({"queue": replace(QUEUE, eviction=Unasked("no answer"))}, {"LC-QUEUE-007"}),
    ("health", {f"LC-HEALTH-00{n}" for n in range(1, 6)}),
    ({"health": replace(HEALTH, queries=Unasked("no answer"))}, {"LC-HEALTH-002"}),
]
