"""The product's processes as the Procfile starts them, and the lines that they write."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config.env import BASE_DIR


def command_of(name: str) -> str:
    """The Procfile's line for a process."""
    lines = re.findall(r"^(\w+): (.+)$", (BASE_DIR / "Procfile").read_text(), re.MULTILINE)
    return str(dict(lines)[name])


class Process:
    """A running process; `text` is what it has written to standard error, `lines` the same parsed.

    Leaving its `with` block asks it to end and waits for that; `code` is how it ended.
    """

    def __init__(self, command: str, **variables: str) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._process = subprocess.Popen(
            shlex.split(command),
            env={**os.environ, "PATH": path, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.text = ""
        self._written = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr
        with self._process.stderr as stream:
            for line in stream:
                with self._written:
                    self.text += line
                    self._written.notify_all()

    @property
    def lines(self) -> list[dict[str, Any]]:
        with self._written:
            return [json.loads(line) for line in self.text.splitlines()]

    def wait_for(self, words: str) -> None:
        """Return once it has written `words`. Raises AssertionError if it does not."""
        with self._written:
            assert self._written.wait_for(lambda: words in self.text, 30), self.text

    def ask_to_end(self) -> None:
        """Ask it to end, as platforms do, and do not wait for it."""
        self._process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """Ask it to end; return its exit code."""
        self.ask_to_end()
        self.code = self._process.wait(30)
        self._reader.join()
        return self.code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
