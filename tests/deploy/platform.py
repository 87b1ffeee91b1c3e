"""What the loopback servers of both platforms share: routes, a record, and faults on order."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.world.listener import Handler, Listener

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    raw: bytes = b""

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.raw)) if self.raw else {}


@dataclass(frozen=True)
class Told:
    """One answer; `body` is sent as JSON unless it is bytes already."""

    status: int = 200
    body: Any = None
    headers: Headers = field(default_factory=dict)


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that match."""

    method: str
    path: str
    told: Told | None = None  # None: the connection is cut
    times: int = 1
    carried_out: bool = False  # whether the request takes effect although the answer is lost


class Refused(Exception):
    """A request that the documentation says is answered with an error."""

    def __init__(self, status: int, id: str, message: str) -> None:
        super().__init__(message)
        self.told = Told(status, {"id": id, "message": message})


Route = Callable[..., Told]


class Platform(Listener):
    """A JSON API on loopback; `asked` is every request, and `faults` what goes wrong next."""

    routes: tuple[tuple[str, str, str], ...] = ()
    limit_headers: Headers = {}

    def __init__(self, key: str) -> None:
        self.key = key
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        platform = self

        class Page(Handler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                asked = Asked(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    dict(self.headers.items()),
                    self.rfile.read(length),
                )
                with platform.lock:
                    told = platform.answer(asked)
                if told is None:
                    self.close_connection = True
                    return
                self.send(told)

            def send(self, told: Told) -> None:
                is_raw = isinstance(told.body, bytes)
                sent = told.body if is_raw else b""
                if told.body is not None and not is_raw:
                    sent = json.dumps(told.body).encode()
                self.send_response(told.status)
                self.send_header("Content-Length", str(len(sent)))
                for name, value in {**platform.limit_headers, **told.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_PATCH = do_PUT = answer

        super().__init__(Page)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def writes(self) -> list[str]:
        """What was asked for that changes something, as "POST /path"."""
        return [f"{one.method} {one.path}" for one in self.asked if one.method != "GET"]

    def refuse(
        self,
        method: str,
        path: str,
        status: int,
        *,
        id: str = "",
        message: str = "",
        times: int = 99,
    ) -> None:
        """Answer with an error of the platform's form from now on."""
        told = Told(status, {"id": id, "message": message})
        self.faults.append(Fault(method, path, told, times))

    def cut(self, method: str, path: str, *, times: int = 1, carried_out: bool = False) -> None:
        """Break the connection in place of an answer."""
        self.faults.append(Fault(method, path, None, times, carried_out))

    def answer(self, asked: Asked) -> Told | None:
        self.asked.append(asked)
        for fault in self.faults:
            if fault.times and asked.method == fault.method and re.search(fault.path, asked.path):
                fault.times -= 1
                if fault.carried_out:
                    self.served(asked)
                return fault.told
        return self.served(asked)

    def served(self, asked: Asked) -> Told:
        try:
            self.admit(asked)
            for method, pattern, name in self.routes:
                found = re.fullmatch(pattern, asked.path)
                if found and method == asked.method:
                    route: Route = getattr(self, name)
                    return route(asked, *found.groups())
        except Refused as refused:
            return refused.told
        return Told(404, {"id": "not_found", "message": "Couldn't find that."})

    def admit(self, asked: Asked) -> None:
        """Raise Refused for a request that is not let in at all."""


def only(asked: Asked, required: set[str], optional: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
    """The body, if it has what is required and nothing that is not documented; else 422."""
    body = asked.body
    if missing := required - body.keys():
        raise Refused(422, "invalid_params", f"Require params: {', '.join(sorted(missing))}")
    if unknown := body.keys() - required - optional:
        raise Refused(422, "invalid_params", f"Invalid params: {', '.join(sorted(unknown))}")
    return body
