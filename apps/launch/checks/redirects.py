"""LC-REDIR: whether every address that somebody may type ends at the one right page."""

from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

from apps.launch.checks.seen import faults
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Skipped, known
from apps.launch.facts.web import STRANGER, Answer
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

MOST_HOPS = 2  # from http to https on the same host, then to the canonical one
PERMANENT = {301, 308}
SECURE_FIRST, ONE_HOST, FEW, LASTING, WHOLE = (f"LC-REDIR-00{n}" for n in range(1, 6))
Chain = tuple[Answer, ...]


def first_fault(chain: Chain, canonical: str) -> tuple[str, str]:
    """Whose fault a chain has, and what it is: only its first, since others follow from it."""
    return next(faults_of(chain, canonical), ("", ""))


def faults_of(chain: Chain, canonical: str) -> Iterator[tuple[str, str]]:
    """The faults of a chain, each with the id of its check."""
    start, end = chain[0], chain[-1]
    hops = [answer for answer in chain if answer.leads_to]
    begun, ended = urlsplit(start.url), urlsplit(end.leads_to or end.url)
    if begun.scheme == "http" and not is_secured(start):
        yield SECURE_FIRST, f"leads to {start.leads_to}" if hops else f"answers {start.status}"
    if end.leads_to in {answer.url for answer in chain}:
        yield ONE_HOST, "leads in a circle"
    if (ended.scheme, ended.hostname) != ("https", canonical):
        yield ONE_HOST, f"ends at {ended.scheme}://{ended.netloc}"
    if len(hops) > MOST_HOPS:
        yield FEW, f"takes {len(hops)} redirects"
    if passing := [str(answer.status) for answer in hops if answer.status not in PERMANENT]:
        yield LASTING, f"answers {listed(passing)}"
    if (ended.path or "/", ended.query) != (begun.path or "/", begun.query):
        yield WHOLE, f"ends at {end.leads_to or end.url}"


def is_secured(start: Answer) -> bool:
    """Whether plain HTTP leads to HTTPS on the same host, so that HSTS is learned for it."""
    there, here = urlsplit(start.leads_to), urlsplit(start.url)
    return (there.scheme, there.hostname) == ("https", here.hostname)


def those_of(facts: Facts, id: str) -> list[str]:
    """What is wrong with the chains whose first fault is this check's."""
    web = known(facts.web)

    def fault(chain: Chain) -> str:
        whose, words = first_fault(chain, web.canonical)
        return words if whose == id else ""

    return faults(web.chains.items(), fault)


def outcome(facts: Facts, found: Sequence[str], *, title: str, why: str, fix: str) -> Outcome:
    """Failed with what was found, else Passed with how many addresses were tried."""
    if not found:
        return Passed(f"{len(known(facts.web).chains)} addresses tried")
    return Failed(title=title, evidence=listed(found, 2), why=why, fix=fix)


@check(
    SECURE_FIRST,
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="Plain HTTP leads to HTTPS on the same host first",
)
def secure_first(facts: Facts) -> Outcome:
    return outcome(
        facts,
        those_of(facts, SECURE_FIRST),
        title="Plain HTTP is not led to HTTPS on the same host",
        why="A visitor's first request, cookies and all, can be tampered with.",
        fix="on port 80: return 301 https://$host$request_uri;",
    )


@check(ONE_HOST, tier=Tier.NOW, impact=Impact.OUTAGE, title="Every name leads to the one host")
def one_host(facts: Facts) -> Outcome:
    return outcome(
        facts,
        those_of(facts, ONE_HOST),
        title="A name does not lead to the one host",
        why="People sign in twice, links differ, some never arrive.",
        fix=f"redirect it for good to https://{known(facts.web).canonical}",
    )


@check(FEW, tier=Tier.NOW, impact=Impact.IMAGE, title="No name takes more than two redirects")
def few(facts: Facts) -> Outcome:
    return outcome(
        facts,
        those_of(facts, FEW),
        title="A name takes more than two redirects",
        why="Each costs a phone up to a second before anything shows.",
        fix=f"lead https names straight to https://{known(facts.web).canonical}",
    )


@check(LASTING, tier=Tier.NOW, impact=Impact.IMAGE, title="Redirects between names are for good")
def lasting(facts: Facts) -> Outcome:
    return outcome(
        facts,
        those_of(facts, LASTING),
        title="Redirects between names are for the time being",
        why="Search engines keep the old names, and browsers ask each time.",
        fix="answer 301 or 308 in place of 302, 303 or 307",
    )


@check(WHOLE, tier=Tier.NOW, impact=Impact.OUTAGE, title="Redirects keep path and query")
def whole(facts: Facts) -> Outcome:
    return outcome(
        facts,
        those_of(facts, WHOLE),
        title="A redirect loses the path or the query",
        why="Links in mails and bookmarks end on the front page.",
        fix="redirect to https://…$request_uri, the whole address",
    )


@check(
    "LC-REDIR-006",
    tier=Tier.NOW,
    impact=Impact.EXPOSURE,
    title="A name that is nobody's is refused",
)
def stranger(facts: Facts) -> Outcome:
    answer = known(facts.web).page(STRANGER)
    # 421 is what HTTP has for it (RFC 9110 §15.5.20), and what nginx sends to a foreign SNI.
    if answer.status in {400, 421}:
        return Passed(f"x.invalid gets {answer.status}")
    return Failed(
        title="The product answers to names that are not its own",
        evidence=f"Host: x.invalid gets {answer.status}",
        why="Links in reset mails can be made to lead to a thief's page.",
        fix="name exact hosts in ALLOWED_HOSTS, and no default server before it",
    )


@check(
    "LC-REDIR-007", tier=Tier.NOW, impact=Impact.OUTAGE, title="Moved addresses lead to new ones"
)
def moved(facts: Facts) -> Outcome:
    asked = known(facts.web).moved
    if not asked:
        raise Skipped("the plan has no redirects")
    found = [
        wrong
        for (source, target), seen in asked.items()
        for wrong in faults([(source, seen)], partial(strays, target))
    ]
    if not found:
        return Passed(f"{len(asked)} tried")
    return Failed(
        title="An address that has moved does not lead to its new place",
        evidence=listed(found, 2),
        why="Old links and bookmarks end nowhere.",
        fix="redirect it for good, or take it out of launch.toml",
    )


def strays(target: str, chain: Chain) -> str:
    """Where a chain ends instead of `target`, or the status that is not for good; "" if well."""
    end = chain[-1]
    passed = [answer.leads_to for answer in chain]
    if target not in passed:
        return f"ends at {end.leads_to or end.url}"
    if any(answer.status not in PERMANENT for answer in chain[: passed.index(target) + 1]):
        return "is redirected for the time being"
    return f"leads to what answers {end.status}" if end.status >= 400 else ""
