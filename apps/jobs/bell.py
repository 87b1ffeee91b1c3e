"""How a worker is told that there is work, without ever holding up whoever asked for it."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import Any

import structlog
from kombu.exceptions import OperationalError
from kombu.pools import connections, producers

from apps.core.cache import AWAY, breaker_of

PATIENCE = 0.1  # seconds
log = structlog.get_logger("slipway.jobs")


def hurried(app: Any) -> Any:
    """The pool of those who send for `app` and give up soon.

    Sending reads from the broker twice, so its patience is spent twice: 0.2 s at the worst, within
    the 0.3 s that a request may wait for Redis.
    """
    return producers[in_a_hurry(app)]


def in_a_hurry(app: Any) -> Any:
    """A connection to the broker of `app` that gives up soon."""
    timeouts = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
    return app.connection(transport_options=timeouts)


class Allowance(threading.local):
    """How long a request still waits until the workers are told, over all jobs that it asks for.

    Each answer comes within PATIENCE or not at all, but a connection takes several, and a hundred
    jobs a hundred. Outside of requests nobody waits, and there is no limit.
    """

    GIVEN = 0.25  # seconds
    left: float | None = None

    def give(self, **kwargs: Any) -> None:
        """Begin with a request."""
        self.left = self.GIVEN

    def end(self, **kwargs: Any) -> None:
        """End with it."""
        self.left = None


@cache
def helpers(pid: int) -> ThreadPoolExecutor:
    """The threads that tell while a request waits no longer; those of this process, once forked."""
    return ThreadPoolExecutor(4, thread_name_prefix="bell")


class Bell:
    """Rings the workers over the broker; while Redis is away it stays silent for a while.

    Whether Redis is away it shares with the cache (apps/core/cache.py), which is on the same
    server: so a request that uses both, or asks for a hundred jobs, waits once.
    """

    def __init__(self) -> None:
        self.allowance = Allowance()

    def ring_in_passing(self, pk: int) -> bool:
        """Tell the workers, and wait no longer for it than the request's allowance lasts.

        False if they were not told by then. What is under way is still sent; what comes after it in
        the same request is left to the sweeper.
        """
        if self.allowance.left is None:
            return self.ring(pk)
        if self.allowance.left <= 0:
            return False
        begun = time.monotonic()
        try:
            telling = helpers(os.getpid()).submit(copy_context().run, self.ring, pk)
            return telling.result(self.allowance.left)
        except (TimeoutError, RuntimeError):  # RuntimeError: the process is about to end
            return False
        finally:
            self.allowance.left -= time.monotonic() - begun

    def ring(self, pk: int) -> bool:
        """Tell the workers of the job with this primary key; False if they could not be told."""
        from apps.jobs.tasks import run

        breaker = breaker_of(run.app.conf.broker_url)
        turn = breaker.turn()
        if turn is None:
            return False
        try:
            with hurried(run.app).acquire(block=True) as producer:
                run.apply_async(args=[pk], producer=producer, ignore_result=True)
        except (OperationalError, OSError) as error:
            breaker.failed(error)
            log.warning("broker.unreachable", reason=str(error), silent_seconds=breaker.PAUSE)
            return False
        breaker.answered(turn)
        return True

    def waiting(self) -> int | None:
        """How many messages wait in the queue; None while the broker does not say."""
        from apps.jobs.tasks import run

        breaker = breaker_of(run.app.conf.broker_url)
        turn = breaker.turn()
        if turn is None:
            return None
        try:
            with connections[in_a_hurry(run.app)].acquire(block=True) as connection:
                name = run.app.conf.task_default_queue
                there: int = connection.default_channel._size(name)
        except (OperationalError, *AWAY) as error:
            breaker.failed(error)
            return None
        breaker.answered(turn)
        return there


bell = Bell()
