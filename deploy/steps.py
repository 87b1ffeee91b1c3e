"""How a step is told and timed, and how a dry run leaves it out."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def to_terminal(line: str) -> None:
    """Print a line at once, also where the terminal knows no UTF-8; what is piped is not mixed."""
    encoding = sys.stderr.encoding or "ascii"
    print(line.encode(encoding, "replace").decode(encoding), file=sys.stderr, flush=True)


class Steps:
    """Tells each step as it begins and as it ends; `done` has their names and seconds."""

    def __init__(self, *, dry_run: bool = False, tell: Callable[[str], None] = to_terminal) -> None:
        self.dry_run, self.tell = dry_run, tell
        self.done: list[tuple[str, float]] = []

    def do(self, what: str, action: Callable[..., object], *arguments: object) -> None:
        """Take a step that changes something; a dry run says it and does nothing."""
        if self.dry_run:
            self.tell(f"- {what}")
            return
        with self.timed(what):
            action(*arguments)

    def look(self, what: str, question: Callable[..., T], *arguments: object) -> T:
        """Take a step that only reads, and return what it found; a dry run does it as well."""
        with self.timed(what):
            return question(*arguments)

    def note(self, line: str) -> None:
        """Say something that is no step."""
        self.tell(f"  {line}")

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Say that a step begins, then that it is done or that it failed, with its time."""
        self.tell(f"→ {what}")
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self.tell(f"✗ {what} {time.monotonic() - began:.1f} s")
            raise
        took = time.monotonic() - began
        self.done.append((what, took))
        self.tell(f"✓ {what} {took:.1f} s")
