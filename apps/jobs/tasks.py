"""The Celery tasks of the job table: do the next job, sweep up the forgotten, purge the old."""

from apps.core.celery import platform_task
from apps.jobs import retention
from apps.jobs.bell import bell
from apps.jobs.models import Job
from apps.jobs.runner import attempt_next

FILL = 2000  # messages that a sweep fills the broker up to


@platform_task(name="jobs.run")
def run(pk: int | None = None) -> None:
    """Attempt the fittest job that is due.

    The message means no more than that there is work. It names the job whose asker sent it, which
    a worker of a former release does.
    """
    attempt_next()


@platform_task(name="jobs.sweep")
def sweep() -> None:
    """Wake what is overdue: the broker was away, a worker died, or a retry is due.

    Each overdue job is a message, but never so many that they pile up while all workers are busy.
    """
    Job.objects.bury()
    Job.objects.take_back()
    there = bell.waiting()
    if there is None:
        return
    for job in Job.objects.rouse(max(1, FILL - there)):
        bell.ring(job.pk)


@platform_task(name="jobs.purge")
def purge() -> None:
    """Delete the jobs that ended long ago."""
    retention.purge()
