"""``manage.py jobs``: what an operator sees and does."""

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.runner import Run
from apps.tenants.models import Tenant
from tests.jobs.conftest import on_record


def jobs(*arguments: str) -> str:
    out = io.StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def in_state(state: str, **facts: object) -> Job:
    job = Job.ask("tests.any", arguments_are_private="canary")
    Job.objects.filter(pk=job.pk).update(state=state, **facts)
    return job


def test_open_and_failed_jobs_are_listed_and_the_others_are_not(db: None, acme: Tenant) -> None:
    mine = Job.ask("tests.mine", tenant=acme)
    failed = in_state("failed", attempts=5, traceback="Traceback …\nOSError: The disk is full")
    for state in ("succeeded", "cancelled"):
        in_state(state)
    lines = jobs().splitlines()
    assert [line.split()[:4] for line in lines[1:]] == [
        [str(failed.pk), "tests.any", "failed", "-"],
        [str(mine.pk), "tests.mine", "queued", "acme"],
    ]
    assert lines[1].endswith("OSError: The disk is full")


def test_nothing_to_list_is_said_in_words(db: None) -> None:
    assert jobs() == "No such job: none is open, and none has failed.\n"


def test_the_list_is_json_where_a_program_reads_it(db: None, acme: Tenant) -> None:
    job = Job.ask("tests.mine", tenant=acme)
    (told,) = json.loads(jobs("--json"))
    assert (told["id"], told["kind"], told["state"], told["tenant"]) == (
        job.pk,
        "tests.mine",
        "queued",
        "acme",
    )


def test_a_jobs_arguments_are_never_printed(db: None) -> None:
    in_state("failed")
    assert "canary" not in jobs() + jobs("--json")


def ids(*arguments: str) -> list[int]:
    return [job["id"] for job in json.loads(jobs(*arguments, "--json"))]


def test_dead_letters_come_first_and_then_the_newest(db: None) -> None:
    dead, failed, waiting = in_state("dead"), in_state("failed"), in_state("queued")
    assert ids() == [dead.pk, failed.pk, waiting.pk]


def test_the_list_is_narrowed_by_state_kind_and_workspace(db: None, acme: Tenant) -> None:
    dead, done = in_state("dead"), in_state("succeeded")
    mine = Job.ask("tests.mine", tenant=acme)
    assert ids("--state", "succeeded") == [done.pk]
    assert ids("--state", "dead") == [dead.pk]
    assert ids("--kind", "tests.mine") == ids("--tenant", acme.slug) == [mine.pk]


def test_a_job_is_shown_with_its_traceback_and_without_its_arguments(db: None) -> None:
    job = in_state("dead", attempts=5, traceback="Traceback …\nOSError: The disk is full")
    shown = jobs("show", str(job.pk))
    assert "Traceback …\nOSError: The disk is full" in shown
    assert "attempts:         5" in shown
    (told,) = json.loads(jobs("show", str(job.pk), "--json"))
    assert (told["traceback"], told["allowed_attempts"]) == (job_traceback(job), 5)
    assert "canary" not in shown


def job_traceback(job: Job) -> str:
    return on_record(job).traceback


def test_a_dead_letter_is_discarded_and_no_other_job(db: None) -> None:
    dead, failed = in_state("dead"), in_state("failed")
    assert "discarded" in jobs("discard", str(dead.pk))
    with pytest.raises(CommandError, match="is failed: there is nothing to discard"):
        jobs("discard", str(failed.pk))


def test_a_failed_job_is_retried(db: None) -> None:
    job = in_state("failed", attempts=5)
    assert "queued" in jobs("retry", str(job.pk))
    assert on_record(job).state == Job.State.QUEUED


def test_a_tenants_job_is_cancelled_and_the_event_names_no_person(acme: Tenant) -> None:
    job = Job.ask("tests.any", tenant=acme, title="The export")
    assert "cancelled" in jobs("cancel", str(job.pk))
    assert on_record(job).state == Job.State.CANCELLED
    assert acme.events.get(action="job.cancelled").actor is None


def test_a_job_is_run_here_and_now_ahead_of_all_others(
    acme: Tenant, handled_by: Callable[..., str]
) -> None:
    def note(run: Run) -> None:
        run.job.result = {"by": "hand"}

    kind = handled_by(note)
    earlier, wanted = (Job.ask(kind, tenant=acme) for _ in range(2))
    assert "state:            succeeded" in jobs("run", str(wanted.pk))
    assert on_record(wanted).result == {"by": "hand"}
    assert on_record(earlier).state == Job.State.QUEUED


def test_a_job_that_fails_when_it_is_run_is_shown_with_its_traceback_and_leaves_with_1(
    acme: Tenant, handled_by: Callable[..., str]
) -> None:
    def burn(run: Run) -> None:
        raise OSError("The disk is full")

    job, out = Job.ask(handled_by(burn), tenant=acme), io.StringIO()
    with pytest.raises(CommandError, match="Not all of them succeeded"):
        call_command("jobs", "run", str(job.pk), stdout=out)
    assert "OSError: The disk is full" in out.getvalue()
    assert on_record(job).attempts == 1


def test_what_a_worker_does_what_rests_and_what_has_ended_is_not_run(db: None) -> None:
    later = timezone.now() + timedelta(hours=1)
    for job in (
        in_state("running", lease_until=later),
        in_state("queued", run_after=later),
        in_state("dead", attempts=5),
    ):
        with pytest.raises(CommandError, match=f"Job {job.pk} is .*: a worker does it, it rests"):
            jobs("run", str(job.pk))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["retry"], "Say which"),
        (["list", "3"], "Say which"),
        (["retry", "1000000000"], "There is no job 1000000000"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    db: None, arguments: list[str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        jobs(*arguments)


def test_of_several_jobs_all_are_changed_or_none(db: None) -> None:
    failed, running = in_state("failed", attempts=5), in_state("running")
    with pytest.raises(CommandError, match="is running: there is nothing to retry"):
        jobs("retry", str(failed.pk), str(running.pk))
    assert on_record(failed).state == Job.State.FAILED
