"""A proxy on a Unix socket before a real portal that breaks one thing of what passes through."""

import http.client
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.portal import Portal
from tests.world.listener import Handler

HOP = {"connection", "content-length", "transfer-encoding", "server", "date", "keep-alive"}


@dataclass
class Passing:
    """An answer on its way; what a fault changes of it is what arrives."""

    method: str
    path: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def set(self, name: str, value: str) -> None:
        """Have a header once, or, with a blank value, not at all."""
        self.headers = [one for one in self.headers if one[0].lower() != name.lower()]
        if value:
            self.headers.append((name, value))


Fault = Callable[[Passing], None]


class Breaker:
    """It listens on `path` inside a `with` block; `fault` changes each answer while it is set."""

    def __init__(self, portal: Portal, path: Path) -> None:
        self.path, self.fault = path, nothing
        self.tls = ssl.create_default_context()
        portal.authority.configure_trust(self.tls)
        breaker = self

        class Passage(Handler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                if self.headers["X-Forwarded-Proto"] == "http":
                    where = f"https://{self.headers['Host']}{self.path}"
                    answer = Passing("GET", "http", 301, [("Location", where)], b"")
                else:
                    answer = breaker.passed_on(portal.port, self)
                breaker.fault(answer)
                self.send_response_only(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = handle_one

        self.server = Server(str(path), Passage)

    def passed_on(self, port: int, asked: Handler) -> Passing:
        """Ask the portal the same."""
        length = int(asked.headers["Content-Length"] or 0)
        there = http.client.HTTPSConnection("localhost", port, context=self.tls, timeout=30)
        sent = {name: value for name, value in asked.headers.items() if name.lower() not in HOP}
        there.request(asked.command, asked.path, asked.rfile.read(length) or None, sent)
        answer = there.getresponse()
        kept = [one for one in answer.getheaders() if one[0].lower() not in HOP]
        passing = Passing(asked.command, asked.path, answer.status, kept, answer.read())
        there.close()
        return passing

    @contextmanager
    def breaking(self, fault: Fault) -> Iterator[None]:
        self.fault = fault
        try:
            yield
        finally:
            self.fault = nothing

    def __enter__(self) -> "Breaker":
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write nothing to standard error: who tests may break off."""


def nothing(answer: Passing) -> None:
    """Break nothing."""
