"""Jobs in real worker processes: those that are stopped, and those that are killed."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.registry import Lane
from apps.jobs.tasks import sweep
from tests.jobs.conftest import on_record
from tests.world.waiting import wait_until
from tests.world.worker import Worker, start_worker

__all__ = ["start_worker"]  # a fixture
pytestmark = pytest.mark.prove
StartWorker = Callable[..., Worker]
SUITES = "tests.jobs.worker"


def asked(kind: str, lane: Lane = Lane.ORDINARY) -> Job:
    """A job of the worker's own kinds, which this process does not know the lane of."""
    job = Job.objects.create(kind=kind, lane=lane.value)
    job.wake()
    return job


def is_running(job: Job, attempt: int) -> bool:
    seen = on_record(job)
    return seen.state == Job.State.RUNNING and seen.attempts == attempt


def test_a_worker_that_is_stopped_hands_its_long_job_to_another_at_once(
    start_worker: StartWorker,
) -> None:
    first = start_worker(app=SUITES, REMAP_SIGTERM="SIGQUIT")
    job = asked("tests.long", Lane.BULK)
    wait_until(lambda: is_running(job, 1), "The first worker did not take it")
    held_by = on_record(job).worker
    start_worker(app=SUITES)
    first.process.terminate()
    wait_until(lambda: is_running(job, 2), "It waits for its lease", seconds=10)
    taken = on_record(job)
    assert taken.worker != held_by
    assert taken.started_at
    assert taken.allowed_attempts - taken.attempts == Job.MAX_ATTEMPTS - 1, "It cost an attempt"
    first.process.wait(40)
    assert is_running(job, 2), "The end of the first worker has touched it"
    assert taken.cancel()


def test_a_brief_job_goes_past_a_long_one_on_a_worker_of_two_slots(
    start_worker: StartWorker,
) -> None:
    start_worker(app=SUITES)
    long, second = asked("tests.long", Lane.BULK), asked("tests.long", Lane.BULK)
    wait_until(lambda: is_running(long, 1), "The long one was not taken")
    brief = asked("tests.brief")
    wait_until(lambda: on_record(brief).state == Job.State.SUCCEEDED, "It waits for the long one")
    assert on_record(brief).result == {"done": True}
    assert (on_record(long).state, on_record(second).state) == ("running", "queued")
    assert long.cancel()
    wait_until(lambda: is_running(second, 1), "Nobody told of it once the slot was free")
    assert second.cancel()


def test_heavy_jobs_of_one_worker_take_turns(start_worker: StartWorker) -> None:
    start_worker(app=SUITES)
    jobs = [asked("tests.heavy"), asked("tests.heavy")]
    wait_until(
        lambda: {on_record(job).state for job in jobs} == {Job.State.SUCCEEDED},
        "They are not both done",
    )
    spans = [on_record(job).result["spans"] for job in jobs]
    assert spans[0][0] < spans[1][-1], "The second began after the first had ended"
    assert spans[1][0] < spans[0][-1], "The first began after the second had ended"
    for (_, ended), (began, _) in pairwise(sorted([*spans[0], *spans[1]])):
        assert ended <= began, "Both worked at once"


def test_a_job_that_kills_its_process_is_a_dead_letter_within_its_attempts_and_others_go_on(
    start_worker: StartWorker,
) -> None:
    start_worker(app=SUITES)
    deadly = asked("tests.deadly")
    for number in range(1, Job.MAX_ATTEMPTS + 1):
        wait_until(
            lambda n=number: is_running(deadly, n),  # type: ignore[misc]  # the number at this turn
            f"Attempt {number} was not made",
            seconds=30,
        )
        Job.objects.filter(pk=deadly.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        sweep()
    brief = asked("tests.brief")
    wait_until(lambda: on_record(brief).state == Job.State.SUCCEEDED, "No process is left")
    dead = on_record(deadly)
    assert (dead.state, dead.attempts) == (Job.State.DEAD, Job.MAX_ATTEMPTS)
    assert "Its worker was lost 5 times" in dead.traceback
