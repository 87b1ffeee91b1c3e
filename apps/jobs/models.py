"""The job table: what was asked for, written in the transaction that asks; Redis only wakes.

A worker claims a row by a conditional update with a lease that it renews. Effects and the end of
the job commit together, guarded by the number of the attempt, so that a job that ran twice shows
once. What was never woken, or whose lease ran out, is sent again by the sweeper.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.core.request_id import request_id

log = structlog.get_logger("slipway.jobs")


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, now: datetime) -> "JobQuerySet":
        """Those that a worker should have begun: queued, or running with a lease that ran out."""
        queued = Q(state=Job.State.QUEUED, run_after__lte=now)
        abandoned = Q(state=Job.State.RUNNING, lease_until__lt=now)
        return self.filter(queued | abandoned)

    def bury(self) -> int:
        """End the overdue ones that used up their attempts, as when a job kills its worker."""
        spent = self.due(timezone.now()).filter(attempts__gte=Job.MAX_ATTEMPTS)
        return spent.update(
            state=Job.State.FAILED, error=Job.GAVE_UP, finished_at=timezone.now(), lease_until=None
        )

    def claim(self, pk: int) -> "Job | None":
        """Take the job for one attempt, or return None if it is not to be had."""
        now = timezone.now()
        taken = (
            self.due(now)
            .filter(pk=pk, attempts__lt=Job.MAX_ATTEMPTS)
            .update(
                state=Job.State.RUNNING,
                attempts=F("attempts") + 1,
                lease_until=now + Job.LEASE,
                started_at=now,
            )
        )
        return self.select_related("tenant", "requested_by").get(pk=pk) if taken else None


class Job(models.Model):
    """A piece of work that a worker does: at least once, its effects once."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    LEASE: ClassVar[timedelta] = timedelta(seconds=60)
    MAX_ATTEMPTS: ClassVar[int] = 5
    GAVE_UP: ClassVar[str] = "Something went wrong on our side. We have been told."

    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="jobs"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    error = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    run_after = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["run_after"],
                condition=Q(state__in=["queued", "running"]),
                name="jobs_job_open",
            ),
            models.Index(fields=["tenant", "-id"], name="jobs_job_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @classmethod
    def ask(cls, kind: str, *, tenant: Any = None, by: Any = None, **arguments: Any) -> "Job":
        """Write down a job in the caller's transaction, and wake a worker once it is committed."""
        job = cls.objects.create(
            kind=kind,
            tenant=tenant,
            requested_by=by,
            arguments=arguments,
            request_id=request_id.get(),
        )
        transaction.on_commit(job.wake)
        return job

    def wake(self) -> None:
        """Tell a worker. If the broker cannot be reached the sweeper will: nothing is lost."""
        from apps.jobs.tasks import run

        try:
            run.apply_async(args=[self.pk], ignore_result=True)
        except (run.OperationalError, OSError) as error:
            log.warning("job.not_woken", job=self.pk, kind=self.kind, reason=type(error).__name__)

    @property
    def is_active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100, or None while the whole is not known."""
        if self.state == self.State.SUCCEEDED:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else None

    @property
    def seconds_left(self) -> int | None:
        """About how long it still takes, or None where nothing can be said."""
        if self.state != self.State.RUNNING or not (self.done and self.total and self.started_at):
            return None
        elapsed = (timezone.now() - self.started_at).total_seconds()
        return max(1, round(elapsed * (self.total - self.done) / self.done))

    def cancel(self) -> bool:
        """Ask it to stop; a running job stops at its next step. False if it had ended."""
        open_jobs = Job.objects.filter(
            pk=self.pk, state__in=[self.State.QUEUED, self.State.RUNNING]
        )
        return bool(open_jobs.update(state=self.State.CANCELLED, finished_at=timezone.now()))

    def this_attempt(self) -> JobQuerySet:
        """The row, if it is still ours: running, in the attempt that we claimed."""
        return Job.objects.filter(pk=self.pk, state=self.State.RUNNING, attempts=self.attempts)

    def finish(self, state: str, *, error: str = "", traceback: str = "") -> bool:
        """End this attempt. False if another has taken over or somebody cancelled."""
        return bool(
            self.this_attempt().update(
                state=state,
                error=error,
                traceback=traceback,
                done=self.done,
                total=self.total,
                finished_at=timezone.now(),
                lease_until=None,
            )
        )

    def retry(self, *, traceback: str) -> bool:
        """Put this attempt back into the queue, to run 5 s, 20 s, 80 s … from now."""
        wait = timedelta(seconds=5 * 4 ** (self.attempts - 1))
        return bool(
            self.this_attempt().update(
                state=self.State.QUEUED,
                traceback=traceback,
                run_after=timezone.now() + wait,
                lease_until=None,
            )
        )
