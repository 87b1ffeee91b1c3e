"""A port that passes everything on to a server, and each answer back after a while."""

import socket
import threading
from types import TracebackType
from typing import Self


class Delayed:
    """Stands before `port` of loopback, on `.port`, and keeps each answer back for `seconds`."""

    def __init__(self, port: int, seconds: float) -> None:
        self.behind, self.seconds = port, seconds
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.behind))
            self._open += [near, far]
            for ends in ((near, far, 0.0), (far, near, self.seconds)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, seconds: float) -> None:
        try:
            while data := source.recv(65536):
                self._over.wait(seconds)
                target.sendall(data)
        except OSError:
            return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for each in [self._listener, *self._open]:
            each.close()
