"""The product's Celery app with jobs of the suite's own, for `celery --app tests.jobs.worker`."""

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from celery import signals

from apps.jobs import turns
from apps.jobs.registry import Lane, handles
from config.celery import app

if TYPE_CHECKING:  # it imports models, and Celery imports this before Django is ready
    from apps.jobs.runner import Run

__all__ = ["app"]


@signals.celeryd_after_setup.connect
def leave_one_turn(**kwargs: object) -> None:
    """Of the turns that the product has made for this machine, however large it is."""
    turns._shared[0].numbers = range(1, 2)


@handles("tests.long", lane=Lane.BULK)
def long(run: "Run") -> None:
    """Work until the job is cancelled or handed back."""
    pause, step = threading.Event(), 0
    while True:
        step += 1
        run.progress(step)
        pause.wait(0.05)


@handles("tests.brief")
def brief(run: "Run") -> None:
    """Nearly nothing."""
    run.job.result = {"done": True}


@handles("tests.deadly")
def deadly(run: "Run") -> None:
    """End the process that works, as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@handles("tests.heavy")
def heavy(run: "Run") -> None:
    """Work in turns, and note when: pairs of seconds, by the clock that all processes share."""
    pause, spans = threading.Event(), []
    with run.in_turns():
        for step in range(1, 41):
            began = time.monotonic()
            pause.wait(0.02)
            spans.append((began, time.monotonic()))
            run.progress(step, 40)
    run.job.result = {"spans": spans}
