"""One attempt at a job: who gets it, what it leaves behind, and how it ends."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.core.request_id import request_id
from apps.jobs.models import Job
from apps.jobs.registry import handles
from apps.jobs.runner import JobRefused, Run, attempt
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant
from tests.jobs.conftest import on_record
from tests.world.waiting import wait_until

HandledBy = Callable[..., str]
InBackground = Callable[[int], threading.Thread]
LONG_AGO = timedelta(minutes=5)


def leave_a_trace(run: Run) -> None:
    User.objects.create_user(f"trace-{uuid.uuid4()}@example.com")


def traces() -> int:
    return User.objects.filter(email__startswith="trace").count()


def fail(run: Run) -> None:
    leave_a_trace(run)
    raise OSError("The disk is full")


def make_due(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - LONG_AGO)


def test_a_job_is_done_and_its_effects_stay(db: None, handled_by: HandledBy) -> None:
    job = Job.ask(handled_by(leave_a_trace))
    attempt(job.pk)
    done = on_record(job)
    assert (done.state, done.attempts, done.percent, traces()) == (Job.State.SUCCEEDED, 1, 100, 1)
    assert done.finished_at
    assert done.lease_until is None


def test_a_job_that_is_done_is_not_done_again(db: None, handled_by: HandledBy) -> None:
    job = Job.ask(handled_by(leave_a_trace))
    for _ in range(3):
        attempt(job.pk)
    assert traces() == 1


def test_a_missing_job_is_let_go(db: None) -> None:
    attempt(10**9)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_that_hear_of_a_job_one_does_it(
    handled_by: HandledBy, in_background: InBackground
) -> None:
    runs: list[int] = []
    start = threading.Barrier(6)

    def count(run: Run) -> None:
        leave_a_trace(run)
        runs.append(run.job.attempts)

    job = Job.ask(handled_by(count))

    def race() -> None:
        start.wait(5)
        try:
            attempt(job.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (runs, traces(), on_record(job).attempts) == ([1], 1, 1)


def test_a_tenants_job_runs_in_its_scope_and_the_scope_ends_with_it(
    acme: Tenant, handled_by: HandledBy
) -> None:
    seen: list[Tenant | None] = []

    def look(run: Run) -> None:
        seen.append(current_tenant())

    attempt(Job.ask(handled_by(look), tenant=acme).pk)
    assert (seen, current_tenant()) == ([acme], None)


def test_a_job_carries_the_id_of_the_request_that_asked(db: None, handled_by: HandledBy) -> None:
    seen: list[str] = []

    def look(run: Run) -> None:
        seen.append(request_id.get())

    token = request_id.set("the-request-that-asked")
    job = Job.ask(handled_by(look))
    request_id.reset(token)
    attempt(job.pk)
    assert (seen, request_id.get()) == (["the-request-that-asked"], "")


def test_what_a_failed_attempt_wrote_is_undone_and_it_is_tried_later(
    db: None, handled_by: HandledBy
) -> None:
    job = Job.ask(handled_by(fail))
    before = timezone.now()
    attempt(job.pk)
    waiting = on_record(job)
    assert (waiting.state, traces()) == (Job.State.QUEUED, 0)
    assert "OSError: The disk is full" in waiting.traceback
    assert timedelta(seconds=3) < waiting.run_after - before < timedelta(seconds=8)
    attempt(job.pk)
    assert on_record(job).attempts == 1, "It was tried again before its time"


def test_each_wait_is_longer_and_the_last_failure_keeps_the_traceback(
    db: None, handled_by: HandledBy
) -> None:
    job = Job.ask(handled_by(fail))
    waits = []
    for _ in range(Job.MAX_ATTEMPTS):
        make_due(job)
        before = timezone.now()
        attempt(job.pk)
        waits.append((on_record(job).run_after - before).total_seconds())
    for wait, about in zip(waits[:-1], [5, 20, 80, 320], strict=True):
        assert 0.7 * about < wait < 1.3 * about + 1
    dead = on_record(job)
    assert (dead.state, dead.attempts, dead.error) == (Job.State.DEAD, 5, Job.GAVE_UP)
    assert "OSError: The disk is full" in dead.traceback
    make_due(job)
    attempt(job.pk)
    assert on_record(job).attempts == 5


def test_what_failed_together_does_not_come_back_together(db: None, handled_by: HandledBy) -> None:
    kind = handled_by(fail)
    jobs = [Job.ask(kind) for _ in range(5)]
    for job in jobs:
        attempt(job.pk)
    due = sorted(on_record(job).run_after for job in jobs)
    assert due[-1] - due[0] > timedelta(milliseconds=100)


def test_a_refused_job_fails_at_once_and_says_why(db: None, handled_by: HandledBy) -> None:
    def refuse(run: Run) -> None:
        leave_a_trace(run)
        raise JobRefused("The file is gone.")

    job = Job.ask(handled_by(refuse))
    attempt(job.pk)
    failed = on_record(job)
    assert (failed.state, failed.attempts, failed.error) == ("failed", 1, "The file is gone.")
    assert (failed.traceback, traces()) == ("", 0)


def test_a_job_that_takes_too_long_is_not_tried_again(db: None, handled_by: HandledBy) -> None:
    def dawdle(run: Run) -> None:
        raise SoftTimeLimitExceeded

    job = Job.ask(handled_by(dawdle))
    attempt(job.pk)
    failed = on_record(job)
    assert (failed.state, failed.error) == (Job.State.DEAD, Job.GAVE_UP)
    assert "SoftTimeLimitExceeded" in failed.traceback


def test_a_kind_may_have_a_limit_of_its_own_and_what_hangs_is_interrupted(
    db: None, handled_by: HandledBy
) -> None:
    def hang(run: Run) -> None:
        leave_a_trace(run)
        assert not threading.Event().wait(20), "Nobody interrupted it"

    job = Job.ask(handled_by(hang, limit=timedelta(milliseconds=200)))
    attempt(job.pk)
    dead = on_record(job)
    assert (dead.state, dead.attempts, traces()) == (Job.State.DEAD, 1, 0)
    assert "SoftTimeLimitExceeded" in dead.traceback


def test_a_statement_of_the_database_is_held_to_the_limit_as_well(
    db: None, handled_by: HandledBy
) -> None:
    seen: list[Any] = []

    def look(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            seen.append(cursor.fetchone()[0])

    attempt(Job.ask(handled_by(look, limit=timedelta(seconds=7))).pk)
    assert seen == ["7s"]


def test_a_kind_that_nobody_handles_yet_is_tried_again_later(db: None) -> None:
    job = Job.ask("tests.unknown")
    attempt(job.pk)
    waiting = on_record(job)
    assert waiting.state == Job.State.QUEUED
    assert "No handler for jobs of kind tests.unknown" in waiting.traceback


def test_two_handlers_for_one_kind_are_refused() -> None:
    handles("tests.twice")(leave_a_trace)
    with pytest.raises(ValueError, match=r"tests\.twice"):
        handles("tests.twice")(fail)


def test_the_job_of_a_killed_worker_is_done_by_another_once_its_lease_is_over(
    db: None, handled_by: HandledBy
) -> None:
    job = Job.ask(handled_by(leave_a_trace))
    assert Job.objects.claim(job.pk)
    attempt(job.pk)
    assert on_record(job).state == Job.State.RUNNING, "It was taken while its lease held"
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - LONG_AGO)
    attempt(job.pk)
    assert (on_record(job).state, on_record(job).attempts, traces()) == ("succeeded", 2, 1)


@pytest.mark.django_db(transaction=True)
def test_an_attempt_that_lost_its_lease_leaves_nothing(
    handled_by: HandledBy, in_background: InBackground
) -> None:
    first_is_late, second_is_done = threading.Event(), threading.Event()

    def stall_at_first(run: Run) -> None:
        leave_a_trace(run)
        if run.job.attempts == 1:
            first_is_late.set()
            assert second_is_done.wait(10)

    job = Job.ask(handled_by(stall_at_first))
    first = in_background(job.pk)
    assert first_is_late.wait(10)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - LONG_AGO)
    attempt(job.pk)
    second_is_done.set()
    first.join(10)
    assert (on_record(job).state, on_record(job).attempts, traces()) == ("succeeded", 2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_long_job_keeps_its_lease_and_shows_how_far_it_is(
    handled_by: HandledBy, in_background: InBackground, quick_pulse: None
) -> None:
    halfway, go_on = threading.Event(), threading.Event()

    def work(run: Run) -> None:
        leave_a_trace(run)
        run.progress(40, 100)
        halfway.set()
        assert go_on.wait(10)
        run.progress(100)

    job = Job.ask(handled_by(work))
    thread = in_background(job.pk)
    assert halfway.wait(10)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(seconds=1))
    wait_until(lambda: on_record(job).done == 40 and leased(job) > 50, "No sign of life")
    seen = on_record(job)
    assert (seen.state, seen.percent, traces()) == ("running", 40, 0)
    assert seen.seconds_left is not None
    go_on.set()
    thread.join(10)
    assert (on_record(job).state, on_record(job).done, traces()) == ("succeeded", 100, 1)


@pytest.mark.django_db(transaction=True)
def test_a_running_job_that_is_cancelled_stops_and_leaves_nothing(
    handled_by: HandledBy, in_background: InBackground, quick_pulse: None
) -> None:
    begun = threading.Event()
    undone: list[str] = []

    def work_on_and_on(run: Run) -> None:
        leave_a_trace(run)
        run.on_failure(undone.append, "file")
        for step in range(5_000_000):  # some seconds, if nobody stops it
            begun.set()
            run.progress(step)
        undone.append("nobody stopped it")

    job = Job.ask(handled_by(work_on_and_on))
    thread = in_background(job.pk)
    assert begun.wait(10)
    assert on_record(job).cancel()
    thread.join(10)
    assert (on_record(job).state, traces(), undone) == (Job.State.CANCELLED, 0, ["file"])


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_in_the_last_moment_still_undoes_all(
    handled_by: HandledBy, in_background: InBackground
) -> None:
    at_the_end, cancelled = threading.Event(), threading.Event()

    def work(run: Run) -> None:
        leave_a_trace(run)
        at_the_end.set()
        assert cancelled.wait(10)

    job = Job.ask(handled_by(work))
    thread = in_background(job.pk)
    assert at_the_end.wait(10)
    assert on_record(job).cancel()
    cancelled.set()
    thread.join(10)
    assert (on_record(job).state, traces()) == (Job.State.CANCELLED, 0)


def test_a_queued_job_that_is_cancelled_never_runs(db: None, handled_by: HandledBy) -> None:
    job = Job.ask(handled_by(leave_a_trace))
    assert job.cancel()
    attempt(job.pk)
    assert (on_record(job).state, traces()) == (Job.State.CANCELLED, 0)


def test_a_job_that_ended_cannot_be_cancelled(db: None, handled_by: HandledBy) -> None:
    job = Job.ask(handled_by(leave_a_trace))
    attempt(job.pk)
    assert not job.cancel()
    assert on_record(job).state == Job.State.SUCCEEDED


def test_what_a_rollback_does_not_reach_is_undone_latest_first(
    db: None, handled_by: HandledBy
) -> None:
    undone: list[str] = []

    def work(run: Run) -> None:
        for step in ("first", "second"):
            run.on_failure(undone.append, step)
        run.on_failure(undone.remove, "what is not there")
        raise OSError

    attempt(Job.ask(handled_by(work)).pk)
    assert undone == ["second", "first"]


def test_nothing_is_undone_after_success(db: None, handled_by: HandledBy) -> None:
    undone: list[str] = []
    attempt(Job.ask(handled_by(lambda run: run.on_failure(undone.append, "file"))).pk)
    assert undone == []


@pytest.mark.django_db(transaction=True)
def test_a_broken_connection_fails_the_attempt_and_not_the_worker(handled_by: HandledBy) -> None:
    def cut(run: Run) -> None:
        leave_a_trace(run)
        connection.connection.close()
        leave_a_trace(run)

    job = Job.ask(handled_by(cut))
    attempt(job.pk)
    waiting = on_record(job)
    assert (waiting.state, traces()) == (Job.State.QUEUED, 0)
    assert "the connection is closed" in waiting.traceback


@pytest.mark.django_db(transaction=True)
def test_a_missed_pulse_does_not_stop_the_job(
    handled_by: HandledBy,
    in_background: InBackground,
    quick_pulse: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missed, beaten = threading.Event(), threading.Event()
    renew = Run._renew

    def miss_once(run: Run) -> int:
        if not missed.is_set():
            missed.set()
            connection.ensure_connection()
            connection.connection.close()
        still_ours = renew(run)
        beaten.set()
        return still_ours

    def wait_for_a_beat(run: Run) -> None:
        assert beaten.wait(10)
        run.progress(1, 1)

    monkeypatch.setattr(Run, "_renew", miss_once)
    job = Job.ask(handled_by(wait_for_a_beat))
    in_background(job.pk).join(10)
    assert missed.is_set()
    assert on_record(job).state == Job.State.SUCCEEDED


def test_a_handler_works_under_limits_of_its_own(db: None, handled_by: HandledBy) -> None:
    seen: list[Any] = []

    def look(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            seen.append(cursor.fetchone()[0])

    attempt(Job.ask(handled_by(look)).pk)
    assert seen == ["24min"]


def leased(job: Job) -> float:
    """For how many seconds the job's lease still holds."""
    lease_until = on_record(job).lease_until
    assert lease_until
    return (lease_until - timezone.now()).total_seconds()
