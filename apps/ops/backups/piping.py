"""Programs of PostgreSQL, fed and read through pipes, that end with the block around them."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from apps.ops.backups import BackupFailed
from apps.ops.backups.server import Server

ROOM = 1024 * 1024  # what a pipe's ends keep, so that they wait for each other less often


class Program:
    """A running program. Its errors are kept, so that whoever sees it fail can say why."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self.process = process
        self.stdin: IO[bytes] = process.stdin
        self.stdout: IO[bytes] = process.stdout
        self.said = said
        self.failure: BackupFailed | None = None
        self.has_stopped = False

    @property
    def name(self) -> str:
        return Path(str(self.process.args[0])).name  # type: ignore[index]  # a list, as started

    def write(self, chunk: bytes) -> int:
        """Feed it. Raises OSError once it takes no more."""
        try:
            return self.stdin.write(chunk)
        except BrokenPipeError:
            self.has_stopped = True
            raise

    def flush(self) -> None:
        self.stdin.flush()

    def end(self) -> None:
        """Close what feeds it and wait for it. Raises BackupFailed unless it did all it had to."""
        with suppress(BrokenPipeError):
            self.stdin.close()
        if status := self.process.wait():
            raise BackupFailed(f"{self.name} ended with {status}: {self.last_words()}")

    def last_words(self) -> str:
        """The end of what it wrote as errors."""
        self.said.seek(0)
        lines = self.said.read().decode("utf-8", "replace").strip().splitlines()
        return " ".join(line.strip() for line in lines[-3:]) or "it said nothing"


@contextmanager
def started(command: list[str], server: Server) -> Iterator[Program]:
    """Run a program on the server's database until the block ends; then it is ended with it."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603  # programs that were found, with options of ours
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=server.environment,
            cwd="/",
            bufsize=ROOM,
        )
        program = Program(process, said)
        try:
            yield program
        finally:
            process.kill()
            process.wait()
            for pipe in (program.stdin, program.stdout):
                with suppress(BrokenPipeError):
                    pipe.close()
