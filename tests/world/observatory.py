"""The Mozilla Observatory's twelve tests, algorithm 6, on a site that listens on loopback.

Written after its published scoring: one starts with 100, loses by penalties and, with 90 or more
left, gains by bonuses, up to 165. The list of hosts that browsers know to speak HTTPS alone is not
here; of it, only two whole top-level domains are known.
"""

import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
FOREIGN = "https://http-observatory.security.mozilla.org"
HALF_A_YEAR = 15_552_000  # seconds, of thirty days a month
ENOUGH_FOR_BONUSES = 90
PRELOADED = ("app", "dev")

BROAD = {"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"}
UNSAFE = {"'unsafe-inline'", "data:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
PASSIVE = {"img-src", "media-src"}
OPENERS = {"same-origin", "same-origin-allow-popups", "noopener-allow-popups"}


@dataclass(frozen=True)
class Answer:
    """One answer of the site; a header that was sent twice is there twice."""

    status: int
    headers: list[tuple[str, str]]
    body: str = ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The header's one value; "" if it is not there."""
        return ", ".join(self.all(name))


@dataclass(frozen=True)
class Visit:
    """What a scan gets: the page, what plain HTTP answers if anything, and a preflight's answer."""

    host: str
    page: Answer
    plain: Answer | None = None
    preflight: Answer | None = None
    others: list[Answer] = field(default_factory=list)

    @property
    def preloaded(self) -> bool:
        return self.host.endswith(tuple(f".{domain}" for domain in PRELOADED))

    @property
    def cookies(self) -> SimpleCookie:
        """All cookies that were set on the way."""
        jar = SimpleCookie()
        for answer in (self.page, self.preflight, *self.others):
            for line in answer.all("Set-Cookie") if answer else ():
                jar.load(line)
        return jar


@dataclass(frozen=True)
class Result:
    """How one test went."""

    test: str
    points: int
    passed: bool
    said: str


class Scripts(HTMLParser):
    """The scripts that a page loads from files, each as its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" in values:
            self.found.append(values)


def ask(method: str, host: str, port: int, path: str, trust: ssl.SSLContext | None) -> Answer:
    """Send one request to loopback, under the name of `host`; without `trust`, over plain HTTP."""
    wire = socket.create_connection((LOOPBACK, port), timeout=10)
    connection = HTTPConnection(host, port)
    connection.sock = trust.wrap_socket(wire, server_hostname=host) if trust else wire
    try:
        about = {"Accept": "text/html,*/*;q=0.8", "Origin": FOREIGN}
        if method == "OPTIONS":
            about["Access-Control-Request-Method"] = "GET"
        connection.request(method, path, headers=about)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read().decode())
    finally:
        connection.close()


def visit(host: str, port: int, path: str, trust: ssl.SSLContext) -> Visit:
    """Ask for a page as a scan does. Raises OSError if `trust` does not know the certificate."""
    try:
        plain = ask("GET", host, port, path, None)
    except (OSError, HTTPException):
        plain = None
    return Visit(
        host,
        page=ask("GET", host, port, path, trust),
        plain=plain,
        preflight=ask("OPTIONS", host, port, path, trust),
        others=[ask("GET", host, port, "/robots.txt", trust)],
    )


def directives(lines: Iterable[str]) -> dict[str, set[str]]:
    """A policy's sources by directive; of one that is there twice, the first."""
    found: dict[str, set[str]] = {}
    for part in ";".join(lines).split(";"):
        name, *sources = part.split() or [""]
        found.setdefault(name.lower(), {each.lower() for each in sources})
    found.pop("", None)
    return found


def content_security_policy(seen: Visit) -> Result:
    policy = directives(seen.page.all("Content-Security-Policy"))
    fallback = policy.get("default-src", {"*"})
    scripts = set(policy.get("script-src", fallback))
    styles = set(policy.get("style-src", fallback))
    objects = policy.get("object-src", fallback)
    pictures = policy.get("img-src", fallback) | policy.get("media-src", fallback)
    named = any(re.match(r"'(nonce|sha(256|384|512))-", each) for each in scripts)
    if named:
        scripts -= {"'unsafe-inline'"}
    if named and "'strict-dynamic'" in scripts:
        scripts -= BROAD | {"'self'"}
    active = scripts.union(
        *(each for name, each in policy.items() if name not in {*PASSIVE, "script-src"})
    )
    # What is true first decides: the points, whether it passes, and why.
    verdicts = [
        (not policy, -25, False, "there is none"),
        ("'strict-dynamic'" in scripts and not named, -25, False, "strict-dynamic alone"),
        (scripts & (BROAD | UNSAFE) or objects & BROAD, -20, False, "any script or object"),
        (has_plain(active), -20, False, "what acts may come over plain HTTP"),
        ("'unsafe-eval'" in scripts | styles, -10, False, "unsafe-eval"),
        (has_plain(pictures), -10, True, "pictures may come over plain HTTP"),
        (styles & (BROAD | UNSAFE), 0, True, "any style"),
        (policy.get("default-src") == {"'none'"}, 10, True, "from 'none', nothing unsafe"),
        (True, 5, True, "nothing unsafe"),
    ]
    points, passed, said = next(verdict[1:] for verdict in verdicts if verdict[0])
    return Result("Content-Security-Policy", points, passed, said)


def has_plain(sources: set[str]) -> bool:
    """Whether a source may come over plain HTTP."""
    return any(each.startswith(("http:", "ftp:")) for each in sources)


def cookies(seen: Visit) -> Result:
    jar, hsts = seen.cookies.values(), strict_transport_security(seen).passed
    if not jar:
        return Result("Cookies", 0, True, "none are set")
    worst, said = 5, f"{len(jar)}, all Secure and SameSite"
    for one in jar:
        name, same = one.key.lower(), one["samesite"].lower()
        is_session = "login" in name or "sess" in name
        faults = []
        if not one["secure"]:
            faults.append(-5 if hsts else -20)
            if is_session:
                faults.append(-10 if hsts else -40)
        if is_session and not one["httponly"]:
            faults.append(-30)
        if ("csrf" in name and not same) or same not in {"", "lax", "strict", "none"}:
            faults.append(-20)
        if same == "none" and not one["secure"]:
            faults.append(-20)
        points = min(faults, default=5 if same else 0)
        if points < worst:
            worst, said = points, f"{one.key} is weak"
    return Result("Cookies", worst, worst >= 0, said)


def cross_origin_resource_sharing(seen: Visit) -> Result:
    answers = [each for each in (seen.page, seen.preflight) if each]
    for answer in answers:
        reflected = answer.get("Access-Control-Allow-Origin") == FOREIGN
        if reflected and answer.get("Access-Control-Allow-Credentials").lower() == "true":
            return Result("CORS", -50, False, "any site reads with a visitor's cookies")
    told = any(answer.get("Access-Control-Allow-Origin") for answer in answers)
    return Result("CORS", 0, True, "open to some" if told else "closed")


def redirection(seen: Visit) -> Result:
    def result(points: int, said: str) -> Result:
        return Result("Redirection", points, points == 0, said)

    if seen.plain is None:
        return result(0, "nothing answers plain HTTP")
    target = urlsplit(seen.plain.get("Location"))
    if not 300 <= seen.plain.status < 400:
        return result(-20, "plain HTTP is answered with a page")
    if target.scheme != "https":
        return result(-10, "plain HTTP leads to plain HTTP")
    if target.hostname != seen.host:
        return result(-5, "plain HTTP leads to another host first")
    return result(0, "plain HTTP leads to HTTPS")


def strict_transport_security(seen: Visit) -> Result:
    def result(points: int, said: str) -> Result:
        return Result("Strict-Transport-Security", points, points >= 0, said)

    if seen.preloaded:
        return result(5, "browsers know it beforehand")
    told = re.search(r"max-age=(\d+)", seen.page.get("Strict-Transport-Security"), re.IGNORECASE)
    if not told or "," in seen.page.get("Strict-Transport-Security"):
        return result(-20, "there is none")
    if int(told[1]) < HALF_A_YEAR:
        return result(-10, f"for {told[1]} s only")
    return result(0, f"for {told[1]} s")


def referrer_policy(seen: Visit) -> Result:
    words = [word.strip().lower() for word in seen.page.get("Referrer-Policy").split(",")]
    if words == [""]:
        return Result("Referrer-Policy", 0, True, "there is none")
    private = words[-1] in PRIVATE
    return Result("Referrer-Policy", 5 if private else -5, private, words[-1])


def subresource_integrity(seen: Visit) -> Result:
    def result(points: int, said: str) -> Result:
        return Result("Subresource Integrity", points, points >= 0, said)

    found = Scripts(seen.page.body).found
    abroad = [one for one in found if urlsplit(one["src"]).hostname not in {None, seen.host}]
    for one in abroad:
        if urlsplit(one["src"]).scheme != "https":
            return result(-20 if one.get("integrity") else -50, f"{one['src']} over plain HTTP")
    if any(not one.get("integrity") for one in abroad):
        return result(-5, "another site's script, unchecked")
    if any(one.get("integrity") for one in found):
        return result(5, f"{len(found)} scripts")
    return result(0, "no script" if not found else "scripts of its own, unchecked")


def x_content_type_options(seen: Visit) -> Result:
    said = seen.page.get("X-Content-Type-Options")
    fine = said.lower() == "nosniff"
    return Result("X-Content-Type-Options", 0 if fine else -5, fine, said or "there is none")


def x_frame_options(seen: Visit) -> Result:
    ancestors = directives(seen.page.all("Content-Security-Policy")).get("frame-ancestors", {"*"})
    said = seen.page.get("X-Frame-Options")
    if not ancestors & BROAD or said.upper() in {"DENY", "SAMEORIGIN"}:
        return Result("X-Frame-Options", 5, True, said or "frame-ancestors")
    is_old = said.upper().startswith("ALLOW-FROM")
    return Result("X-Frame-Options", 0 if is_old else -20, is_old, said or "there is none")


def known_value(seen: Visit, header: str, good: set[str], neutral: set[str]) -> Result:
    """Judge a header that gains 10 for a good value, loses 5 for one that nobody knows."""
    said = seen.page.get(header).partition(";")[0].strip().lower()
    if said in good:
        return Result(header, 10, True, said)
    fine = not said or said in neutral
    return Result(header, 0 if fine else -5, fine, said or "there is none")


def cross_origin_resource_policy(seen: Visit) -> Result:
    good = {"same-origin", "same-site"}
    return known_value(seen, "Cross-Origin-Resource-Policy", good, {"cross-origin"})


def cross_origin_opener_policy(seen: Visit) -> Result:
    return known_value(seen, "Cross-Origin-Opener-Policy", OPENERS, {"unsafe-none"})


def cross_origin_embedder_policy(seen: Visit) -> Result:
    good = {"require-corp", "credentialless"}
    return known_value(seen, "Cross-Origin-Embedder-Policy", good, {"unsafe-none"})


TESTS = [
    content_security_policy,
    cookies,
    cross_origin_resource_sharing,
    redirection,
    strict_transport_security,
    referrer_policy,
    subresource_integrity,
    x_content_type_options,
    x_frame_options,
    cross_origin_resource_policy,
    cross_origin_opener_policy,
    cross_origin_embedder_policy,
]


def judge(seen: Visit) -> list[Result]:
    """The results of all tests."""
    return [test(seen) for test in TESTS]


def score(results: list[Result]) -> int:
    """The score: bonuses count only where the penalties leave enough."""
    left = 100 + sum(one.points for one in results if one.points < 0)
    bonuses = sum(one.points for one in results if one.points > 0)
    return max(left + bonuses if left >= ENOUGH_FOR_BONUSES else left, 0)


def told(results: list[Result]) -> str:
    """The results as lines for people, the score at the end."""
    lines = [
        f"{'✓' if one.passed else '✗'} {one.test:<30} {one.points:+4}  {one.said}"
        for one in results
    ]
    return "\n".join([*lines, f"  {'Score':<30} {score(results):>4}"])
