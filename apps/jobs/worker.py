"""What a worker knows of itself: its name, how many jobs it does at once, if it is being stopped.

It is told before its pool is forked, so that each process of the pool knows it as well.
"""

import mmap
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from apps.jobs.registry import Lane

_slots: list[int] = []
# Shared with the pool's processes, since only the main process is told to stop.
_stopped_at = mmap.mmap(-1, struct.calcsize("d"))


def name() -> str:
    """The worker that this process works for: the same for all processes of one pool."""
    return f"{socket.gethostname()[:90]}:{os.getppid()}"


def slots() -> int:
    """How many jobs this worker does at once."""
    return _slots[-1] if _slots else settings.CELERY_WORKER_CONCURRENCY


def bulk_slots() -> int:
    """How many of them bulk jobs may take: all but one, so that mail never waits for an export."""
    return max(1, slots() - 1)


def bulk_slots_of_a_tenant() -> int:
    """How many of those the bulk jobs of one tenant may take: half, so that two tenants share."""
    return -(-bulk_slots() // 2)


def has_to_hand_back(lane: int) -> bool:
    """Whether a job of this lane that runs has to go back to the queue, since the worker stops.

    Bulk jobs go at once. The others have seconds to do, so they get most of what the worker waits
    for; what it then ends (CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT) would be found by its lease only.
    """
    since = stopped_at()
    if not since:
        return False
    patience = 0 if lane == Lane.BULK else settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT * 0.6
    return time.time() >= since + patience


def stopped_at() -> float:
    """When the worker was told to stop, in seconds since 1970; 0 if it was not."""
    moment: float = struct.unpack("d", _stopped_at[:])[0]
    return moment


def note_stop(moment: float) -> None:
    """Have every process of the pool know since when the worker is being stopped; 0 for not."""
    _stopped_at[:] = struct.pack("d", moment)


def note_slots(instance: Any, **kwargs: Any) -> None:
    """Keep how many jobs the worker does at once, which its command line may say."""
    _slots.append(int(instance.concurrency))


def watch_for_stop(**kwargs: Any) -> None:
    """Note the moment at which Celery is told to stop.

    It has a signal of its own for it, and sends that once it has waited for what still runs.
    """
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, noting(handler))


def noting(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler of a signal, with the moment noted before."""

    def handle(*args: Any) -> Any:
        if not stopped_at():
            note_stop(time.time())
        return handler(*args)

    return handle
