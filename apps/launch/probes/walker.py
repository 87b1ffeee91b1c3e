"""Walks a journey as a person with a browser does, and notes what each request cost.

It is the one probe that writes: what a journey's forms send.
"""

import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from urllib.parse import urlencode, urljoin, urlsplit

from urllib3 import encode_multipart_formdata

from apps.core.timing import HEADER, ticket
from apps.launch.facts.unasked import Unasked
from apps.launch.facts.web import Answer
from apps.launch.journeys import HEADERS, ROW, Act, Step, Walk
from apps.launch.pages import Page
from apps.launch.probes.target import Address, Target
from apps.launch.probes.tls import Addresses
from apps.launch.probes.web import Question, Visitor

LONGEST = 35.0  # seconds for one request, since more than 30 is a finding of its own
JOB_LONGEST = 120.0  # seconds for a job
LOOK_AGAIN = 0.5  # seconds; the product's own pages look each second
ROWS = 5  # of an imported file
COUNTED = re.compile(r'\bdb;[^,]*\bdesc="?(\d+)')
PAGES = ("text/html", "application/json")
TOO_MANY = 429


class Astray(Exception):
    """A journey came to where it should not; its words say where."""


class Limited(Exception):
    """The product wants no more of this for now; `seconds` is how long, 0 where it does not say."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"a limit was met, to be tried again {f'in {seconds} s' if seconds else 'later'}"
        )
        self.seconds = seconds


class Stopped(Exception):
    """Somebody wants it to end."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one request cost; `queries` is None where the server did not tell."""

    ms: float
    queries: int | None = None
    bytes: int = 0


@dataclass(kw_only=True)
class Trip:
    """One walk of a journey: what it cost, and why it ended too soon, or ""."""

    ms: float = 0.0
    costs: list[Cost] = field(default_factory=list)
    wrong: str = ""
    limited: str = ""


def addresses_of(target: Target) -> Addresses:
    """Where the target's host is by the system's resolver. Raises Unasked."""
    if target.way_to(target.host, target.port):
        return {}
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unasked(f"{target.host} has no address: {error.strerror}") from None
    return {target.host: tuple(dict.fromkeys(str(each[4][0]) for each in found))}


class Careful(Visitor):
    """One who never goes on without a certificate that holds, since a password goes along."""

    def _ask_at(self, way: Address, question: Question) -> Answer:
        return self._send(self._pool(question, way, trusted=True), question)


class Walker:
    """A person at a browser of their own; `words` fill the places of the steps.

    `last` is the last answer they got, `session` the cookies of whom they are signed in as, and
    `begun` those of all their sign-ins.
    """

    def __init__(
        self, target: Target, addresses: Addresses, words: Mapping[str, str], stop: Event
    ) -> None:
        self.visitor = Careful(target, addresses, patience=LONGEST)
        self.target, self.words, self.stop = target, words, stop
        self.last: Answer | None = None
        self.session: dict[str, str] = {}
        self.begun: list[dict[str, str]] = []

    def walk(self, journey: Walk, n: int) -> Trip:
        """Walk it whole, or as far as one comes; `n` is a number that no other walk has."""
        trip, began = Trip(), time.monotonic()
        self.visitor.cookies = {} if journey.starts_outside else self.session
        try:
            self.take(journey.steps, {**self.words, "n": str(n)}, trip)
        except (Astray, Unasked) as error:
            trip.wrong = str(error)
        except Limited as error:
            trip.limited = str(error)
        except Stopped:
            trip.limited = "it was interrupted"
        else:
            if journey.enters:
                self.session = self.visitor.cookies
                self.begun.append(self.session)
        trip.ms = (time.monotonic() - began) * 1000
        return trip

    def take(self, steps: tuple[Step, ...], words: Mapping[str, str], trip: Trip) -> None:
        """Take the steps, noting what each cost. Raises Astray, Unasked, Limited and Stopped."""
        answer = None
        for step in steps:
            if step.act is Act.WAIT:
                assert answer
                answer = self.waited(answer, step, trip)
            else:
                answer = self.taken(step, answer, words, trip)

    def taken(
        self, step: Step, last: Answer | None, words: Mapping[str, str], trip: Trip
    ) -> Answer:
        """Take one step from the page `last`."""
        path = step.path.format_map(words)
        if step.act is Act.SEND:
            return self.sent(step, path, last, words, trip)
        if step.act is Act.FOLLOW:
            url = last.leads_to if last else ""
        elif step.act is Act.CLICK:
            url = Page(last.url, last.body).link(path) if last else ""
        else:
            url = urljoin(self.target.url, path)
        if not url:
            raise Astray(f"{where(last)} leads to no {path or 'other page'}")
        return self.judged(step, self.ask("GET", url, trip))

    def sent(
        self, step: Step, path: str, last: Answer | None, words: Mapping[str, str], trip: Trip
    ) -> Answer:
        """Fill the form and send it."""
        names = {*step.fields, *([step.file] if step.file else [])}
        form = Page(last.url, last.body).form(path, names) if last else None
        if form is None:
            raise Astray(f"{where(last)} has no form to {path} with {', '.join(sorted(names))}")
        fields: dict[str, str | tuple[str, str, str]] = dict(form.fields)
        fields |= {name: text.format_map(words) for name, text in step.fields.items()}
        body, kind = urlencode(fields), "application/x-www-form-urlencoded"
        if step.file:
            fields[step.file] = (f"{words['mark']}-{words['n']}.csv", table(words), "text/csv")
            parts, kind = encode_multipart_formdata(fields)
            body = parts.decode()
        headers = {"Content-Type": kind, "Origin": self.target.url}
        return self.judged(step, self.ask("POST", form.action, trip, headers, body))

    def waited(self, last: Answer, step: Step, trip: Trip) -> Answer:
        """Look at the page again until it shows that its job is over."""
        end, answer = time.monotonic() + JOB_LONGEST, last
        while step.shows not in answer.body:
            if time.monotonic() > end:
                raise Astray(f"the job of {where(last)} was not over after {JOB_LONGEST:g} s")
            self.stop.wait(LOOK_AGAIN)
            answer = self.judged(step, self.ask("GET", last.url, trip))
        return answer

    def ask(
        self,
        method: str,
        url: str,
        trip: Trip,
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> Answer:
        """Ask, and note what it cost, an answer that does not come included."""
        if self.stop.is_set():
            raise Stopped
        if origin(url) != self.target.url:
            raise Astray(f"{urlsplit(url).netloc} is somebody else's host")
        began = time.monotonic()
        try:
            answer = self.visitor.ask(method, url, {**self.extra(), **(headers or {})}, body)
        except Unasked:
            trip.costs.append(Cost(ms=(time.monotonic() - began) * 1000))
            raise
        trip.costs.append(cost(answer))
        self.last = answer
        return answer

    def extra(self) -> dict[str, str]:
        """Headers that each request bears: what the product tells its queries by."""
        return {HEADER: ticket()}

    def judged(self, step: Step, answer: Answer) -> Answer:
        """The answer, if it is the one that was meant. Raises Astray and Limited."""
        if answer.status == TOO_MANY:
            said = answer.header("retry-after")
            raise Limited(int(said) if said.isdecimal() else 0)
        if answer.status != step.status:
            to = f" to {urlsplit(answer.leads_to).path}" if answer.leads_to else ""
            raise Astray(f"{where(answer)} answered {answer.status}{to}, not {step.status}")
        return answer


def cost(answer: Answer) -> Cost:
    """What an answer cost. A file is no page's weight: it grows with what is in it."""
    counted = COUNTED.search(answer.header("server-timing"))
    is_page = answer.header("content-type").startswith(PAGES)
    return Cost(
        ms=answer.ms,
        queries=int(counted[1]) if counted else None,
        bytes=len(answer.body.encode()) if is_page else 0,
    )


def where(answer: Answer | None) -> str:
    return urlsplit(answer.url).path if answer else "nothing"


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def table(words: Mapping[str, str]) -> str:
    """A file of a few records in CSV, each of which bears the mark."""
    lines = [",".join(HEADERS)]
    for row in range(ROWS):
        numbered = {**words, "n": f"{words['n']}-{row}"}
        lines.append(",".join(cell.format_map(numbered) for cell in ROW))
    return "\r\n".join([*lines, ""])
