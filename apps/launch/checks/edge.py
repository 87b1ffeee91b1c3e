"""LC-EDGE: whether what stands in front keeps what it may, and nobody's page for another."""

import re

from apps.launch.checks.seen import answers, directives, faults
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, known
from apps.launch.facts.web import (
    APP,
    CONFUSED,
    HEALTH,
    JSON,
    LANDING,
    LOGIN,
    MISSING,
    STATIC,
    Answer,
)
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

YEAR = 31_536_000  # seconds
# What Cloudflare says of an answer that it may keep, had kept, or fetched to keep.
KEPT = {"HIT", "EXPIRED", "STALE", "UPDATING", "REVALIDATED", "MISS"}
OPEN = (LANDING, MISSING, JSON, HEALTH)
HASHED = re.compile(r"[.-][0-9a-f]{8,}\.\w+$")


def cache_control(answer: Answer) -> dict[str, str]:
    return directives(answer.header("cache-control"), ",")


def seconds(said: str) -> int:
    return int(said) if said.isdecimal() else 0


def is_hit(answer: Answer) -> bool:
    """Whether a cache answered; several in a row each say their word."""
    said = f"{answer.header('x-cache')} {answer.header('cf-cache-status')}".upper()
    # Only a cache says an age, be it zero (RFC 9111 §5.1).
    return "HIT" in said or "REVALIDATED" in said or bool(answer.header("age"))


@check(
    "LC-EDGE-001",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Nothing keeps a page that is somebody's own",
)
def private(facts: Facts) -> Outcome:
    def fault(answer: Answer) -> str:
        wrong = []
        status = answer.header("cf-cache-status").upper()
        if status in KEPT:
            wrong.append(f"CF-Cache-Status: {status}")
        elif is_hit(answer):
            wrong.append("came out of a cache")
        if not {"private", "no-store"} & cache_control(answer).keys():
            wrong.append("may be kept")
        return listed(wrong)

    found = faults(answers(facts, LOGIN, APP), fault)
    if not found:
        return Passed(f"{LOGIN} and app page, twice each")
    return Failed(
        title="The edge keeps pages that are somebody's own",
        evidence=listed(found, 3),
        why="One customer is shown another customer's page.",
        fix="drop Cache Everything at the edge; let it obey Cache-Control",
    )


@check(
    "LC-EDGE-002",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="A page is not served under a file's name",
)
def confused(facts: Facts) -> Outcome:
    answer = known(facts.web).page(CONFUSED)
    if answer.status != 200 or "csrfmiddlewaretoken" not in answer.body:
        return Passed(f"{answer.status} for it")
    return Failed(
        title="A page of somebody's own is served under a file's name",
        evidence=f"{answer.url} shows the sign-in page",
        why="An edge keeps what ends in .css, and shows it to the next.",
        fix="end the pattern of the route: path(), or re_path with a $",
    )


@check(
    "LC-EDGE-003",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Files whose names change with them are kept for a year",
)
def static(facts: Facts) -> Outcome:
    web = known(facts.web)
    visits = known(web.pages[STATIC])
    wrong = list(filter(None, map(unkept, visits)))
    if not wrong and web.edge and not is_hit(visits[-1]):
        wrong.append("is not kept by the edge")
    if not wrong:
        return Passed(visits[0].header("cache-control"))
    return Failed(
        title="Style sheets and scripts are fetched again and again",
        evidence=f"{visits[0].url.rpartition('/')[2]} {wrong[0]}",
        why="Every page is slower, and a busy day takes the servers down.",
        fix="let Cache-Control through the edge, as WhiteNoise sends it",
    )


def unkept(answer: Answer) -> str:
    """Why a file is not kept for long."""
    said = cache_control(answer)
    if answer.status != 200:
        return f"answers {answer.status}"
    if answer.cookies:
        return "sets a cookie"
    if seconds(said.get("max-age", "")) < YEAR or "immutable" not in said:
        return f"says Cache-Control: {answer.header('cache-control') or 'nothing'}"
    return "" if HASHED.search(answer.url) else "has a name that does not change with it"


@check(
    "LC-EDGE-004",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="No cookie comes with an answer that may be kept",
)
def cookies(facts: Facts) -> Outcome:
    found = faults(
        answers(facts, *OPEN),
        lambda each: f"sets {each.cookies[0].name}" if each.cookies and may_be_kept(each) else "",
    )
    if not found:
        return Passed(f"seen on {listed(OPEN)}")
    return Failed(
        title="A cookie comes with an answer that an edge may keep",
        evidence=listed(found, 3),
        why="The edge hands one visitor's cookie to all who follow.",
        fix="Cache-Control: private on whatever sets a cookie",
    )


def may_be_kept(answer: Answer) -> bool:
    """Whether a shared cache may keep an answer by its own words (RFC 9111 §3)."""
    said = cache_control(answer)
    if {"private", "no-store"} & said.keys():
        return False
    lives = seconds(said.get("s-maxage", "")) or seconds(said.get("max-age", ""))
    return "public" in said or lives > 0


@check(
    "LC-EDGE-005",
    tier=Tier.LATER,
    impact=Impact.IMAGE,
    title="Style sheets and scripts travel compressed",
)
def compressed(facts: Facts) -> Outcome:
    visits = known(known(facts.web).pages[STATIC])
    packed = visits[0].header("content-encoding")
    if packed or len(visits[0].body) < 1400:  # one packet
        return Passed(packed or "too small to matter")
    return Failed(
        title="Style sheets and scripts travel uncompressed",
        evidence=f"{len(visits[0].body) // 1000} kB of {visits[0].url.rpartition('/')[2]}",
        why="Phones on a slow line wait four times as long.",
        fix="python manage.py collectstatic, or gzip_static on; at the edge",
    )
