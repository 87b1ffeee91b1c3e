"""A server on loopback that does anything but its duty: it hangs, lies, resets or never ends."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Behaviour = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def silent(connection: socket.socket) -> None:
    """Take the connection, and say nothing for ever."""


def garbage(connection: socket.socket) -> None:
    """Answer with what is no protocol."""
    connection.recv(1)
    connection.sendall(b"\x00\xff" * 500 + b"\r\n\r\n")


def reset(connection: socket.socket) -> None:
    """Break the connection off instead of ending it."""
    at_once = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    connection.close()


def endless_body(connection: socket.socket) -> None:
    """Send a page that never ends, as fast as it is taken."""
    connection.recv(65536)
    connection.sendall(HEAD + b"\r\n")
    endlessly(connection, b"a" * 65536)


def endless_head(connection: socket.socket) -> None:
    """Send one header after another."""
    connection.recv(65536)
    connection.sendall(HEAD)
    endlessly(connection, b"X-More: and more\r\n" * 1000)


def half_a_body(connection: socket.socket) -> None:
    """Promise more than comes, and then say nothing for ever."""
    connection.recv(65536)
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nhalf")


def drip(connection: socket.socket) -> None:
    """Answer a byte a second."""
    connection.recv(65536)
    for byte in HEAD + b"\r\n" + b"a" * 600:
        connection.sendall(bytes([byte]))
        threading.Event().wait(1.0)


def endlessly(connection: socket.socket, part: bytes) -> None:
    """Send until nobody takes it any more."""
    while True:
        connection.sendall(part)


class Hostile:
    """It listens inside a `with` block, and treats each connection by one behaviour.

    With a `context` it first shakes hands as a well-behaved server does.
    """

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self._behave, self._context = behave, context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listening.getsockname()
        return host, port

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._taken.append(connection)
            threading.Thread(target=self._treat, args=(connection,), daemon=True).start()

    def _treat(self, connection: socket.socket) -> None:
        with suppress(OSError):  # until the other side has gone away
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._taken.append(connection)
            self._behave(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._taken:
            connection.close()
        self._thread.join(5)
