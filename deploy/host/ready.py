"""Waits, on the machine itself, until a release's web answers on its own socket that it is ready.

    python -m deploy.host.ready SOCKET RELEASE SECONDS [all]
    python -m deploy.host.ready SOCKET drained SECONDS

The first prints "ready", or, unless `all` has to be there, "worker" where nothing else is missing,
and ends with 0; else what is missing, and 1. The second returns once a question that came last has
been answered. It uses the standard library alone.
"""

import json
import socket
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

STARTS = ".host/web.starts"  # in the release's folder, where this runs
HOPELESS = 2  # ends of the web before it ever answered, after which nobody waits any longer
PAUSE = 0.1  # seconds between two questions
ANSWER = 5.0  # seconds that one may take


class OnSocket(HTTPConnection):
    """A connection to a server on a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER)
        self.sock.connect(self.path)


def ask(path: str, page: str) -> tuple[int, dict[str, object]]:
    """What the server says: the status, and the answer's JSON. Raises OSError, HTTPException."""
    connection = OnSocket(path)
    try:
        connection.request("GET", page, headers={"Connection": "close"})
        answer = connection.getresponse()
        told = json.loads(answer.read() or b"{}")
        return answer.status, told if isinstance(told, dict) else {}
    except ValueError:
        return answer.status, {}
    finally:
        connection.close()


def missing(path: str, release: str) -> str:
    """What is missing before users may come; blank for nothing."""
    try:
        status, told = ask(path, "/healthz")
        if (status, told.get("release")) != (200, release):
            return f"/healthz answers {status} and release {told.get('release')}, not {release}"
        status, told = ask(path, "/readyz")
    except (OSError, HTTPException) as error:
        return f"nobody answers on {path}: {error}"
    if status == 200:
        return ""
    failed = told.get("failed")
    return "worker" if failed == ["worker"] else f"/readyz answers {status}; failed: {failed}"


def main(path: str, release: str, seconds: str, needed: str = "") -> int:
    """Ask until it is ready, only a worker is missing, or the time is over."""
    deadline = time.monotonic() + float(seconds)
    if release == "drained":
        return drain(path, deadline)
    before = starts()
    while True:
        what = missing(path, release)
        if not what or (what == "worker" and needed != "all"):
            print(what or "ready")
            return 0
        if (ends := starts() - before) >= HOPELESS:
            print(f"it ended as it started, {ends} times so far; {what}")
            return 1
        if time.monotonic() > deadline:
            print(what)
            return 1
        time.sleep(PAUSE)


def starts() -> int:
    """How often this release's web was started, as its script notes; none are noted elsewhere."""
    noted = Path(STARTS)
    return len(noted.read_bytes().splitlines()) if noted.exists() else 0


def drain(path: str, deadline: float) -> int:
    """Ask, twice since there are several processes, until an answer comes or nobody is there."""
    answers = 0
    while answers < 2 and time.monotonic() < deadline:
        try:
            ask(path, "/healthz")
        except TimeoutError:
            continue
        except (OSError, HTTPException):
            return 0
        answers += 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
