"""The Celery tasks of the job table: wake one job, and sweep up those that nobody woke."""

from apps.core.celery import platform_task
from apps.jobs.models import Job
from apps.jobs.runner import attempt


@platform_task(name="jobs.run")
def run(pk: int) -> None:
    """Attempt the job with this primary key."""
    attempt(pk)


@platform_task(name="jobs.sweep")
def sweep() -> None:
    """Wake what is overdue: the broker was away, a worker died, or a retry is due."""
    Job.objects.bury()
    for job in Job.objects.rouse():
        job.wake()
