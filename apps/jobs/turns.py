"""Turns in which a worker's heavy jobs use the processor, so that pages always find one free.

Two exports at once on two processors leave none to whoever opens a page: each of them keeps one
busy here and another in PostgreSQL. In turns they take hardly longer, and while one waits, so does
what the database does for it. docs/benchmarks.md has what that is worth.
"""

import fcntl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

LENGTH = 0.1  # seconds that a job works before another may
PATIENCE = 1.0  # seconds that a job waits for its turn before it goes on all the same
LOOK = 0.005  # seconds between two looks at whether there is a turn


class Turns:
    """As many turns at a time as leave a processor free, shared by processes that hold one file.

    A turn is a lock on a byte of the file. A process that is killed gives it back, since the kernel
    ends its locks. The first byte is the door: who holds it is next.
    """

    def __init__(self, file: IO[Any], *, number: int) -> None:
        self.file, self.numbers = file, range(1, number + 1)

    def wait(self, stopped: threading.Event) -> int:
        """Wait for a turn; its number, or 0 if PATIENCE ran out or `stopped` was set first."""
        end = time.monotonic() + PATIENCE
        at_door, held = False, 0
        try:
            while time.monotonic() < end:
                at_door = at_door or self._lock(0)
                if at_door and (held := next(filter(self._lock, self.numbers), 0)):
                    break
                if stopped.wait(LOOK):
                    break
        finally:
            if at_door:
                self.end(0)
        return held

    def end(self, number: int) -> None:
        """Let another have the turn."""
        fcntl.lockf(self.file, fcntl.LOCK_UN, 1, number)

    def _lock(self, number: int) -> bool:
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:
            return False
        return True


class Turn:
    """One job's turns, one after another."""

    def __init__(self, turns: Turns, stopped: threading.Event) -> None:
        self.turns, self.stopped = turns, stopped
        self.number, self.until = 0, 0.0

    def begin(self) -> None:
        """Wait for a turn. Who waited in vain works for as long before it waits again.

        Another may be at a long statement, or wait for a row that this job holds.
        """
        self.number = self.turns.wait(self.stopped)
        self.until = time.monotonic() + (LENGTH if self.number else PATIENCE)

    def pass_on(self) -> None:
        """Let others work, if this job has for long enough."""
        if time.monotonic() >= self.until:
            self.end()
            self.begin()

    def end(self) -> None:
        if self.number:
            self.turns.end(self.number)
            self.number = 0


_shared: list[Turns] = []


def share(**kwargs: Any) -> None:
    """Make the turns of a worker, whose processes are forked afterwards.

    As many at a time as leave one of the machine's processors free.
    """
    from config import machine  # which imports this to have it called

    number = max(1, int(machine.this_machine().cpus) - 1)
    _shared[:] = [Turns(tempfile.TemporaryFile(), number=number)]  # noqa: SIM115  # while it runs


@contextmanager
def taken(stopped: threading.Event) -> Iterator[Turn | None]:
    """Have a turn in the block; nothing outside a worker, where no other job runs."""
    if not _shared:
        yield None
        return
    turn = Turn(_shared[0], stopped)
    turn.begin()
    try:
        yield turn
    finally:
        turn.end()
