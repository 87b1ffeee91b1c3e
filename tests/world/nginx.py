"""A real nginx with a configuration of its own, in a folder of its own."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

SECONDS = 10


class Nginx:
    """It runs `configuration` inside a `with` block; `reconfigure` lets it begin anew with another.

    The configuration needs neither `daemon` nor `user` nor `pid`: these are said on its behalf.
    """

    def __init__(self, configuration: str, *, folder: Path, port: int) -> None:
        """Take the text of nginx.conf, a folder to run in, and one of the ports it listens on."""
        self.configuration, self.folder, self.port = configuration, folder, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; return once it takes connections. Raises AssertionError with its last words."""
        log = self.folder / "nginx.log"
        own = [f"pid {self.folder}/nginx.pid;", "daemon off;"]
        if os.geteuid() == 0:  # else its workers would be nobody, who cannot enter the folder
            own.append("user root root;")
        (self.folder / "nginx.conf").write_text("\n".join([*own, self.configuration]))
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [binary(), "-p", self.folder, "-e", log, "-c", self.folder / "nginx.conf"],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        end = time.monotonic() + SECONDS
        while not self._listens():
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < end, "nginx did not begin to listen"
            self._wait(0.01)

    def stop(self) -> None:
        """End it and wait for that: nothing listens any more."""
        if self._process:
            self._process.terminate()
            self._process.wait(SECONDS)
            self._process = None

    def reconfigure(self, configuration: str) -> None:
        """Begin anew with another configuration; what was kept in a cache stays."""
        self.stop()
        self.configuration = configuration
        self.start()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _wait(self, seconds: float) -> None:
        assert self._process
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def binary() -> str:
    """Where nginx is. Skips the test where this machine has none."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if found is None:
        pytest.skip("no nginx found; install nginx to run this")
    return found
