"""Faults of the launch plan itself."""

from dataclasses import replace
from datetime import date
from typing import Any

from apps.launch.facts import Facts, Message, Skipped
from apps.launch.findings import Tier
from apps.launch.plan import AcceptedRisk
from tests.launch.fabricated import PLAN, SOUND, with_facts, with_plan, with_settings
from tests.launch.sound.dns import NAMES, told

LAST_DAY = SOUND.now.date()


def accepting(id: str, until: date = LAST_DAY, facts: Facts = SOUND, mark: str = "") -> Facts:
    """Those facts with a plan that accepts this id."""
    risk = AcceptedRisk(id=id, reason="for now", owner="Ada", until=until, fingerprint=mark)
    return replace(facts, plan=replace(PLAN, accepted=(risk,)))


def django_said(id: str) -> Facts:
    """The sound launch with one message of Django's that can wait."""
    said = Message(id=id, text="It is so. Bad.", hint="Mend it.", is_error=False, silenced=False)
    return with_facts(django=(said,))


FAULTS: list[tuple[str, Tier, Facts]] = [
    (
        "LC-PLAN-002",
        Tier.NOW,
        replace(
            with_plan(
                site=replace(PLAN.site, canonical="app.harbourside.co"),
                monitors=(replace(PLAN.monitors[0], url="https://app.harbourside.co/healthz"),),
            ),
            dns=told(
                {("app.harbourside.co", "A"): ["81.2.69.142"]}, names=("app.harbourside.co", *NAMES)
            ),
        ),
    ),
    ("LC-PLAN-011", Tier.TRAFFIC, accepting("LC-SET-009", date(2026, 11, 27))),
    ("LC-PLAN-012", Tier.LATER, accepting("LC-SET-009")),
    ("LC-PLAN-012", Tier.LATER, accepting("security.W021")),
    ("LC-PLAN-013", Tier.LATER, accepting("LC-SET-999")),
    ("LC-PLAN-013", Tier.LATER, accepting("lc-set-009")),
]
HARMLESS: list[tuple[str, Facts]] = [
    (
        "a risk is accepted on its last day",
        accepting("LC-SET-009", facts=with_settings(NOINDEX=True)),
    ),
    ("a message of Django's is accepted", accepting("urls.W002", facts=django_said("urls.W002"))),
]
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ("plan", {f"LC-PLAN-{n:03}" for n in (1, 2, 11, 12, 13)}),
]
# Without a plan, what rests on it is skipped.
WITHOUT = with_facts(plan=Skipped("needs the launch plan"))
