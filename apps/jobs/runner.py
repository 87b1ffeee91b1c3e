"""One attempt at one job: claim, work, end; and the pulse that renews the lease meanwhile."""

import threading
import traceback
from contextlib import ExitStack

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.request_id import request_id
from apps.jobs.models import Job
from apps.jobs.registry import handler_of
from apps.tenants.scope import tenant_scope

log = structlog.get_logger("slipway.jobs")


class JobRefused(Exception):
    """The job can never succeed; the message is meant for the person who asked for it."""


class Stopped(Exception):
    """The job was cancelled, or another worker has taken it over."""


class Run:
    """What a handler holds while it works: the job, and a way to say how far it is."""

    PULSE = 1.0  # seconds

    def __init__(self, job: Job) -> None:
        self.job = job
        self._ended = threading.Event()
        self._stopped = threading.Event()
        self._pulse = threading.Thread(target=self._beat, daemon=True, name=f"job-{job.pk}")

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how many of how many are done. Raises Stopped if the work is no longer wanted."""
        if self._stopped.is_set():
            raise Stopped
        self.job.done = done
        self.job.total = total if total is not None else self.job.total

    def __enter__(self) -> "Run":
        self._pulse.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._pulse.join()

    def _beat(self) -> None:
        """Renew the lease and show the progress, outside the handler's transaction."""
        try:
            while not self._ended.wait(self.PULSE):
                still_ours = self.job.this_attempt().update(
                    lease_until=timezone.now() + Job.LEASE,
                    done=self.job.done,
                    total=self.job.total,
                )
                if not still_ours:
                    self._stopped.set()
                    return
        finally:
            connection.close()


def attempt(pk: int) -> None:
    """Do the job once, if it is to be had; record how it ended. Raises nothing of the handler's."""
    job = Job.objects.claim(pk)
    if job is None:
        return
    token = request_id.set(job.request_id)
    try:
        work(job)
    except JobRefused as refusal:
        job.finish(Job.State.FAILED, error=str(refusal))
    except Stopped:
        log.info("job.stopped", job=job.pk, kind=job.kind)
    except Exception:  # whatever a handler raises is the job's failure, not the worker's
        fail(job, traceback.format_exc())
    finally:
        request_id.reset(token)


def work(job: Job) -> None:
    """Run the handler; its effects and the job's end are one commit."""
    handler = handler_of(job.kind)
    with Run(job) as run, transaction.atomic(), ExitStack() as scope:
        with connection.cursor() as cursor:
            limit = settings.CELERY_TASK_SOFT_TIME_LIMIT
            cursor.execute(f"SET LOCAL statement_timeout = '{limit:d}s'")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '300s'")
        if job.tenant:
            scope.enter_context(tenant_scope(job.tenant))
        handler(run)
        if not job.finish(Job.State.SUCCEEDED):
            raise Stopped
    log.info("job.succeeded", job=job.pk, kind=job.kind, attempts=job.attempts)


def fail(job: Job, trace: str) -> None:
    """Try again later, or give up after the last attempt and keep the traceback."""
    log.error("job.failed", job=job.pk, kind=job.kind, attempts=job.attempts, traceback=trace)
    if job.attempts < Job.MAX_ATTEMPTS:
        job.retry(traceback=trace)
    else:
        job.finish(Job.State.FAILED, error=Job.GAVE_UP, traceback=trace)
