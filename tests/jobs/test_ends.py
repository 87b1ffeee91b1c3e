"""How a job's end is told, what it leaves, and what becomes of a dead letter."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.jobs.runner import JobRefused, Run, attempt
from apps.jobs.tasks import sweep
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant
from tests.jobs.conftest import on_record

HandledBy = Callable[..., str]
Told = list[tuple[str, str, Tenant | None]]


@pytest.fixture
def told() -> Told:
    """What was told of ends: the state, the error and the scope."""
    return []


@pytest.fixture
def tell(told: Told) -> Callable[[Job], None]:
    def note(job: Job) -> None:
        assert connection.in_atomic_block
        told.append((job.state, job.error, current_tenant()))

    return note


def succeed(run: Run) -> None:
    run.job.result = {"rows": 3}


def refuse(run: Run) -> None:
    run.job.result = {"rows": 0}
    raise JobRefused("The file is empty.")


def fail(run: Run) -> None:
    raise OSError("The disk is full")


def dawdle(run: Run) -> None:
    raise SoftTimeLimitExceeded


def test_success_and_refusal_are_told_once_with_their_result(
    acme: Tenant, handled_by: HandledBy, told: Told, tell: Callable[[Job], None]
) -> None:
    done = Job.ask(handled_by(succeed, ended=tell), tenant=acme)
    refused = Job.ask(handled_by(refuse, ended=tell))
    for job in (done, refused, done, refused):
        attempt(job.pk)
    assert told == [("succeeded", "", acme), ("failed", "The file is empty.", None)]
    assert on_record(done).result == {"rows": 3}
    assert on_record(refused).result == {"rows": 0}
    assert current_tenant() is None


def test_a_retry_is_not_told_and_the_last_failure_is(
    acme: Tenant, handled_by: HandledBy, told: Told, tell: Callable[[Job], None]
) -> None:
    job = Job.ask(handled_by(fail, ended=tell), tenant=acme)
    for number in range(Job.MAX_ATTEMPTS):
        assert told == [], f"It was told before attempt {number + 1}"
        Job.objects.filter(pk=job.pk).update(run_after=timezone.now())
        attempt(job.pk)
    assert told == [("dead", Job.GAVE_UP, acme)]


def test_a_job_that_took_too_long_is_told_as_dead(
    db: None, handled_by: HandledBy, told: Told, tell: Callable[[Job], None]
) -> None:
    attempt(Job.ask(handled_by(dawdle, ended=tell)).pk)
    assert told == [("dead", Job.GAVE_UP, None)]


def test_a_job_that_keeps_killing_its_worker_is_told_when_it_is_buried(
    acme: Tenant, handled_by: HandledBy, told: Told, tell: Callable[[Job], None]
) -> None:
    job = Job.ask(handled_by(fail, ended=tell), tenant=acme)
    Job.objects.filter(pk=job.pk).update(
        state="running", attempts=5, lease_until=timezone.now() - timedelta(seconds=1)
    )
    sweep()
    sweep()
    assert told == [("dead", Job.GAVE_UP, acme)]
    assert on_record(job).traceback == "Its worker was lost 5 times."


def test_a_cancellation_is_not_told(
    db: None, handled_by: HandledBy, told: Told, tell: Callable[[Job], None]
) -> None:
    job = Job.ask(handled_by(succeed, ended=tell))
    job.cancel()
    attempt(job.pk)
    assert told == []


def test_what_is_told_is_committed_with_the_end_or_not_at_all(
    db: None, handled_by: HandledBy
) -> None:
    def write(job: Job) -> None:
        User.objects.create_user("told@example.com")
        raise RuntimeError("The letter cannot be written")

    job = Job.ask(handled_by(succeed, ended=write))
    attempt(job.pk)
    assert on_record(job).state == Job.State.SUCCEEDED, "An end stands even if it cannot be told"
    assert not User.objects.filter(email="told@example.com").exists()


@pytest.mark.django_db(transaction=True)
def test_an_end_is_not_recorded_where_the_database_breaks_while_it_is_told(
    handled_by: HandledBy,
) -> None:
    def hang_up(job: Job) -> None:
        connection.connection.close()
        raise DatabaseError("The connection is gone")

    job = Job.ask(handled_by(succeed, ended=hang_up))
    attempt(job.pk)
    assert (on_record(job).state, on_record(job).result) == (Job.State.QUEUED, {})


def test_only_a_dead_letter_can_be_discarded_and_that_is_recorded(acme: Tenant) -> None:
    job = Job.ask("tests.any", tenant=acme, title="The export")
    assert not job.discard()
    Job.objects.filter(pk=job.pk).update(state="dead", traceback="trace")
    assert job.discard()
    assert (on_record(job).state, on_record(job).traceback) == (Job.State.DISCARDED, "trace")
    assert acme.events.get(action="job.discarded").sentence == "discarded The export"
    assert not job.discard()


@pytest.mark.parametrize("state", ["failed", "dead", "cancelled", "discarded"])
def test_what_ended_without_success_is_tried_again_and_that_is_recorded(
    acme: Tenant, state: str
) -> None:
    job = Job.ask("tests.any", tenant=acme, title="The export")
    Job.objects.filter(pk=job.pk).update(state=state, seen_at=timezone.now())
    assert job.retry()
    again = on_record(job)
    assert (again.state, again.seen_at) == (Job.State.QUEUED, None)
    assert acme.events.get(action="job.retried").sentence == "had The export tried again"
