"""A store that does something in the midst of a backup, as the world does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from apps.ops.backups.store import Store, Writer


class Watching(Store):
    """Calls `before` once all is counted and nothing dumped, and `midway` at the first write."""

    def __init__(
        self,
        url: str,
        *,
        before: Callable[[], Any] = lambda: None,
        midway: Callable[[], Any] = lambda: None,
    ) -> None:
        super().__init__(url)
        self.before, self.midway = before, midway

    @contextmanager
    def writing(self, name: str) -> Iterator[Writer]:
        self.before()
        with super().writing(name) as writer:
            yield Interrupted(writer, self.midway)  # type: ignore[misc]  # writes as one does


class Interrupted:
    """A writer that calls somebody before it writes for the first time."""

    def __init__(self, writer: Writer, call: Callable[[], Any]) -> None:
        self.writer, self.call = writer, call
        self.called = False

    def write(self, chunk: bytes) -> int:
        if not self.called:
            self.called = True
            self.call()
        return self.writer.write(chunk)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.writer, name)


def children() -> list[psutil.Process]:
    """The programs of PostgreSQL that this process has started and that still run."""
    found = psutil.Process().children()
    return [
        one
        for one in found
        if one.name() in {"pg_dump", "pg_restore"} and one.status() != psutil.STATUS_ZOMBIE
    ]
