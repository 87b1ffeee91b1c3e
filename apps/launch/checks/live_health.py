"""LC-HEALTH-1NN: whether the running product says that it is well, to whoever watches it."""

import json
import re
from typing import Any

from apps.core.health import HEARTBEAT_MAX_AGE
from apps.launch.checks.seen import answers, faults
from apps.launch.facts import Facts, Skipped, Unasked, known
from apps.launch.facts.web import HEALTH, PLATFORM_HEALTH, READY, Answer
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

SLOW = 1000.0  # ms
# Traces of Python, of drivers and of servers' addresses.
INNER = re.compile(
    r"Traceback|File \"|\.py\b|psycopg|django|redis://|postgres(ql)?://|Error\b", re.I
)
FOR_OPERATORS = {"release", "checks", "version"}


def said(answer: Answer) -> dict[str, Any]:
    """The object that an answer's JSON holds; nothing if it holds none."""
    try:
        document = json.loads(answer.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def illness(answer: Answer) -> str:
    """Why a monitor or platform would take the product for dead."""
    if answer.status != 200:
        return f"answers {answer.status}"
    return "" if said(answer).get("status") == "ok" else "does not say that all is well"


@check(
    "LC-HEALTH-101",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Health is answered with 200, at once and without a redirect",
)
def alive(facts: Facts) -> Outcome:
    answer = known(facts.web).page(HEALTH)
    if wrong := illness(answer):
        return Failed(
            title="Health is not answered as monitors need it",
            evidence=f"/healthz {wrong}",
            why="Platform and monitors take the product for dead, or miss it.",
            fix="curl -i https://…/healthz; let that path through the edge",
        )
    if answer.ms > SLOW:
        return Failed(
            tier=Tier.TRAFFIC,
            title="Health is answered late",
            evidence=f"/healthz took {answer.ms:.0f} ms",
            why="Under load the platform restarts what only was slow.",
            fix="WEB_CONCURRENCY: one more process, or a larger machine",
        )
    return Passed(f"200 in {answer.ms:.0f} ms")


@check(
    "LC-HEALTH-102",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="The running product has all that it needs",
)
def ready(facts: Facts) -> Outcome:
    answer = known(facts.web).page(READY)
    wrong = illness(answer)
    if not wrong:
        return Passed("/readyz answers 200")
    failed = [str(name) for name in said(answer).get("failed", []) if isinstance(name, str)]
    if failed and (others := told_by_others(facts)).keys() >= set(failed):
        raise Skipped(f"what is lacking {' and '.join(others[each] for each in failed)} tells")
    return Failed(
        title="The running product lacks something that it needs",
        evidence=f"/readyz {wrong}" + (f": {', '.join(failed[:5])}" if failed else ""),
        why="Pages, mail or exports fail as soon as somebody needs them.",
        fix="python manage.py launch_check -v, where it runs; then its logs",
    )


def told_by_others(facts: Facts) -> dict[str, str]:
    """What readiness may miss and another check has found missing, with the ids of those."""
    told, seen = {}, facts.worker_seen
    if not isinstance(seen, Unasked) and (seen is None or seen > HEARTBEAT_MAX_AGE):
        told["worker"] = "LC-OPS-002"
    if not isinstance(facts.database, Unasked) and facts.database.unapplied:
        told["migrations"] = "LC-DATA-002, LC-MIG-003, LC-MIG-004 or LC-MIG-005"
    return told


@check(
    "LC-HEALTH-103",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="Readiness tells strangers nothing of the inside",
)
def reticent(facts: Facts) -> Outcome:
    def leak(answer: Answer) -> str:
        told = sorted(FOR_OPERATORS & said(answer).keys())
        if told:
            return f"tells {', '.join(told)}"
        found = INNER.search(answer.body)
        return f"tells {found[0]!r}" if found else ""

    found = faults(answers(facts, READY), leak)
    if not found:
        return Passed("status and names alone")
    return Failed(
        title="Readiness tells strangers about the inside",
        evidence=found[0],
        why="Versions and errors tell an attacker where to begin.",
        fix="keep the details of /readyz for the operator's token",
    )


@check(
    "LC-HEALTH-104",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Health is answered under the platform's name too",
)
def platform(facts: Facts) -> Outcome:
    wrong = illness(known(facts.web).page(PLATFORM_HEALTH))
    if not wrong:
        return Passed("200")
    return Failed(
        title="Health is not answered under the platform's name",
        evidence=f"/healthz {wrong}",
        why="The platform asks by its own name, and never calls it live.",
        fix="ALLOWED_HOSTS=, the platform's name",
    )


@check(
    "LC-HEALTH-105",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="The running release is the one that is judged",
)
def release(facts: Facts) -> Outcome:
    answer = known(facts.web).page(HEALTH)
    live, here = str(said(answer).get("release", "")), str(facts.settings["RELEASE"])
    if here == "unknown":
        raise Skipped("which release is judged is not known, which LC-OPS-003 tells")
    if not live and illness(answer):
        raise Skipped("LC-HEALTH-101 comes first: health is not answered as it should be")
    if here in {live, "unknown"}:  # LC-OPS-003 tells of the latter
        return Passed(live)
    return Failed(
        title="Another release is live than the one that is judged",
        evidence=f"live {live or 'says none'}, here {here}",
        why="What was checked here is not what customers meet.",
        fix=f"RELEASE={live or '…'}, on that release's code; or deploy this one",
    )
