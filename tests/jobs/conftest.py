"""What the tests of jobs share: handlers for the length of a test, and jobs as on record."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.jobs import registry
from apps.jobs.models import Job
from apps.jobs.registry import Handler, Kind
from apps.jobs.runner import Run, attempt


@pytest.fixture
def handled_by(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Give a function a kind of jobs for the length of a test; return the kind."""

    def register(handler: Handler, **declared: Any) -> str:
        kind = f"tests.{handler.__name__}"
        monkeypatch.setitem(registry._kinds, kind, Kind(handler, **declared))
        return kind

    return register


@pytest.fixture
def quick_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a running job renew its lease and notice a cancellation within 20 ms."""
    monkeypatch.setattr(Run, "PULSE", 0.02)


@pytest.fixture
def in_background() -> Iterator[Callable[[int], threading.Thread]]:
    """Attempt a job in a thread with a connection of its own; all have ended with the test."""
    threads: list[threading.Thread] = []

    def start(pk: int) -> threading.Thread:
        thread = threading.Thread(target=attempt_and_hang_up, args=[pk])
        threads.append(thread)
        thread.start()
        return thread

    yield start
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive(), "An attempt did not end"


def attempt_and_hang_up(pk: int) -> None:
    from django.db import connection

    try:
        attempt(pk)
    finally:
        connection.close()


def on_record(job: Job) -> Job:
    """The job as the database has it now."""
    return Job.objects.get(pk=job.pk)
