"""One attempt at one job: claim, work, end; and the pulse that renews the lease meanwhile."""

import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseTrouble
from django.db import connection, transaction
from django.utils import timezone

from apps.core.request_id import request_id
from apps.jobs import turns, worker
from apps.jobs.bell import bell
from apps.jobs.claiming import claim_next
from apps.jobs.models import Job
from apps.jobs.registry import handler_of, limit_of
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
        self._undoing: list[Callable[[], Any]] = []
        self._stopping: list[Callable[[], Any]] = []
        self._turn: turns.Turn | None = None

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how many of how many are done, and let others have their turn.

        Raises Stopped if the work is no longer wanted.
        """
        self.job.done = done
        self.job.total = total if total is not None else self.job.total
        if self._turn:
            self._turn.pass_on()
        if self._stopped.is_set():
            raise Stopped

    @contextmanager
    def in_turns(self) -> Iterator[None]:
        """Take turns in the block with the worker's other jobs that do so too.

        It is for what keeps a processor busy, here or in the database, for seconds and longer; not
        for what waits for somebody else's server. `progress` is where another may have its turn.
        """
        with turns.taken(self._stopped) as turn:
            self._turn = turn
            try:
                yield
            finally:
                self._turn = None

    def on_stop(self, stop: Callable[[], Any]) -> None:
        """Have `stop()` called, in another thread, once the work is no longer wanted.

        It is for what does not ask `progress` for long, such as a statement of the database.
        """
        self._stopping.append(stop)

    def on_failure(self, undo: Callable[..., Any], *args: Any) -> None:
        """Have `undo(*args)` called if this attempt comes to nothing.

        It is for what a rollback does not reach, such as a file. A worker that is killed calls
        nothing, so the next attempt has to expect what the last one left.
        """
        self._undoing.append(partial(undo, *args))

    def undo(self) -> None:
        """Call what `on_failure` was given, the latest first."""
        while self._undoing:
            step = self._undoing.pop()
            try:
                step()
            except Exception:  # the other steps must still be taken, and the job is over anyway
                log.exception("job.not_undone", kind=self.job.kind)

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
                try:
                    still_ours = self._renew()
                except DatabaseTrouble as error:
                    log.warning("job.pulse_missed", job=self.job.pk, reason=str(error))
                    connection.close()
                    continue
                if not still_ours:
                    self._stopped.set()
                    for stop in self._stopping:
                        stop()
                    return
        finally:
            connection.close()

    def _renew(self) -> int:
        """Keep the job for this attempt, or hand it back; 0 if it is not this attempt's any more.

        Whatever the handler still does then is undone: the attempt cannot end any more.
        """
        if worker.has_to_hand_back(self.job.lane):
            if self.job.hand_back():
                log.info("job.handed_back", job=self.job.pk, kind=self.job.kind)
                bell.ring(self.job.pk)
            return 0
        return self.job.this_attempt().update(
            lease_until=timezone.now() + Job.LEASE, done=self.job.done, total=self.job.total
        )


def attempt_next() -> bool:
    """Do the fittest job that is due once; False if there is none. Raises as `attempt` does."""
    if worker.stopped_at():
        return False
    job = claim_next()
    if job is None:
        return False
    carry_out(job)
    ring_for_the_rest()
    return True


def ring_for_the_rest() -> None:
    """Have the next job done if one is due and no message waits that would get to it.

    Not every due job has a message of its own: a retry that fell due was done by the message of
    another one, or a message came while all slots of bulk jobs were taken, and found nothing.
    """
    waiting = Job.objects.filter(state=Job.State.QUEUED, run_after__lte=timezone.now())
    following = waiting.order_by("run_after").values_list("pk", flat=True).first()
    if following and bell.waiting() == 0:
        bell.ring(following)


def attempt(pk: int) -> bool:
    """Do this job once, ahead of all others, if it is to be had; False if it is not.

    Raises the database's errors if the end cannot be recorded: then the lease runs out and the
    sweeper sends the job again. Raises nothing of the handler's.
    """
    job = Job.objects.claim(pk)
    if job is None:
        return False
    carry_out(job)
    return True


def carry_out(job: Job) -> None:
    """Do a job that is claimed, under the ID of the request that asked for it."""
    token = request_id.set(job.request_id)
    about = {"job": job.pk, "kind": job.kind, "tenant": job.tenant_id, "user": job.requested_by_id}
    try:
        with structlog.contextvars.bound_contextvars(**about):
            conclude(Run(job))
    finally:
        request_id.reset(token)


def conclude(run: Run) -> None:
    """Work, record the end whatever it is, and undo what a failure left outside the database."""
    job = run.job
    record: Callable[[], bool] | None
    try:
        return work(run)
    except JobRefused as refusal:
        log.info("job.refused", kind=job.kind, reason=str(refusal))
        record = partial(job.finish, Job.State.FAILED, error=str(refusal))
    except Stopped:
        log.info("job.stopped", kind=job.kind)
        record = None
    except SoftTimeLimitExceeded:
        log.exception("job.took_too_long", kind=job.kind)
        record = partial(job.give_up, traceback=traceback.format_exc())
    except Exception:  # whatever a handler raises is the job's failure, not the worker's
        log.exception("job.failed", kind=job.kind, attempts=job.attempts)
        record = partial(job.fail, traceback=traceback.format_exc())
    if record:
        record()
    if not job.has_succeeded():
        run.undo()


def work(run: Run) -> None:
    """Run the handler; its effects and the job's end are one commit."""
    job = run.job
    handler, limit = handler_of(job.kind), limit_of(job.kind)
    with run, within(limit), transaction.atomic(), ExitStack() as scope:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{limit.total_seconds():f}s'")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '300s'")
            # A job is in no such hurry that the database should put several processors to it.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        if job.tenant:
            scope.enter_context(tenant_scope(job.tenant))
        handler(run)
        if not job.finish(Job.State.SUCCEEDED):
            raise Stopped
    log.info("job.succeeded", kind=job.kind, attempts=job.attempts)


@contextmanager
def within(limit: timedelta) -> Iterator[None]:
    """Raise SoftTimeLimitExceeded in the block once it takes longer than `limit`.

    Celery's own limit is of all messages, and a message does not know which job it will get. A
    signal interrupts what waits as well; it reaches a process' main thread, where a worker works,
    and in any other thread there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*args: object) -> None:
        raise SoftTimeLimitExceeded

    handler = signal.signal(signal.SIGALRM, end)
    timer = signal.setitimer(signal.ITIMER_REAL, limit.total_seconds())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)
