"""An application for gunicorn whose requests last until the test lets them end."""

import socket
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from tests.world.processes import Process, command_of


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Call the port in the query to say that it has begun, and answer what comes back."""
    with socket.create_connection(("127.0.0.1", int(environ["QUERY_STRING"])), 60) as line:
        answer = line.recv(100)
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


class SlowRequest:
    """A request to a gunicorn that runs the application; it has begun once this is made."""

    def __init__(self, address: tuple[str, int]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as switchboard:
            switchboard.settimeout(30)
            port = switchboard.getsockname()[1]
            self.visitor = socket.create_connection(address, 60)
            self.visitor.sendall(f"GET /?{port} HTTP/1.0\r\n\r\n".encode())
            self.line, _ = switchboard.accept()

    def let_it_end(self, answer: bytes) -> None:
        self.line.sendall(answer)

    def answer(self) -> bytes:
        """All that comes back, once it has."""
        return b"".join(iter(lambda: self.visitor.recv(65536), b""))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.line.close()
        self.visitor.close()


class SlowSite(Process):
    """The application under gunicorn's settings, and more options of its command line."""

    def __init__(self, address: tuple[str, int], *options: str) -> None:
        host, port = address
        command = command_of("web").replace("config.wsgi", "tests.world.slow:application")
        super().__init__(
            " ".join([command, f"--bind {host}:{port}", *options]), WEB_CONCURRENCY="1"
        )
        self.wait_for("Booting worker")
