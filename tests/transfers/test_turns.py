"""What transfers do for long, they do in turns with each other, by apps/jobs/turns.py."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.jobs.runner import Run
from apps.transfers.models import Export, Import


@pytest.fixture
def in_turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of the jobs that have done their work in turns."""
    kinds: list[str] = []
    working = Run.in_turns

    @contextmanager
    def noted(run: Run) -> Iterator[None]:
        with working(run), CaptureQueriesContext(connection) as sent:
            yield
        assert len(sent), f"{run.job.kind} did nothing in its turn"
        kinds.append(run.job.kind)

    monkeypatch.setattr(Run, "in_turns", noted)
    return kinds


def test_an_export_an_import_its_trial_and_its_undoing_work_in_turns(
    in_turns: list[str],
    ready: Export,
    prepare: Callable[..., Import],
    bring_in: Callable[..., Import],
    do_jobs: Callable[[], int],
) -> None:
    prepare("name\nTrial\nSecond\n", trial=True)
    do_jobs()
    each = bring_in("name\nOne\nTwo\nThree\n")
    assert each.ask_to_undo(by=each.created_by)
    do_jobs()
    assert in_turns == [
        "transfers.export",
        "transfers.trial",
        "transfers.import",
        "transfers.undo",
    ]
