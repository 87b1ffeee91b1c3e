"""A gunicorn by the Procfile's line that is spoken to byte by byte, as no browser would."""

import socket
import struct
from typing import Any, Self

from tests.world.processes import Process, command_of


def free_address() -> tuple[str, int]:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address: tuple[str, int] = free.getsockname()
        return address


class Gunicorn(Process):
    """A running gunicorn on an address of loopback, or on a Unix socket if that is a path."""

    def __init__(self, address: tuple[str, int] | str, **variables: str) -> None:
        self.address = address
        bind = f"unix:{address}" if isinstance(address, str) else f"{address[0]}:{address[1]}"
        super().__init__(f"{command_of('web')} --bind {bind}", WEB_CONCURRENCY="1", **variables)

    def __enter__(self) -> Self:
        self.wait_for("Listening at")
        return self

    def send(self, request: bytes, *, and_hang_up: bool = False) -> bytes:
        """Send these bytes and return all that comes back."""
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        with socket.socket(family) as connection:
            connection.settimeout(10)
            connection.connect(self.address)
            connection.sendall(request)
            if and_hang_up:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def abandon(self, request: bytes) -> None:
        """Send a head that asks whether to go on, wait for the yes, and break the connection."""
        assert isinstance(self.address, tuple)
        with socket.create_connection(self.address, 10) as connection:
            connection.sendall(request)
            assert connection.recv(100).startswith(b"HTTP/1.1 100")
            at_once = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    def get(self, *headers: str, path: str = "/robots.txt") -> bytes:
        """Ask for a page with these headers."""
        return self.send(request("GET", path, *headers))

    def line_of(self, *headers: str) -> dict[str, Any]:
        """What is logged of such a request."""
        mark = f"request-{len(self.text)}"
        self.get(*headers, f"X-Request-ID: {mark}")
        return self.line_with(mark)

    def line_with(self, mark: str) -> dict[str, Any]:
        """The line of the request with this ID."""
        self.wait_for(mark)
        return [line for line in self.lines if line.get("request_id") == mark][-1]


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request to the suite's host, after which the connection ends."""
    lines = [f"{method} {path} HTTP/1.1", "Host: testserver", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body
