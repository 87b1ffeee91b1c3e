"""How the smoke test reaches the product: its address, another way there, a socket of a release."""

import re
import socket
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from apps.launch.facts.web import Answer
from apps.launch.probes.target import Address, BadTarget, Target, authorities, detour, live_url
from apps.launch.probes.walker import Careful, addresses_of
from apps.launch.probes.web import Question, Visitor

SOCKET = re.compile(r"unix:(/.+)")
AT_HOME = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?/?")


def visitor_of(url: str, connect_to: list[str], ca_file: Any) -> Visitor:
    """Whoever goes there. Raises BadTarget for what cannot be read, Unasked without an address."""
    sockets = [found[1] for each in connect_to if (found := SOCKET.fullmatch(each))]
    if sockets and len(connect_to) > 1:
        raise BadTarget("--connect-to takes one unix:/PATH, and nothing beside it")
    target = Target(
        url=url.rstrip("/") if AT_HOME.fullmatch(url) else public(url),
        connect_to={} if sockets else dict(detour(each) for each in connect_to),
        ca_file=None if ca_file is None else authorities(ca_file),
    )
    if sockets:
        return Neighbour(target, sockets[0])
    return Careful(target, addresses_of(target))


def public(url: str) -> str:
    """An address in the open, which is HTTPS. Raises BadTarget."""
    try:
        return live_url(url)
    except BadTarget as bad:
        raise BadTarget(str(bad).replace("--live", "deploy/smoke")) from None


class Neighbour(Visitor):
    """Somebody at the machine's own end of nginx: asks a web process through its Unix socket.

    They say what nginx would: for which host, by which scheme, and from where.
    """

    def __init__(self, target: Target, path: str) -> None:
        # Whatever host is asked for, there is one way.
        anywhere = replace(target, connect_to={("", 0): ("localhost", 1)})
        super().__init__(anywhere, {})
        self._pool_there = HTTPConnectionPool("localhost", path=path)
        self._pool_there.ConnectionCls = SocketConnection

    def ask(self, method: str, url: str, headers: Any = None, body: str = "") -> Answer:
        said = {"X-Forwarded-Proto": urlsplit(url).scheme, "X-Forwarded-For": "127.0.0.1"}
        return super().ask(method, url, {**said, **(headers or {})}, body)

    def _ask_at(self, way: Address, question: Question) -> Answer:
        return self._send(self._pool_there, question)


class SocketConnection(HTTPConnection):
    """HTTP over the Unix socket at `path`."""

    def __init__(self, *args: Any, path: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.path = path

    def _new_conn(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)
        try:
            made.connect(self.path)
        except OSError:
            made.close()
            raise
        return made
