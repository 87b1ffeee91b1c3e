"""LC-HEAD: what browsers are told on the wire about scripts, frames, origins and HTTPS."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

from apps.launch.checks.seen import answers, directives, faults, hsts_of
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, known
from apps.launch.facts.web import (
    APP,
    HEALTH,
    JSON,
    LANDING,
    LOGIN,
    MISSING,
    READY,
    STATIC,
    Answer,
)
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

PAGES = (LANDING, LOGIN, MISSING)
ANSWERS = (*PAGES, APP, JSON)
ALL = (*PAGES, APP, JSON, STATIC, HEALTH, READY)
YEAR, HALF_A_YEAR = 31_536_000, 15_552_000  # seconds; OWASP ASVS 5.0, 3.4.1, and Observatory's
LOOSE = {"'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", "http:", "https:"}
NONCE = re.compile(r"'nonce-([^']+)'")
MARKED = re.compile(r"'(nonce|sha256|sha384|sha512)-")
SAFE_REFERRERS = {
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
}
LOADING = {
    "link": "href",
    **dict.fromkeys(["script", "img", "iframe", "source", "video", "audio", "embed"], "src"),
}


def outcome(
    facts: Facts,
    roles: tuple[str, ...],
    fault: Callable[[Answer], str],
    *,
    title: str,
    why: str,
    fix: str,
) -> Outcome:
    """Failed with what `fault` says of the answers of these roles, else Passed."""
    found = faults(answers(facts, *roles), fault)
    if not found:
        return Passed(f"seen on {listed(roles, 8)}")
    return Failed(title=title, evidence=listed(found, 3), why=why, fix=fix)


def policy(answer: Answer) -> dict[str, str]:
    """The content security policy that is enforced, by directive; the first of several."""
    return directives(answer.header("content-security-policy").split(",")[0])


@check(
    "LC-HEAD-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Pages come with an enforced content security policy",
)
def csp(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        if policy(answer):
            return ""
        reporting = answer.header("content-security-policy-report-only")
        return "only reports" if reporting else "has none"

    return outcome(
        facts,
        PAGES,
        fault,
        title="Pages come without a content security policy in force",
        why="One hole in a form is enough to run a thief's script for all.",
        fix="let the header through the edge, as apps/core/headers.py sends it",
    )


@check(
    "LC-HEAD-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="The policy lets no foreign or inline script run",
)
def scripts(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        said = policy(answer)
        if not said:
            return ""  # LC-HEAD-001 tells of it
        sources = said.get("script-src", said.get("default-src", "*")).split()
        loose = [each for each in sources if each.lower() in LOOSE or "*" in each]
        # What is there for browsers that do not know the stricter word beside it (CSP3 §6.7.3).
        if MARKED.search(" ".join(sources)):
            ignored = {"'unsafe-inline'"}
            ignored |= {"http:", "https:", "*"} if "'strict-dynamic'" in sources else set()
            loose = [each for each in loose if each.lower() not in ignored]
        return f"lets run {listed(loose)}" if loose else ""

    return outcome(
        facts,
        PAGES,
        fault,
        title="The content security policy lets strangers' scripts run",
        why="It looks like a guard and stops nothing.",
        fix="script-src with NONCE or SELF alone, in apps/core/headers.py",
    )


@check(
    "LC-HEAD-003",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="The policy shuts out plug-ins and foreign base addresses",
)
def base(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        said = policy(answer)
        if not said:
            return ""
        open_ = []
        if said.get("object-src", said.get("default-src", "")) != "'none'":
            open_.append("object-src")
        if said.get("base-uri") != "'none'":
            open_.append("base-uri")
        return f"leaves {listed(open_)} open" if open_ else ""

    return outcome(
        facts,
        PAGES,
        fault,
        title="The content security policy has a way around it",
        why="With <base> a thief turns your own scripts into theirs.",
        fix="object-src 'none'; base-uri 'none', in apps/core/headers.py",
    )


@check(
    "LC-HEAD-004",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="The policy's nonce is another one each time",
)
def nonce(facts: Facts) -> Outcome:
    visits = known(known(facts.web).pages[LOGIN])
    seen = [NONCE.findall(answer.header("content-security-policy")) for answer in visits]
    first, second = set(seen[0]), set(seen[-1])
    if not first & second:
        return Passed("two visits, two nonces" if first else "no nonce is used")
    return Failed(
        title="The nonce of the content security policy is always the same",
        evidence=f"the {LOGIN} page sent one nonce twice",
        why="Who knows it can run any script: the policy stops nothing.",
        fix="keep pages with a nonce out of every cache: no-store",
    )


@check(
    "LC-HEAD-005",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Browsers are told on the wire to keep to HTTPS for a year",
)
def hsts(facts: Facts) -> Outcome:
    why = "On a hostile network a visitor can be kept on plain HTTP."
    absent = faults(answers(facts, *ANSWERS), lambda each: "" if hsts_of(each)[0] else "has none")
    if absent:
        return Failed(
            title="Browsers are not told to keep to HTTPS",
            evidence=listed(absent, 3),
            why=why,
            fix="Strict-Transport-Security: max-age=3600 at first, then a year",
        )

    def short(answer: Answer) -> str:
        seconds, below = hsts_of(answer)
        if seconds < YEAR:
            return f"says max-age={seconds}"
        return "" if below else "leaves out includeSubDomains"

    found = faults(answers(facts, *ANSWERS), short)
    if not found:
        return Passed("a year or more, subdomains too")
    seconds = min(
        hsts_of(each)[0] for _, each in answers(facts, *ANSWERS) if isinstance(each, Answer)
    )
    return Failed(
        tier=Tier.TRAFFIC if seconds < HALF_A_YEAR else Tier.LATER,
        title="HSTS is shorter or narrower than it should be",
        evidence=listed(found, 3),
        why=why,
        fix=f"Strict-Transport-Security: max-age={YEAR}; includeSubDomains",
    )


@check(
    "LC-HEAD-006",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No other site can frame a page",
)
def frames(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        ancestors = policy(answer).get("frame-ancestors")
        if ancestors is not None:
            return "" if set(ancestors.split()) <= {"'none'", "'self'"} else f"lets {ancestors}"
        shut = answer.header("x-frame-options").upper() in {"DENY", "SAMEORIGIN"}
        return "" if shut else "may be framed"

    return outcome(
        facts,
        PAGES,
        fault,
        title="Other sites can show a page in a frame",
        why="Customers can be made to click what they do not see.",
        fix='X_FRAME_OPTIONS = "DENY", as in production.py',
    )


@check(
    "LC-HEAD-007",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Browsers take files for what they are declared to be",
)
def nosniff(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        said = answer.header("x-content-type-options").lower()
        return "" if set(said.split(", ")) == {"nosniff"} else "lacks nosniff"

    return outcome(
        facts,
        ALL,
        fault,
        title="Browsers may take a file for a page",
        why="A customer's upload could be run as a script of yours.",
        fix="X-Content-Type-Options: nosniff on every answer",
    )


@check(
    "LC-HEAD-008",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Addresses of pages are not told to other sites",
)
def referrer(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        # The last one that a browser knows is in force (Referrer Policy §4.1).
        said = answer.header("referrer-policy").lower().split(",")[-1].strip()
        return "" if said in SAFE_REFERRERS else f"says {said or 'nothing'}"

    return outcome(
        facts,
        PAGES,
        fault,
        title="Other sites learn the addresses of your pages",
        why="Addresses carry tokens, searches and customers' names.",
        fix='SECURE_REFERRER_POLICY = "same-origin", as in production.py',
    )


@check(
    "LC-HEAD-009",
    tier=Tier.LATER,
    impact=Impact.EXPOSURE,
    title="Pages share no window group with other sites",
)
def opener(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        said = answer.header("cross-origin-opener-policy").split(";")[0].strip()
        return "" if said.startswith(("same-origin", "noopener-allow-popups")) else "lacks it"

    return outcome(
        facts,
        PAGES,
        fault,
        title="Pages lack Cross-Origin-Opener-Policy",
        why="A site that opened yours keeps a hand on its window.",
        fix="Cross-Origin-Opener-Policy: same-origin",
    )


@check(
    "LC-HEAD-010",
    tier=Tier.LATER,
    impact=Impact.EXPOSURE,
    title="No answer tells which version runs",
)
def versions(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        server = answer.header("server")
        told = [f"Server: {server}"] if re.search(r"/\d|\d\.\d", server) else []
        told += [
            f"{name}: {answer.header(name)}"
            for name in ("X-Powered-By", "X-AspNet-Version", "X-Runtime")
            if answer.header(name)
        ]
        return f"says {listed(told)}" if told else ""

    return outcome(
        facts,
        ALL,
        fault,
        title="Answers tell which version runs",
        why="Attackers look for exactly the version that has a known hole.",
        fix="server_tokens off; proxy_hide_header X-Powered-By;",
    )


@check(
    "LC-HEAD-011",
    tier=Tier.TRAFFIC,
    impact=Impact.IMAGE,
    title="The landing page loads nothing over plain HTTP",
)
def mixed(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        loaded = Loaded()
        loaded.feed(answer.body)
        return f"loads {listed(loaded.plain, 2)}" if loaded.plain else ""

    return outcome(
        facts,
        (LANDING,),
        fault,
        title="The landing page loads something over plain HTTP",
        why="Browsers block it, and the page looks broken.",
        fix="load it from your own host, or by https://",
    )


class Loaded(HTMLParser):
    """Collects what a page loads by http://."""

    def __init__(self) -> None:
        super().__init__()
        self.plain: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        where = given.get(LOADING.get(tag, "")) or ""
        is_link_to_page = tag == "link" and given.get("rel") in {"canonical", "alternate"}
        if where.lower().startswith("http://") and not is_link_to_page:
            self.plain.append(where)
