"""What the smoke test tries, step by step: what a customer does, and what stands behind it."""

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any
from urllib.parse import urlencode, urlsplit

from apps.launch.facts.unasked import Unasked
from apps.launch.facts.web import Answer
from apps.launch.journeys import (
    FOLLOWING,
    JOURNEYS,
    LEFT_BEHIND,
    NEW_CLIENT,
    REMOVAL,
    SIGN_IN,
    SIGN_OUT,
    opening,
    sending,
)
from apps.launch.pages import Page
from apps.launch.probes.walker import Astray, Trip, Walker
from apps.launch.probes.web import Visitor

PATIENCE = 5.0  # seconds for one request
WORK_LONGEST = 10.0  # seconds for the queue, and again for the mail
LOOK_AGAIN = 0.25
MONTH = 30 * 24 * 60 * 60
HOME, DASHBOARD, ROUND_TRIPS = "/home/", "/t/{slug}/", "/t/{slug}/roundtrips/"
WORKSPACE = re.compile(r"/t/([a-z0-9_-]+)/", re.IGNORECASE)
# As Django names a file by its content.
HASHED = re.compile(r'(?:href|src)="([^"]+\.[0-9a-f]{8,}\.(?:css|js))"')
TYPES = {"css": "text/css", "js": "text/javascript"}
SHORTEST_COMMIT = 7


class Wrong(Exception):
    """What a step found; `do` is more than the step's own advice, where there is more."""

    def __init__(self, said: str, do: str = "") -> None:
        super().__init__(said)
        self.do = do


class NotNeeded(Exception):
    """A step that has nothing to try here; its words say why."""


class Tester(Walker):
    """A person at a browser who has until `end`; keeps what later steps need of earlier ones."""

    def __init__(
        self, visitor: Visitor, words: Mapping[str, str], *, end: float, expected: str = ""
    ) -> None:
        super().__init__(visitor.target, {}, words, Event())
        self.visitor: Visitor = visitor  # type: ignore[assignment]  # or one at a socket
        self.end, self.expected = end, expected
        self.landing: Answer | None = None
        self.round_trip = ""
        self.releases: dict[str, str] = {}  # where each was seen first
        self.entered = False  # whether it signed in by itself
        self.reached = False

    @property
    def is_https(self) -> bool:
        return self.target.url.startswith("https:")

    def extra(self) -> dict[str, str]:
        return {}

    def ask(self, method: str, url: str, trip: Trip, headers: Any = None, body: str = "") -> Answer:
        self.hurry()
        answer = super().ask(method, url, trip, headers, body)
        self.reached = True
        if release := answer.header("x-release"):
            self.releases.setdefault(release, f"{urlsplit(url).path} (X-Release)")
        return answer

    def hurry(self) -> None:
        """Give the next request what is left of the time. Raises Unasked where none is."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise Unasked("time was up")
        self.visitor.patience = min(PATIENCE, left)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", self.target.url + path.format_map(self.words), Trip(), headers)

    def do(self, *steps: Any) -> Answer:
        """Take steps of a journey; the last answer. Raises Astray, Limited and Unasked."""
        self.take(steps, self.words, Trip())
        assert self.last
        return self.last

    def round_trip_until(self, part: str, good: str) -> dict[str, Any]:
        """Look at the round trip until a part of it is `good`. Raises Wrong."""
        end = min(self.end, time.monotonic() + WORK_LONGEST)
        while True:
            told: dict[str, Any] = said_in(self.get(self.round_trip)).get(part) or {}
            if told.get("state") == good:
                return told
            if told.get("state") == "failed" or time.monotonic() + LOOK_AGAIN > end:
                raise Wrong(f"it is {told.get('state') or 'not there'}, not {good}")
            self.stop.wait(LOOK_AGAIN)


def health(t: Tester) -> str:
    answer = t.get("/healthz")
    told = said_in(answer)
    if answer.status != 200 or told.get("status") != "ok":
        raise Wrong(f"/healthz answered {answer.status}, not 200 and ok")
    t.releases.setdefault(str(told.get("release", "")), "/healthz")
    return f"release {told.get('release')}"


def readiness(t: Tester) -> str:
    answer = t.get("/readyz")
    if answer.status != 200:
        failed = said_in(answer).get("failed") or ["/readyz itself"]
        raise Wrong(f"/readyz answered {answer.status}; failing: {', '.join(map(str, failed))}")
    return ""


def redirect(t: Tester) -> str:
    parts = urlsplit(t.target.url)
    if not t.is_https:
        raise NotNeeded("the address is http")
    if parts.port:
        raise NotNeeded("the address names a port, so nothing is said of where http is")
    t.hurry()
    answer = t.visitor.ask("GET", f"http://{parts.netloc}/")
    if not answer.leads_to.startswith(f"{t.target.url}/"):
        raise Wrong(f"http:// answered {answer.status} and leads to {answer.leads_to or 'nothing'}")
    return ""


def landing(t: Tester) -> str:
    answer = t.get("/")
    if answer.status != 200 or not answer.header("content-type").startswith("text/html"):
        raise Wrong(f"/ answered {answer.status} {answer.header('content-type')}")
    if not Page(answer.url, answer.body).link(SIGN_IN):
        raise Wrong(f"/ has no link to {SIGN_IN}")
    t.landing = answer
    return ""


def headers(t: Tester) -> str:
    assert t.landing
    for answer in (t.landing, t.get(SIGN_IN)):
        if wrong := missing_headers(answer, is_https=t.is_https):
            raise Wrong(f"{urlsplit(answer.url).path}: {', '.join(wrong)}")
    return ""


def missing_headers(answer: Answer, *, is_https: bool) -> list[str]:
    """What a page's headers lack."""
    wrong = []
    policy = answer.header("content-security-policy")
    if not policy:
        wrong.append("no Content-Security-Policy")
    if "unsafe-" in policy:
        wrong.append("the Content-Security-Policy allows what is unsafe")
    age = re.search(r"max-age=([0-9]+)", answer.header("strict-transport-security"))
    if is_https and not (age and int(age[1])):
        wrong.append("no Strict-Transport-Security")
    if answer.header("x-content-type-options").lower() != "nosniff":
        wrong.append("no nosniff")
    framed = answer.header("x-frame-options").upper() in {"DENY", "SAMEORIGIN"}
    if not framed and "frame-ancestors" not in policy:
        wrong.append("any site may frame it")
    return wrong


def static_file(t: Tester) -> str:
    assert t.landing
    found = HASHED.search(t.landing.body)
    if not found:
        raise Wrong("the landing page names no style or script with a hash in its name")
    answer = t.get(found[1])
    kind = TYPES[found[1].rpartition(".")[2]]
    if answer.status != 200 or kind not in answer.header("content-type") or not answer.body:
        raise Wrong(f"{found[1]} answered {answer.status} {answer.header('content-type')}")
    kept = answer.header("cache-control")
    age = re.search(r"max-age=([0-9]+)", kept)
    if not (age and int(age[1]) >= MONTH):
        raise Wrong(f"{found[1]} may not be kept: Cache-Control {kept or 'is not there'}")
    return found[1].rpartition("/")[2]


def sign_in(t: Tester) -> str:
    if t.visitor.cookies and not is_sign_in(home := t.get(HOME)):
        find_workspace(t, home)
        return "still signed in"
    entering = next(walk for walk in JOURNEYS if walk.enters)
    try:
        landed = t.do(*entering.steps).leads_to
    except Astray as astray:
        if t.last and t.last.status == 200 and "password" in t.last.body:
            raise Wrong(
                "it does not take this e-mail address with this password",
                "Look at SMOKE_EMAIL and SMOKE_PASSWORD.",
            ) from None
        raise Wrong(str(astray)) from None
    path = urlsplit(landed).path
    if "/2fa/" in path or "/two-step/" in path:
        raise Wrong("the account has two-step sign-in", "Take an account that has none.")
    if "/confirm-email/" in path:
        raise Wrong("the account's address is not confirmed", "Sign in by hand once.")
    t.entered = True
    find_workspace(t, t.get(HOME))
    return ""


def is_sign_in(answer: Answer) -> bool:
    return urlsplit(answer.leads_to).path == SIGN_IN


def find_workspace(t: Tester, home: Answer) -> None:
    """Take the workspace that the account's home is, unless one was named. Raises Wrong."""
    if t.words.get("slug"):
        return
    found = WORKSPACE.match(urlsplit(home.leads_to).path)
    if not found:
        raise Wrong(
            "the account's home is no workspace",
            "Make it a member of one, or name one with --workspace.",
        )
    t.words = {**t.words, "slug": found[1]}


def dashboard(t: Tester) -> str:
    answer = t.get(DASHBOARD)
    if answer.status != 200:
        where = answer.leads_to and f" and leads to {urlsplit(answer.leads_to).path}"
        raise Wrong(f"{urlsplit(answer.url).path} answered {answer.status}{where}")
    return str(t.words["slug"])


def write(t: Tester) -> str:
    mark = f"smoke-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    t.words = {**t.words, "mark": mark}
    made = t.do(opening(NEW_CLIENT), sending(NEW_CLIENT, name="{mark}"), FOLLOWING)
    record = urlsplit(made.url).path
    try:
        if record not in {urlsplit(link).path for link in links(t.do(opening(LEFT_BEHIND)))}:
            raise Wrong(f"{mark} was created and is not in the list")
    finally:
        removal = f"{record}{REMOVAL}"
        try:
            t.do(opening(removal), sending(removal))
        except Astray as astray:
            raise Wrong(
                f"{record} stays: {astray}", "Make the account an admin of its workspace."
            ) from None
    return mark


def queue(t: Tester) -> str:
    page = t.get(SIGN_OUT)  # the smallest page with a form
    forms = [form.fields for form in Page(page.url, page.body).forms]
    token = next((one[TOKEN] for one in forms if TOKEN in one), "")
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": t.target.url}
    url = t.target.url + ROUND_TRIPS.format_map(t.words)
    answer = t.judged(
        sending(ROUND_TRIPS), t.ask("POST", url, Trip(), sent, urlencode({TOKEN: token}))
    )
    t.round_trip = urlsplit(answer.leads_to).path
    return took(t.round_trip_until("queue", "succeeded"))


def mail(t: Tester) -> str:
    return took(t.round_trip_until("mail", "sent"))


def release(t: Tester) -> str:
    seen = {name: where for name, where in t.releases.items() if name}
    if not seen:
        raise Wrong("no answer says which release it is from")
    wrong = {name: at for name, at in seen.items() if t.expected and not is_same(name, t.expected)}
    if wrong:
        said = ", ".join(f"{name} at {at}" for name, at in wrong.items())
        raise Wrong(f"it is {said}, not {t.expected}")
    if len(seen) > 1:
        raise Wrong(f"answers are from several: {', '.join(seen)}")
    return next(iter(seen))


def is_same(one: str, other: str) -> bool:
    """Whether two names mean one release: a commit may be cut short."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= SHORTEST_COMMIT and long.startswith(short))


def sign_out(t: Tester) -> None:
    t.do(opening(SIGN_OUT), sending(SIGN_OUT))


def links(answer: Answer) -> list[str]:
    return Page(answer.url, answer.body).links


def said_in(answer: Answer) -> dict[str, Any]:
    """An answer's JSON object; an empty one where there is none."""
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def took(told: dict[str, Any]) -> str:
    """How long a part of the round trip took by the product's own clock."""
    try:
        began, ended = (datetime.fromisoformat(told[name]) for name in ("asked_at", "ended_at"))
    except (KeyError, TypeError, ValueError):
        return ""
    return f"{(ended - began).total_seconds():.1f} s by its own clock"


@dataclass(frozen=True)
class Step:
    """One line of the report: what is tried, what to do where it fails, what has to stand."""

    name: str
    attempt: Callable[[Tester], str]
    do: str
    needs: tuple[str, ...] = field(default=())


TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (a field's name)
LOGS = "Read the log of web; the answer's X-Request-ID finds the line."
STEPS = (
    Step("health", health, "See whether the web process runs, and what stands in front of it."),
    Step("readiness", readiness, "Ask /readyz with OPERATOR_TOKEN for the reasons."),
    Step("redirect", redirect, "Let http lead to https: docs/operations.md, behind a proxy."),
    Step("landing", landing, LOGS),
    Step("headers", headers, "See what stands in front, and apps/core/headers.py.", ("landing",)),
    Step("static", static_file, "Run collectstatic in this release.", ("landing",)),
    Step("sign-in", sign_in, LOGS),
    Step("dashboard", dashboard, LOGS, ("sign-in",)),
    Step("write", write, LOGS, ("sign-in",)),
    Step("queue", queue, "See whether worker and beat run: their log, /readyz.", ("sign-in",)),
    Step("mail", mail, "Run python manage.py send_test_mail TO --now.", ("queue",)),
    Step("release", release, "See which release each web process runs.", ("health",)),
)
NAMES = tuple(step.name for step in STEPS)
