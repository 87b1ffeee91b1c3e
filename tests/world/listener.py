"""An HTTP server on loopback, for those of the world that speak HTTP."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Handler(BaseHTTPRequestHandler):
    """What answers a request; it stays silent."""

    def log_message(self, *args: object) -> None:
        """Write nothing to standard error."""


class Server(ThreadingHTTPServer):
    """One whose clients may break off whenever they like."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Write nothing to standard error."""


class Listener:
    """It listens on `port` from the beginning, and answers inside a `with` block.

    With a `context` it speaks TLS; a connection's handshake holds up no other.
    """

    def __init__(self, handler: type[Handler], context: ssl.SSLContext | None = None) -> None:
        self._server = Server(("127.0.0.1", 0), handler)
        if context:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return self._server.server_port

    def stop(self) -> None:
        """Go away: nothing listens on the port any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
