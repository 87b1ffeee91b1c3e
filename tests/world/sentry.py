"""A Sentry on loopback: it takes envelopes over real HTTP and keeps the events in them."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Receiver:
    """What arrived at `dsn`: `.events` as Sentry reads them, `.raw` as they came over the wire."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.raw = b""
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.take(body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self._server.server_port}/1"

    def take(self, envelope: bytes) -> None:
        """Keep an envelope: a line about the whole, then a line and a payload for each item."""
        with self._arrived:
            self.raw += envelope
            rest = envelope.split(b"\n", 1)[1]
            while rest.strip():
                line, rest = rest.split(b"\n", 1)
                about = json.loads(line)
                length = about.get("length", rest.find(b"\n"))
                payload, rest = rest[:length], rest[length + 1 :]
                if about["type"] == "event":
                    self.events.append(json.loads(payload))
            self._arrived.notify_all()

    def wait(self, events: int = 1, seconds: float = 15.0) -> list[dict[str, Any]]:
        """The events, once so many have arrived. Raises AssertionError if they do not come."""
        with self._arrived:
            enough = self._arrived.wait_for(lambda: len(self.events) >= events, seconds)
            assert enough, f"{len(self.events)} of {events} events arrived"
            return list(self.events)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
