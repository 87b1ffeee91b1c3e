"""The reads of the job table, and what the sweeper does to many of its rows."""

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.jobs import worker
from apps.jobs.registry import Lane

if TYPE_CHECKING:
    from apps.jobs.models import Job

log = structlog.get_logger("slipway.jobs")


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> "JobQuerySet":
        """Those that still wait or run."""
        return self.filter(state__in=[self.model.State.QUEUED, self.model.State.RUNNING])

    def due(self, now: datetime) -> "JobQuerySet":
        """Those that a worker should have begun: queued, or running with a lease that ran out."""
        queued = Q(state=self.model.State.QUEUED, run_after__lte=now)
        abandoned = Q(state=self.model.State.RUNNING, lease_until__lt=now)
        return self.filter(queued | abandoned)

    def bury(self) -> int:
        """End the overdue ones that used up their attempts, as when a job kills its worker."""
        now, buried = timezone.now(), 0
        spent = self.due(now).filter(attempts__gte=F("allowed_attempts"))
        for job in spent.select_related("tenant", "requested_by"):
            trace = job.traceback or f"Its worker was lost {job.attempts} times."
            ours = self.due(now).filter(pk=job.pk, attempts=job.attempts)
            if job.end(ours, self.model.State.DEAD, error=self.model.GAVE_UP, traceback=trace):
                buried += 1
                log.error("job.buried", job=job.pk, kind=job.kind, attempts=job.attempts)
        return buried

    def take_back(self) -> int:
        """Put those back whose lease ran out, as when their worker was killed; return how many."""
        now = timezone.now()
        return self.filter(state=self.model.State.RUNNING, lease_until__lt=now).update(
            state=self.model.State.QUEUED, lease_until=None, wake_after=now
        )

    def rouse(self, limit: int) -> list["Job"]:
        """Choose up to `limit` that are due and that no worker has heard of lately.

        They are left alone for a while afterwards, or else a long queue would fill the broker
        with a new message for each of its jobs at every sweep. Of bulk jobs a few are chosen: more
        than that no worker could take.
        """
        now = timezone.now()
        waiting = self.filter(state=self.model.State.QUEUED, run_after__lte=now)
        unheard = waiting.filter(wake_after__lte=now).order_by("run_after")
        bulk = Q(lane=Lane.BULK.value)
        chosen: list[Job] = [
            *unheard.filter(~bulk)[:limit],
            *unheard.filter(bulk)[: min(limit, self.model.FEW)],
        ]
        self.filter(pk__in=[job.pk for job in chosen]).update(wake_after=now + self.model.PATIENCE)
        return chosen

    def claim(self, pk: int) -> "Job | None":
        """Take this job, ahead of all others, or return None if it is not to be had."""
        now = timezone.now()
        taken = (
            self.due(now)
            .filter(pk=pk, attempts__lt=F("allowed_attempts"))
            .update(
                state=self.model.State.RUNNING,
                attempts=F("attempts") + 1,
                lease_until=now + self.model.LEASE,
                started_at=now,
                worker=worker.name(),
                done=0,
                total=None,
            )
        )
        return self.select_related("tenant", "requested_by").get(pk=pk) if taken else None
