"""The product's Celery app with work of the suite's own, for `celery --app tests.core.worker`."""

from typing import TYPE_CHECKING

import structlog

from apps.core.celery import platform_task
from apps.jobs.registry import handles
from config.celery import app

if TYPE_CHECKING:
    from apps.jobs.runner import Run

__all__ = ["app"]

log = structlog.get_logger("slipway.test")


@handles("tests.explode")
def explode(run: "Run") -> None:
    """Say something, then fail with what was asked in the message."""
    log.info("exploding")
    raise RuntimeError(f"exploded with {run.job.arguments}")


@platform_task(name="tests.speak")
def speak(password: str) -> None:
    """Say something; it is a plain task, without a row."""
    log.info("speaking")


@platform_task(name="tests.stumble")
def stumble(password: str) -> None:
    """Fail; it is a plain task, without a row."""
    raise RuntimeError("stumbled")
