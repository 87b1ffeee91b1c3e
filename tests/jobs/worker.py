"""The product's Celery app with jobs of the suite's own, for `celery --app tests.jobs.worker`."""

import os
import signal
import threading
from typing import TYPE_CHECKING

from apps.jobs.registry import Lane, handles
from config.celery import app

if TYPE_CHECKING:  # it imports models, and Celery imports this before Django is ready
    from apps.jobs.runner import Run

__all__ = ["app"]


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
