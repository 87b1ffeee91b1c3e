"""Killing a worker in the middle of a job, and having another one take it over."""

import time
from datetime import timedelta

import psutil
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.tasks import sweep
from tests.jobs.conftest import on_record
from tests.world.waiting import wait_until
from tests.world.worker import Worker


def killed(worker: Worker) -> None:
    """End a worker and what works for it as a power cut does."""
    for process in psutil.Process(worker.process.pid).children(recursive=True):
        process.kill()
    worker.kill()


def ended(job: Job) -> bool:
    return on_record(job).state not in {"queued", "running"}


def kill_after(worker: Worker, job: Job, seconds: float) -> bool:
    """Kill a worker so long after it took the job; return whether it had not ended by then."""
    wait_until(lambda: on_record(job).state != "queued", "Nobody took it", seconds=60)
    until = time.monotonic() + seconds
    wait_until(lambda: ended(job) or time.monotonic() > until, "It stood still", seconds=120)
    killed(worker)
    return not ended(job)


def taken_over(job: Job) -> None:
    """Let the dead worker's lease run out, sweep, and have the job done by another."""
    long_ago = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk, state="running").update(lease_until=long_ago)
    sweep()
    wait_until(lambda: ended(job), "Nobody took the job over", seconds=120)
    assert on_record(job).state == "succeeded", on_record(job).traceback
