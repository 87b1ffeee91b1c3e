"""A Sentry on loopback: it takes envelopes over real HTTP and keeps the events in them."""

import gzip
import json
import threading
from typing import Any

from tests.world.listener import Handler, Listener


class Receiver(Listener):
    """What arrived at `dsn`: `.events` as Sentry reads them, `.raw` as they came over the wire."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.raw = b""
        self._arrived = threading.Condition()
        receiver = self

        class Intake(Handler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.take(body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        super().__init__(Intake)

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.port}/1"

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
