"""Asks the job table, the cache and the broker how the queue stands."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import redis
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.cache import redis_alone
from apps.core.health import SCHEDULER_HEARTBEAT
from apps.jobs.models import Job
from apps.launch.facts.database import Database
from apps.launch.facts.queue import Queue
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import ask
from apps.tenants.scope import platform_scope

PATIENCE = 1  # seconds that the database has for an answer, and the broker
WEEK = timedelta(days=7)


def queue(database: Database | Unasked) -> Queue:
    """Ask the three; one that does not answer leaves the others' facts alone.

    A `database` that did not answer just now is not asked again. That somebody looked across the
    workspaces is recorded, as it always is.
    """
    jobs = database if isinstance(database, Unasked) else ask("The job table", job_table)
    oldest_due, given_up = (jobs, jobs) if isinstance(jobs, Unasked) else jobs
    return Queue(
        oldest_due=oldest_due,
        given_up=given_up,
        scheduler_seen=ask("The cache", scheduler_seen),
        eviction=ask("The broker", eviction),
    )


def job_table() -> tuple[float, int]:
    """How late the oldest waiting job is, in seconds, and how many of a week were given up."""
    now = timezone.now()
    with (
        transaction.atomic(),
        impatient(),
        platform_scope(reason="Judge the queue before a launch"),
    ):
        oldest = Job.objects.due(now).order_by("run_after").first()
        given_up = Job.objects.filter(state=Job.State.DEAD, finished_at__gte=now - WEEK).count()
    return (now - oldest.run_after).total_seconds() if oldest else 0.0, given_up


@contextmanager
def impatient() -> Iterator[None]:
    """Have the database give up soon until the block ends; a transaction around it may go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE}s"])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])


def scheduler_seen() -> float | None:
    """How many seconds ago the scheduler last showed itself, or None if it did not in a day."""
    beaten: float | None = redis_alone().get(SCHEDULER_HEARTBEAT)
    return None if beaten is None else max(0.0, time.time() - beaten)


def eviction() -> str:
    """What the broker does when it is full, by INFO: managed servers refuse CONFIG."""
    broker = redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    )
    with closing(broker):
        said = broker.info("memory").get("maxmemory_policy")
    if not said:
        raise Unasked("The broker does not say what it does when it is full")
    return str(said)
