"""The job table: what was asked for, written in the transaction that asks; Redis only wakes.

A worker claims a row by a conditional update with a lease that it renews. Effects and the end of
the job commit together, guarded by the number of the attempt, so that a job that ran twice shows
once. What was never woken, or whose lease ran out, is sent again by the sweeper.
"""

import random
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core import events
from apps.core.request_id import request_id
from apps.jobs.querysets import JobQuerySet
from apps.jobs.registry import Lane, ended_of, lane_of, words_of
from apps.tenants.scope import tenant_scope

if TYPE_CHECKING:
    from apps.tenants.models import Membership

log = structlog.get_logger("slipway.jobs")
# Whose queue a job stands in; what belongs to no tenant stands in one together.
PARTY = Coalesce("tenant", Value(0), output_field=models.BigIntegerField())
CANCELLED = events.action("job.cancelled", "cancelled {target}")
RETRIED = events.action("job.retried", "had {target} tried again")
DISCARDED = events.action("job.discarded", "discarded {target}")


class Job(models.Model):
    """A piece of work that a worker does: at least once, its effects once."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"  # refused: it can never succeed, and its error says why
        DEAD = "dead", "Given up"  # a dead letter: the fault is ours, and the traceback is kept
        CANCELLED = "cancelled", "Cancelled"
        DISCARDED = "discarded", "Discarded"  # a dead letter that nobody needs

    LEASE: ClassVar[timedelta] = timedelta(seconds=60)
    PATIENCE: ClassVar[timedelta] = timedelta(seconds=30)
    FEW: ClassVar[int] = 20
    MAX_ATTEMPTS: ClassVar[int] = 5
    GAVE_UP: ClassVar[str] = "Something went wrong on our side. We have been told."

    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="jobs"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200, blank=True)
    # What makes asking again the same as having asked; blank for most.
    key = models.CharField(max_length=200, blank=True, default="", db_default="")
    lane = models.SmallIntegerField(default=Lane.ORDINARY.value, db_default=Lane.ORDINARY.value)
    arguments = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # Only ever grows: it tells an attempt that lost its lease from the one that took over.
    attempts = models.PositiveSmallIntegerField(default=0)
    allowed_attempts = models.PositiveSmallIntegerField(default=MAX_ATTEMPTS)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    error = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    # What a handler leaves for whoever asked, by run.job.result; saved with the end.
    result = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    created_at = models.DateTimeField(auto_now_add=True)
    run_after = models.DateTimeField(default=timezone.now)
    wake_after = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    # Which worker took it last (apps/jobs/worker.py).
    worker = models.CharField(max_length=120, blank=True, default="", db_default="")
    finished_at = models.DateTimeField(null=True)
    # When whoever asked was shown how it ended.
    seen_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["run_after"],
                condition=Q(state__in=["queued", "running"]),
                name="jobs_job_open",
            ),
            models.Index(fields=["tenant", "-id"], name="jobs_job_newest"),
            models.Index(fields=["tenant", "state", "-id"], name="jobs_job_state"),
            models.Index(
                fields=["requested_by", "-id"],
                condition=Q(seen_at=None, requested_by__isnull=False),
                name="jobs_job_unseen",
            ),
            # By these, but for the third, the next job is found (apps/jobs/claiming.py).
            models.Index(
                F("lane"),
                PARTY,
                F("run_after"),
                F("id"),
                condition=Q(state="queued"),
                name="jobs_job_queued",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state="running"), name="jobs_job_running"
            ),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="jobs_job_finished",
            ),
            models.Index(
                PARTY,
                F("started_at").desc(),
                condition=Q(started_at__isnull=False),
                name="jobs_job_served",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "key"],
                condition=~Q(key="") & Q(tenant__isnull=False),
                name="jobs_job_key_in_tenant",
            ),
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=~Q(key="") & Q(tenant__isnull=True),
                name="jobs_job_key_of_none",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.kind} {self.pk}"

    @classmethod
    def ask(
        cls,
        kind: str,
        *,
        tenant: Any = None,
        by: Any = None,
        title: str = "",
        key: str = "",
        **arguments: Any,
    ) -> "Job":
        """Write down a job in the caller's transaction, and wake a worker once it is committed.

        `title` is what people are shown, such as "Export of clients"; `arguments` are JSON values.
        With a `key`, asking the same of the same tenant again gives the job that is there,
        whatever became of it, until it is purged; of two who ask at once one waits for the other.
        Raises ValueError for a key of more than 200 characters.
        """
        if len(key) > 200:
            raise ValueError(f"A job's key has at most 200 characters, not {len(key)}: digest it")
        facts = {
            "requested_by": by,
            "title": title[:200],
            "lane": lane_of(kind).value,
            "arguments": arguments,
            "request_id": request_id.get(),
            "wake_after": timezone.now() + cls.PATIENCE,
        }
        if key:
            job, is_new = cls.objects.get_or_create(facts, tenant=tenant, kind=kind, key=key)
        else:
            job, is_new = cls.objects.create(tenant=tenant, kind=kind, **facts), True
        if is_new:
            transaction.on_commit(job.wake)
        return job

    def wake(self) -> None:
        """Tell a worker. If the broker cannot be reached a sweep will: nothing is lost."""
        from apps.jobs.bell import bell

        bell.ring_in_passing(self.pk)

    @property
    def kind_in_words(self) -> str:
        """What people call jobs of its kind."""
        return words_of(self.kind)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title or self.kind_in_words

    @property
    def may_be_retried(self) -> bool:
        """Whether it ended without success."""
        return not self.is_active and self.state != self.State.SUCCEEDED

    @property
    def is_between_attempts(self) -> bool:
        """Whether its last attempt failed and the next one is still to come."""
        return self.state == self.State.QUEUED and bool(self.traceback)

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
    def left(self) -> int:
        """How many are still to be done, as far as is known."""
        return max(0, (self.total or 0) - self.done)

    @property
    def seconds_left(self) -> int | None:
        """About how long it still takes, or None where nothing can be said.

        At the mean pace of this attempt, which no short stop makes jump; and reckoned from when
        the rows were counted, a lease ago, so that it runs down evenly between two pulses.
        """
        if self.state != self.State.RUNNING or not (self.done and self.total and self.started_at):
            return None
        now = timezone.now()
        counted_at = min(now, self.lease_until - self.LEASE) if self.lease_until else now
        elapsed = (counted_at - self.started_at).total_seconds()
        since = (now - counted_at).total_seconds()
        return max(1, round(elapsed * self.left / self.done - since))

    @property
    def explanation(self) -> str:
        """Why it failed; where the fault is ours, with the ID that finds it in the logs."""
        if self.error == self.GAVE_UP and self.request_id:
            return f"{self.error} If you write to us, quote {self.request_id}."
        return self.error

    def may_be_cancelled_by(self, membership: "Membership") -> bool:
        """Whoever asked for it may stop it, and so may an admin."""
        return membership.is_admin or membership.user_id == self.requested_by_id

    @transaction.atomic
    def cancel(self, *, by: Any = None) -> bool:
        """Ask it to stop; a running job stops at its next step. False if it had ended."""
        ended = {"state": self.State.CANCELLED, "finished_at": timezone.now(), "lease_until": None}
        if not Job.objects.open().filter(pk=self.pk).update(**ended):
            return False
        if self.tenant:
            CANCELLED.record(tenant=self.tenant, by=by, target=self)
        return True

    @transaction.atomic
    def retry(self, *, by: Any = None) -> bool:
        """Give one that ended without success as many attempts again. False for any other."""
        now, lost = timezone.now(), self.State
        ended = Job.objects.filter(
            pk=self.pk, state__in=[lost.FAILED, lost.DEAD, lost.CANCELLED, lost.DISCARDED]
        ).update(
            state=self.State.QUEUED,
            allowed_attempts=F("attempts") + self.MAX_ATTEMPTS,
            error="",
            finished_at=None,
            seen_at=None,
            run_after=now,
            wake_after=now + self.PATIENCE,
        )
        if ended:
            if self.tenant:
                RETRIED.record(tenant=self.tenant, by=by, target=self)
            transaction.on_commit(self.wake)
        return bool(ended)

    @transaction.atomic
    def discard(self, *, by: Any = None) -> bool:
        """Lay a dead letter aside that nobody needs any more. False for any other job."""
        dead = Job.objects.filter(pk=self.pk, state=self.State.DEAD)
        if not dead.update(state=self.State.DISCARDED):
            return False
        if self.tenant:
            DISCARDED.record(tenant=self.tenant, by=by, target=self)
        return True

    def this_attempt(self) -> JobQuerySet:
        """The row, if it is still ours: running, in the attempt that we claimed."""
        return Job.objects.filter(pk=self.pk, state=self.State.RUNNING, attempts=self.attempts)

    def finish(self, state: str, *, error: str = "", traceback: str = "") -> bool:
        """End this attempt. False if another has taken over or somebody cancelled."""
        return self.end(self.this_attempt(), state, error=error, traceback=traceback)

    @transaction.atomic
    def end(self, ours: JobQuerySet, state: str, *, error: str, traceback: str) -> bool:
        """End the job for good, if it is still among `ours`, and tell of it; False if it is not."""
        facts = {
            "state": state,
            "error": error,
            "traceback": traceback,
            "result": self.result,
            "done": self.done,
            "total": self.total,
            "finished_at": timezone.now(),
            "lease_until": None,
        }
        if not ours.update(**facts):
            return False
        for name, value in facts.items():
            setattr(self, name, value)
        self.tell()
        return True

    def tell(self) -> None:
        """Call what the kind wants called at an end. The end stands even if that fails."""
        ended = ended_of(self.kind)
        if ended is None:
            return
        try:
            with transaction.atomic(), ExitStack() as scope:
                if self.tenant:
                    scope.enter_context(tenant_scope(self.tenant))
                ended(self)
        except Exception:
            if connection.needs_rollback:  # then the end is lost as well, and must not look done
                raise
            log.exception("job.end_not_told", job=self.pk, kind=self.kind)

    def has_succeeded(self) -> bool:
        """Whether this attempt is on record as done: a commit whose answer got lost counts."""
        done = Job.objects.filter(pk=self.pk, state=self.State.SUCCEEDED, attempts=self.attempts)
        return done.exists()

    def give_up(self, *, traceback: str) -> bool:
        """End this attempt and the job with it, and keep the traceback."""
        return self.finish(self.State.DEAD, error=self.GAVE_UP, traceback=traceback)

    def fail(self, *, traceback: str) -> bool:
        """Put this attempt back, to run about 5, 20, 80 … s from now, or give up after the last.

        About, since what failed together, as when a server was away, must not come back together.
        """
        if self.attempts >= self.allowed_attempts:
            return self.give_up(traceback=traceback)
        tries = self.attempts + self.MAX_ATTEMPTS - self.allowed_attempts
        wait = 5 * 4 ** (tries - 1) * random.uniform(0.75, 1.25)  # noqa: S311  # no secret
        due = timezone.now() + timedelta(seconds=wait)
        return bool(
            self.this_attempt().update(
                state=self.State.QUEUED,
                traceback=traceback,
                run_after=due,
                wake_after=due,
                lease_until=None,
            )
        )

    def hand_back(self) -> bool:
        """Put this attempt back as if it had not been, since its worker stops; False if it ended.

        The attempt keeps its number, by which it is told from the next one, so that one more is
        allowed.
        """
        now = timezone.now()
        return bool(
            self.this_attempt().update(
                state=self.State.QUEUED,
                allowed_attempts=F("allowed_attempts") + 1,
                run_after=now,
                wake_after=now + self.PATIENCE,
                lease_until=None,
            )
        )
