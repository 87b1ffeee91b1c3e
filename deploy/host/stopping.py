"""Has supervisord stop a process, and returns once it has ended. A machine gets it as text:

    python3 - SOCKET PROCESS <deploy/host/stopping.py

supervisorctl would do, but whoever waits there has supervisord ask itself whether the process has
ended as often as a whole processor lets it (seen with 4.3.0): while an old worker takes its time,
that slows the new web. So supervisord is told not to wait, and asked now and then. The standard
library has to do, since what is stopped may be half of a release.
"""

import socket
import sys
import time
from http.client import HTTPConnection
from typing import Any
from xmlrpc.client import Fault, ServerProxy, Transport

PAUSE = 0.2  # seconds between two questions
# Faults of supervisord's: there is no process of that name, or it has ended already.
GONE = {10, 70}


class OnSocket(HTTPConnection):
    """A connection to a server on a Unix socket."""

    path = ""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Way(Transport):
    """How questions get there, whatever host they are for."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def make_connection(self, host: object) -> HTTPConnection:
        made = OnSocket("localhost")
        made.path = self.path
        return made


def stop(path: str, name: str) -> None:
    """Stop it and wait. Raises OSError where nobody answers, Fault for what supervisord refuses."""
    supervisor: Any = ServerProxy("http://localhost", transport=Way(path)).supervisor
    try:
        supervisor.stopProcess(name, False)
        while supervisor.getProcessInfo(name)["statename"] == "STOPPING":
            time.sleep(PAUSE)
    except Fault as fault:
        if fault.faultCode not in GONE:
            raise


if __name__ == "__main__":
    stop(*sys.argv[1:])
