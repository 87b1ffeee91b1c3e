"""LC-PLAN: whether the launch is planned, by what launch.toml says of itself."""

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from apps.launch.checks.words import is_public_name
from apps.launch.facts import Facts, Skipped, known
from apps.launch.findings import Failed, Finding, Impact, Outcome, Passed, Status, Tier
from apps.launch.plan import AcceptedRisk
from apps.launch.registry import CHECKS, check

DJANGO = re.compile(r"\w+\.[CDEIW]\d{3}")  # the ids of Django's own checks


@check(
    "LC-PLAN-001",
    tier=Tier.NOW,
    impact=Impact.BLINDNESS,
    title="There is a launch plan",
)
def plan_exists(facts: Facts) -> Outcome:
    if not isinstance(facts.plan, Skipped):
        return Passed(f"for {known(facts.plan).site.canonical}")
    return Failed(
        title="There is no launch plan",
        evidence="launch.toml is not there",
        why="Names, mail, owners, backups and alerts cannot be judged.",
        fix="python manage.py launch_init",
    )


@check(
    "LC-PLAN-002",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Plan and settings name the same host",
)
def same_host(facts: Facts) -> Outcome:
    if facts.is_judged_as_staging:
        raise Skipped("the plan's host is production's")
    planned, set_ = known(facts.plan).site.canonical, urlsplit(facts.settings["SITE_URL"]).hostname
    if planned == set_ or not is_public_name(set_ or ""):  # LC-SET-007 tells of the latter
        return Passed(planned)
    return Failed(
        title="Plan and settings name different hosts",
        evidence=f"launch.toml has {planned}, SITE_URL {set_}",
        why="One of them is wrong, and customers meet the other.",
        fix=f"SITE_URL=https://{planned}, or mend canonical in launch.toml",
    )


@check(
    "LC-PLAN-011",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="No accepted risk has run out",
)
def acceptance_in_time(facts: Facts) -> Outcome:
    return each_accepted(
        facts,
        lambda risk: risk.until < facts.now.date(),
        Failed(
            title="An accepted risk has run out, and counts again",
            evidence="{id}, accepted by {owner} until {until}",
            why="It was to be mended by now, or decided on again.",
            fix="mend it, or set a later `until` under [[accepted]] in launch.toml",
        ),
    )


@check(
    "LC-PLAN-012",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="Each accepted risk is still there",
    judges_findings=True,
)
def acceptance_needed(facts: Facts) -> Outcome:
    return each_accepted(
        facts,
        lambda risk: risk.until >= facts.now.date() and is_gone(risk, facts.findings),
        Failed(
            title="An accepted risk is gone",
            evidence="{id}, accepted by {owner}, does not fail any more",
            why="If it comes back, it would be accepted without a thought.",
            fix="take its [[accepted]] out of launch.toml",
        ),
    )


@check(
    "LC-PLAN-013",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="Each accepted risk names a check",
)
def acceptance_known(facts: Facts) -> Outcome:
    return each_accepted(
        facts,
        lambda risk: risk.id not in CHECKS and not DJANGO.fullmatch(risk.id),
        Failed(
            title="An accepted risk names no check",
            evidence="{id}, accepted by {owner}",
            why="Nothing is accepted by it, whatever was meant.",
            fix="mend its id: python manage.py launch_check --list-checks",
        ),
    )


def each_accepted(
    facts: Facts, is_wrong: Callable[[AcceptedRisk], bool], failed: Failed
) -> Outcome:
    """A finding for each accepted risk that is wrong, with its words put into the evidence."""
    risks = known(facts.plan).accepted
    return [
        replace(
            failed,
            evidence=failed.evidence.format(id=risk.id, owner=risk.owner, until=risk.until),
            subject=f"{risk.id} {risk.fingerprint}",
        )
        for risk in risks
        if is_wrong(risk)
    ] or Passed(f"{len(risks)} accepted")


def is_gone(risk: AcceptedRisk, findings: tuple[Finding, ...]) -> bool:
    """Whether the check of a risk could tell, and does not find it any more."""
    same = [one for one in findings if risk.id == one.id]
    if DJANGO.fullmatch(risk.id):
        could_tell = any(
            DJANGO.fullmatch(one.id) or (one.id == "django" and one.status is Status.PASS)
            for one in findings
        )
    else:
        could_tell = bool(same) and all(one.status in {Status.PASS, Status.FAIL} for one in same)
    still = [one for one in same if one.status is Status.FAIL]
    return could_tell and not any(risk.fingerprint in {"", one.fingerprint} for one in still)
