"""Which job a worker takes next, and that no two workers take the same."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.owner import as_owner
from apps.jobs import claiming, worker
from apps.jobs.bell import bell
from apps.jobs.claiming import claim_next
from apps.jobs.models import Job
from apps.jobs.registry import Lane
from apps.jobs.runner import Run, attempt_next
from apps.jobs.tasks import run as run_task
from apps.tenants.models import Tenant
from tests.jobs.conftest import on_record

LONG_AGO = timedelta(hours=1)


def waiting(
    count: int,
    *,
    tenant: Tenant | None = None,
    lane: Lane = Lane.ORDINARY,
    age: timedelta = LONG_AGO,
) -> list[Job]:
    """Jobs that wait since `age` ago, the first one the longest."""
    since = timezone.now() - age
    jobs = [
        Job(
            kind="tests.any",
            tenant=tenant,
            lane=lane.value,
            run_after=since + timedelta(milliseconds=number),
        )
        for number in range(count)
    ]
    return Job.objects.bulk_create(jobs, batch_size=5000)


def next_one() -> int | None:
    job = claim_next()
    return job.pk if job else None


def give_slots(monkeypatch: pytest.MonkeyPatch, slots: int) -> None:
    monkeypatch.setattr(worker, "_slots", [slots])


def test_the_oldest_job_is_next_and_it_is_claimed(db: None) -> None:
    (second,), (first,) = waiting(1, age=timedelta(minutes=1)), waiting(1)
    assert [next_one(), next_one(), next_one()] == [first.pk, second.pk, None]
    claimed = on_record(first)
    assert (claimed.state, claimed.attempts) == (Job.State.RUNNING, 1)
    assert claimed.worker == worker.name()
    assert claimed.lease_until
    assert claimed.lease_until > timezone.now()


def test_a_job_that_is_not_due_or_has_no_attempt_left_is_not_claimed(db: None) -> None:
    waiting(1, age=-LONG_AGO)
    (spent,) = waiting(1)
    Job.objects.filter(pk=spent.pk).update(attempts=5)
    assert next_one() is None


def test_urgent_jobs_come_first_and_bulk_jobs_last(acme: Tenant) -> None:
    (bulk,) = waiting(1, tenant=acme, lane=Lane.BULK, age=3 * LONG_AGO)
    (ordinary,) = waiting(1, tenant=acme, age=2 * LONG_AGO)
    (urgent,) = waiting(1, lane=Lane.URGENT)
    assert [next_one() for _ in range(3)] == [urgent.pk, ordinary.pk, bulk.pk]


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_jobs_of_one_tenant_do_not_delay_anothers_one(
    acme: Tenant, globex: Tenant
) -> None:
    waiting(1, tenant=acme, age=2 * LONG_AGO)
    pages_of_one = pages_of_a_claim()
    many = waiting(10_000, tenant=acme)
    # As autovacuum does within a minute; a table that was last analysed while it was empty counts
    # as empty, and then any plan is as good as another.
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_job")
    assert next_one() == many[0].pk
    (theirs,) = waiting(1, tenant=globex, age=timedelta(seconds=1))
    (nobodys,) = waiting(1, age=timedelta(seconds=1))
    assert {next_one(), next_one()} == {theirs.pk, nobodys.pk}
    assert pages_of_a_claim() < pages_of_one + 50, "It reads the queue, and not its head alone"
    assert on_record(many[1]).state == Job.State.RUNNING


def test_the_tenant_with_the_fewest_running_jobs_is_next(acme: Tenant, globex: Tenant) -> None:
    mine, theirs = waiting(3, tenant=acme), waiting(3, tenant=globex, age=timedelta(minutes=1))
    Job.objects.filter(pk__in=[mine[0].pk, mine[1].pk]).update(
        state=Job.State.RUNNING, started_at=timezone.now() - LONG_AGO
    )
    Job.objects.filter(pk=theirs[0].pk).update(state=Job.State.RUNNING, started_at=timezone.now())
    assert next_one() == theirs[1].pk


def test_of_two_with_as_many_running_the_one_served_longest_ago_is_next(
    acme: Tenant, globex: Tenant
) -> None:
    mine, theirs = waiting(2, tenant=acme), waiting(2, tenant=globex, age=timedelta(minutes=1))
    for job, ago in ((mine[0], timedelta(seconds=5)), (theirs[0], timedelta(seconds=9))):
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.SUCCEEDED, started_at=timezone.now() - ago
        )
    assert next_one() == theirs[1].pk


def test_bulk_jobs_leave_a_slot_free_in_which_mail_goes_on(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_slots(monkeypatch, 2)
    waiting(2, tenant=acme, lane=Lane.BULK)
    waiting(1, tenant=globex, lane=Lane.BULK)
    assert next_one() is not None
    assert next_one() is None
    (mail,) = waiting(1, tenant=acme, lane=Lane.URGENT)
    assert next_one() == mail.pk


def test_of_the_slots_for_bulk_jobs_one_tenant_gets_half(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_slots(monkeypatch, 5)
    mine = waiting(5, tenant=acme, lane=Lane.BULK)
    assert [next_one() for _ in range(3)] == [mine[0].pk, mine[1].pk, None]
    theirs = waiting(1, tenant=globex, lane=Lane.BULK)
    assert [next_one(), next_one()] == [theirs[0].pk, None]


def test_a_worker_with_one_slot_does_bulk_jobs_too(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_slots(monkeypatch, 1)
    (job,) = waiting(1, tenant=acme, lane=Lane.BULK)
    assert next_one() == job.pk


def test_what_another_worker_has_does_not_count(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_slots(monkeypatch, 2)
    first, second = waiting(2, tenant=acme, lane=Lane.BULK)
    assert next_one() == first.pk
    monkeypatch.setattr(worker, "name", lambda: "elsewhere:1")
    assert next_one() == second.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("lane", "taken"), [(Lane.ORDINARY, 24), (Lane.BULK, 3)])
def test_of_many_who_claim_at_once_no_two_get_the_same_and_none_goes_away_empty(
    lane: Lane, taken: int, acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_slots(monkeypatch, 4)
    for tenant in (acme, globex):
        waiting(12, tenant=tenant, lane=lane)
    start, got = threading.Barrier(6), []

    def race() -> None:
        try:
            start.wait(5)
            got.extend(next_one() for _ in range(4))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    mine = [pk for pk in got if pk]
    assert (len(got), len(mine), len(set(mine))) == (24, taken, taken)


def test_a_message_that_finds_nothing_is_no_error(db: None) -> None:
    run_task()
    run_task(10**9)


def test_a_message_means_one_job_and_not_that_of_who_sent_it(
    db: None, handled_by: Callable[..., str]
) -> None:
    done: list[int] = []

    def note(run: Run) -> None:
        done.append(run.job.pk)

    kind = handled_by(note)
    jobs = [Job.ask(kind) for _ in range(2)]
    run_task(jobs[1].pk)
    assert done == [jobs[0].pk]
    assert attempt_next()
    assert not attempt_next()
    assert done == [job.pk for job in jobs]


def test_what_no_message_would_get_to_is_rung_for_once_another_job_is_done(
    db: None, handled_by: Callable[..., str]
) -> None:
    def work(run: Run) -> None:
        pass

    kind = handled_by(work)
    for _ in range(3):
        Job.ask(kind)  # in a test nothing is committed, so none of them has a message
    assert bell.waiting() == 0
    run_task()
    assert bell.waiting() == 1, "Two are left, and nobody was told"
    run_task()
    assert bell.waiting() == 1, "That message gets to the last one"
    run_task()
    assert not attempt_next()


def pages_of_a_claim() -> int:
    """How many pages of the database the statement reads, by EXPLAIN, which carries it out."""
    read: list[int] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql != claiming.CLAIM:
            return execute(sql, params, many, context)
        explained = execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params, many, context)
        (told,) = context["cursor"].fetchone()
        read.append(told[0]["Plan"]["Shared Hit Blocks"])
        return explained

    with connection.execute_wrapper(explain):
        claiming.claimed(Lane.URGENT, Lane.ORDINARY)
    return read[0]
