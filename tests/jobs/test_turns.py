"""Turns that heavy jobs take: between processes, for a while only, and never a way to get stuck."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from apps.jobs import turns
from apps.jobs.models import Job
from apps.jobs.runner import Run, Stopped, attempt
from apps.jobs.turns import Turns
from config import machine
from config.machine import Machine
from tests.jobs.conftest import on_record

HandledBy = Callable[..., str]
Share = Callable[..., Turns]
# Takes a turn, says which, and gives it back once it is told to.
HOLD = """
import sys, threading
from apps.jobs import turns
file = open(int(sys.argv[1]), "r+b", closefd=False)
shared = turns.Turns(file, number=int(sys.argv[2]))
number = shared.wait(threading.Event())
print(number, flush=True)
sys.stdin.readline()
shared.end(number)
print("given back", flush=True)
sys.stdin.readline()
"""


class Holder:
    """Another process, which has a turn."""

    def __init__(self, shared: Turns) -> None:
        descriptor, number = shared.file.fileno(), len(shared.numbers)
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(descriptor), str(number)],
            pass_fds=[descriptor],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.has = int(self._line())

    def give_back(self) -> None:
        assert self.process.stdin
        print(file=self.process.stdin, flush=True)
        assert self._line() == "given back"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> Iterator[Share]:
    """Give this process turns as a worker has them."""
    with tempfile.TemporaryFile() as file:

        def make(number: int = 1) -> Turns:
            monkeypatch.setattr(turns, "_shared", [Turns(file, number=number)])
            return turns._shared[0]

        yield make


@contextmanager
def held(shared: Turns) -> Iterator[Holder]:
    holder = Holder(shared)
    try:
        yield holder
    finally:
        holder.kill()


def patiently(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have whoever waits in vain wait until the test fails."""
    monkeypatch.setattr(turns, "PATIENCE", 60.0)


def test_who_waits_has_the_turn_once_another_process_gives_it_back(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share()
    with held(shared) as holder:
        monkeypatch.setattr(turns, "PATIENCE", 0.02)
        assert shared.wait(threading.Event()) == 0, "Both have it"
        patiently(monkeypatch)
        holder.give_back()
        assert shared.wait(threading.Event()) == holder.has == 1


def test_the_turn_of_a_process_that_is_killed_is_free(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    patiently(monkeypatch)
    shared = share()
    with held(shared) as holder:
        holder.kill()
        assert shared.wait(threading.Event()) == 1


def test_as_many_have_turns_at_once_as_leave_a_processor_free(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.02)
    shared = share(2)
    with held(shared) as first, held(shared) as second:
        assert {first.has, second.has} == {1, 2}
        assert shared.wait(threading.Event()) == 0


@pytest.mark.parametrize(("cpus", "number"), [(0.5, 1), (1, 1), (2, 1), (2.5, 1), (8, 7)])
def test_a_worker_has_turns_for_all_processors_but_one(
    share: Share, monkeypatch: pytest.MonkeyPatch, cpus: float, number: int
) -> None:
    share()  # so that what the worker makes is gone with the test
    monkeypatch.setattr(machine, "this_machine", lambda: Machine(machine.MIB, cpus))
    turns.share(sender="worker", instance=None)
    with turns._shared[0].file:
        assert len(turns._shared[0].numbers) == number


def test_a_job_whose_turn_does_not_come_works_all_the_same_and_waits_again_later(
    db: None, handled_by: HandledBy, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.02)
    shared, had = share(), []

    def work(run: Run) -> None:
        with run.in_turns():
            assert run._turn
            had.append(run._turn.number)
            holder.give_back()
            monkeypatch.setattr(turns, "PATIENCE", 60.0)
            while not run._turn.number:
                run.progress(1, 2)
            had.append(run._turn.number)

    with held(shared) as holder:
        job = Job.ask(handled_by(work))
        attempt(job.pk)
    assert (on_record(job).state, had) == (Job.State.SUCCEEDED, [0, 1])


def test_progress_lets_another_have_its_turn_and_the_end_gives_it_back(
    db: None, handled_by: HandledBy, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    patiently(monkeypatch)
    monkeypatch.setattr(turns, "LENGTH", 0.0)
    shared, ended = share(), []
    end = Turns.end
    monkeypatch.setattr(
        Turns, "end", lambda self, number: (ended.append(number), end(self, number))
    )

    def work(run: Run) -> None:
        with run.in_turns():
            for step in range(3):
                run.progress(step, 3)
        assert ended.count(1) == 4
        run.progress(3, 3)
        assert ended.count(1) == 4, "Nothing has turns outside the block"

    job = Job.ask(handled_by(work))
    attempt(job.pk)
    assert on_record(job).state == Job.State.SUCCEEDED
    with held(shared) as holder:
        assert holder.has == 1


def test_a_job_that_fails_gives_its_turn_back(
    db: None, handled_by: HandledBy, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    patiently(monkeypatch)
    shared = share()

    def work(run: Run) -> None:
        with run.in_turns():
            raise OSError("The disk is full")

    attempt(Job.ask(handled_by(work)).pk)
    with held(shared) as holder:
        assert holder.has == 1


def test_a_job_that_is_cancelled_while_it_waits_stops_at_once(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    patiently(monkeypatch)
    with held(share()):
        run = Run(Job())
        run._stopped.set()
        with run.in_turns(), pytest.raises(Stopped):
            run.progress(1)


def test_outside_a_worker_nobody_waits(db: None, handled_by: HandledBy) -> None:
    def work(run: Run) -> None:
        with run.in_turns():
            assert run._turn is None
            run.progress(1, 1)

    job = Job.ask(handled_by(work))
    attempt(job.pk)
    assert on_record(job).state == Job.State.SUCCEEDED
