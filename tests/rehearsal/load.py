"""A constant, bounded load as customers make it, and a record of every answer.

Some visitors keep their connection and some open one for each request; strangers read pages with
the style sheet that these name, members read, write, and ask for exports.
"""

import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3 import BaseHTTPResponse, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ProtocolError

from apps.core.limits import LIMITS, By
from tests.world.crowd import Person
from tests.world.waiting import wait_until

LONGEST = 10.0  # seconds that an answer may take before whoever asked has gone
MOST = 20_000  # requests of one load, after which it ends by itself
# How many exports an hour's limit lets a person ask for.
EXPORTS = min(
    int(one.rate.removesuffix("/h")) for one in LIMITS["export_create"] if one.by is By.ACCOUNT
)
RELEASE = "X-Release"
SAID = re.compile(rb'"release": "(\w+)"')  # by /healthz, where the header is turned off
STYLE_SHEET = re.compile(r'href="(/static/css/app[^"]*\.css)"')
SESSION, CSRF = "__Host-session", "__Host-csrf"


@dataclass(frozen=True)
class Answer:
    """What came back of one request, and when it was sent and answered; `fault` is why it failed.

    A kept connection that the server closed at the moment a GET was sent is no fault: the GET is
    `resent` once, as RFC 9112 §9.3.1 has it and browsers do. A POST never is.
    """

    began: float
    ended: float
    what: str
    status: int = 0
    release: str = ""
    fault: str = ""
    resent: bool = False

    def __str__(self) -> str:
        took = self.ended - self.began
        return f"{self.what} {self.status} {self.release or '-'} {took:.2f} s {self.fault}"


class Visitor(threading.Thread):
    """Somebody who does one thing after another until the load ends."""

    def __init__(
        self, load: "Load", name: str, *, person: Person | None = None, keeps: bool, pause: float
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.load, self.person, self.keeps, self.pause = load, person, keeps, pause
        self.turn = 0
        self.page = ""  # what it read last
        self.pool = load.pool()

    def run(self) -> None:
        """Take turns; each is a request, or a page and its style sheet."""
        with self.pool:
            while not self.load.ended.wait(self.pause):
                self.turn += 1
                self.visit()

    def visit(self) -> None:
        raise NotImplementedError

    def get(self, path: str) -> None:
        self.ask("GET", path, expected=200)

    def post(self, path: str, **fields: str) -> None:
        self.ask("POST", path, expected=302, fields=fields)

    def ask(
        self, method: str, path: str, *, expected: int, fields: dict[str, str] | None = None
    ) -> None:
        """Send a request and record how it went; `page` is what was read."""
        began, resent = time.monotonic(), False
        try:
            try:
                response = self.send(method, path, fields)
            except ProtocolError:
                if not (self.keeps and method == "GET"):
                    raise
                resent = True
                response = self.send(method, path, fields)
        except HTTPError as error:
            answer = Answer(began, time.monotonic(), f"{method} {path}", fault=str(error))
        else:
            self.page = response.data.decode(errors="replace")
            answer = judged(began, f"{method} {path}", response, expected=expected, resent=resent)
        self.load.record(answer)

    def send(self, method: str, path: str, fields: dict[str, str] | None) -> BaseHTTPResponse:
        headers = {"Host": self.load.host, "Origin": self.load.url}
        if not self.keeps:
            headers["Connection"] = "close"
        body = None
        if self.person:
            pairs = {SESSION: self.person.session, CSRF: self.person.csrf}
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in pairs.items())
            if fields is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                body = urlencode({"csrfmiddlewaretoken": self.person.csrf, **fields})
        return self.pool.urlopen(
            method, path, body, headers, retries=False, redirect=False, assert_same_host=False
        )


def judged(
    began: float, what: str, response: BaseHTTPResponse, *, expected: int, resent: bool
) -> Answer:
    """The answer with its fault, if it is not what was expected."""
    ended, status = time.monotonic(), response.status
    fault = ""
    if status != expected:
        fault = f"{status} where {expected} was expected"
    elif ended - began > LONGEST:
        fault = f"it took {ended - began:.1f} s"
    said = SAID.search(response.data)
    release = response.headers.get(RELEASE) or (said[1].decode() if said else "")
    return Answer(began, ended, what, status, release, fault, resent)


class Stranger(Visitor):
    """Reads public pages as a browser does, with the style sheet that each names."""

    def visit(self) -> None:
        paths = ("/", "/accounts/login/", "/healthz")
        self.get(paths[self.turn % len(paths)])
        if found := STYLE_SHEET.search(self.page):
            self.get(found[1])


class Member(Visitor):
    """Is signed in; reads, and each third time writes a note or a client."""

    def visit(self) -> None:
        assert self.person
        home = f"/t/{self.person.slug}/"
        client = f"{home}clients/{self.person.clients[self.turn % len(self.person.clients)]}/"
        match self.turn % 6:
            case 0:
                self.post(f"{client}notes/", body=f"Note {self.turn} of {self.name}")
            case 3:
                name = f"Client {self.turn} of {self.name}"
                self.post(f"{home}clients/new/", name=name, status="lead")
            case 1:
                self.get(home)
            case 2:
                self.get(f"{home}clients/?q=harbour")
            case _:
                self.get(client)


class Asker(Visitor):
    """Is signed in, and asks for one export after another: each is a job of the worker's.

    On a slow machine it lasts longer than an hour's limit; then it has asked enough.
    """

    def visit(self) -> None:
        assert self.person
        if self.turn <= EXPORTS:
            self.post(f"/t/{self.person.slug}/exports/new/clients/", format="csv")


class Load:
    """Visitors who come inside a `with` block; `answers` is what they got, in order of arrival."""

    def __init__(self, url: str, *, ca: Path, crowd: list[Person], pause: float) -> None:
        """Take the site's address, whom its certificate is by, who is signed in, and the seconds
        between two requests of each.
        """
        self.url, self.host, self.ca = url, urlsplit(url).netloc, ca
        self.ended = threading.Event()
        self.answers: list[Answer] = []
        self._recorded = threading.Lock()
        self.visitors: list[Visitor] = [
            Stranger(self, "a stranger", keeps=False, pause=pause),
            Stranger(self, "a stranger who stays", keeps=True, pause=pause),
        ]
        for number, person in enumerate(crowd):
            name = secrets.token_hex(4)
            keeps = number % 2 == 0
            if number < 3:
                self.visitors.append(Member(self, name, person=person, keeps=keeps, pause=pause))
            else:
                self.visitors.append(Asker(self, name, person=person, keeps=keeps, pause=8.0))

    @property
    def asked(self) -> int:
        """How many exports were asked for, and taken."""
        return sum("/exports/" in each.what and not each.fault for each in self.answers)

    def pool(self) -> HTTPSConnectionPool:
        """A connection of a visitor's own."""
        place = urlsplit(self.url)
        return HTTPSConnectionPool(
            "127.0.0.1",
            place.port,
            ca_certs=str(self.ca),
            server_hostname=place.hostname,
            assert_hostname=place.hostname,
            timeout=urllib3.Timeout(LONGEST),
            maxsize=1,
        )

    def record(self, answer: Answer) -> None:
        with self._recorded:
            self.answers.append(answer)
            if len(self.answers) >= MOST:
                self.ended.set()

    def __enter__(self) -> "Load":
        for visitor in self.visitors:
            visitor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for visitor in self.visitors:
            visitor.join(2 * LONGEST)

    @property
    def failed(self) -> list[Answer]:
        """The requests that somebody would complain about."""
        return [each for each in self.answers if each.fault]

    def wait_for(self, number: int, true: Callable[[Answer], bool], what: str) -> None:
        """Return once that many further answers are so."""
        start = len(self.answers)
        wait_until(lambda: sum(map(true, self.answers[start:])) >= number, what, seconds=30)

    @contextmanager
    def span(self) -> Iterator["Span"]:
        """While the block runs and a little after it, what is answered."""
        span = Span(self, len(self.answers))
        yield span
        self.wait_for(20, lambda each: True, "the load goes on")
        span.close()


class Span:
    """The answers of a part of the load."""

    def __init__(self, load: Load, start: int) -> None:
        self.load, self.start, self.answers = load, start, list[Answer]()

    def close(self) -> None:
        self.answers = self.load.answers[self.start :]

    @property
    def failed(self) -> list[Answer]:
        return [each for each in self.answers if each.fault]

    @property
    def releases(self) -> Counter[str]:
        """How many answers each release gave."""
        return Counter(each.release for each in self.answers if each.release)

    def overlap(self, before: str, after: str) -> float:
        """Seconds from the first answer of `after` to the last request that `before` answered.

        It is below zero where nobody who asked after the switch was answered by `before`.
        """
        first = min(each.ended for each in self.answers if each.release == after)
        return max(each.began for each in self.answers if each.release == before) - first
