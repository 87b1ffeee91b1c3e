"""Faults of what launch.toml records: monitors, alerts, backups, people and accounts."""

from dataclasses import replace
from datetime import date
from typing import Any

from apps.launch.facts import Facts
from apps.launch.facts.handover import Handover
from apps.launch.facts.unasked import Unasked
from apps.launch.findings import Tier
from apps.launch.plan import Alert, Owners, Provider
from tests.launch.fabricated import PLAN, SOUND, with_facts, with_plan
from tests.launch.sound.plan import proof

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER
[MONITOR] = PLAN.monitors


def monitored(**changes: Any) -> Facts:
    """The sound launch, watched otherwise."""
    return with_plan(monitors=(replace(MONITOR, **changes),))


def watched_too(**changes: Any) -> Facts:
    """The sound launch, watched by a second monitor as well."""
    return with_plan(monitors=(MONITOR, replace(MONITOR, **changes)))


def answering(**changes: Any) -> Facts:
    """The sound launch with other owners."""
    return with_plan(owners=replace(PLAN.owners, **changes))


def proved(**changes: Any) -> Facts:
    """The sound launch with other evidence."""
    return with_plan(evidence=replace(PLAN.evidence, **changes))


def stored(recorded: dict[str, Any], **changes: Any) -> Facts:
    """The sound launch with other evidence in its plan, and with these facts of its store."""
    return replace(proved(**recorded), backups=replace(SOUND.backups, **changes))  # type: ignore[type-var]  # it was asked


def renewed(day: date | None) -> Facts:
    return with_plan(registrar=replace(PLAN.registrar, renews=day))


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-UP-001", TRAFFIC, monitored(url="https://status.harbourside.co/healthz")),
    ("LC-UP-001", TRAFFIC, monitored(url="https://portal.harbourside.co/")),
    ("LC-UP-002", TRAFFIC, monitored(seconds=300)),
    ("LC-UP-003", TRAFFIC, monitored(body="")),
    ("LC-UP-003", TRAFFIC, monitored(status=0)),
    ("LC-UP-004", TRAFFIC, monitored(watches=("certificate",))),
    ("LC-UP-004", TRAFFIC, monitored(watches=())),
    ("LC-UP-005", TRAFFIC, monitored(alerts=())),
    ("LC-UP-005", TRAFFIC, monitored(alerts=("nobody knows it",))),
    (
        "LC-UP-005",
        TRAFFIC,
        with_plan(alerts=(Alert(name="on call", kind="email", target="ops@harbourside.co"),)),
    ),
    ("LC-BACK-001", NOW, proved(backup=None)),
    ("LC-BACK-001", NOW, proved(backup=proof(days=1.1))),
    ("LC-BACK-001", NOW, proved(backup=proof(days=-2))),
    ("LC-BACK-002", TRAFFIC, proved(restore_drill=None)),
    ("LC-BACK-002", TRAFFIC, proved(restore_drill=proof(days=91))),
    ("LC-BACK-003", NOW, proved(off_platform="")),
    ("LC-BACK-001", NOW, stored({"backup": None}, newest=proof(days=1.1))),
    ("LC-BACK-002", TRAFFIC, stored({"restore_drill": None}, drill=proof(days=91))),
    ("LC-HAND-001", TRAFFIC, with_plan(owners=Owners(product="Ada", technical="Sam"))),
    ("LC-HAND-002", TRAFFIC, with_plan(dns=Provider(name="deSEC"))),
    ("LC-HAND-002", TRAFFIC, with_plan(mail=replace(PLAN.mail, account=""))),
    ("LC-HAND-003", LATER, renewed(None)),
    ("LC-HAND-003", TRAFFIC, renewed(date(2026, 12, 20))),
    ("LC-HAND-003", NOW, renewed(date(2026, 11, 27))),
    ("LC-HAND-004", TRAFFIC, with_facts(handover=Handover(made_from=None, current="ab12"))),
    ("LC-HAND-005", LATER, with_facts(handover=Handover(made_from="cd34", current="ab12"))),
    ("LC-HAND-006", LATER, proved(handover=None)),
    ("LC-HAND-006", LATER, proved(handover=proof(days=91))),
    ("LC-HAND-007", LATER, answering(security="Sam Reed")),
    ("LC-UP-006", LATER, watched_too(url="https://harbourside.co/readyz")),
    ("LC-UP-006", LATER, watched_too(url="https://harbourside.onrender.com/healthz")),
    ("LC-MAIL-005", TRAFFIC, with_plan(mail=replace(PLAN.mail, bounces=""))),
    ("LC-MAIL-005", TRAFFIC, with_plan(mail=replace(PLAN.mail, bounces="nobody"))),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("a second monitor may be slow", with_plan(monitors=(MONITOR, replace(MONITOR, seconds=900)))),
    ("readiness may be asked instead", monitored(url="https://portal.harbourside.co/readyz")),
    ("a backup may be a day old", proved(backup=proof(days=1))),
    ("a clock may be ahead by minutes", proved(backup=proof(days=-0.01))),
    ("holes may be reported on a page", answering(security="https://harbourside.co/security")),
    ("a drill may be 90 days old", proved(restore_drill=proof(days=90))),
    ("the store may have the backup", stored({"backup": None}, newest=proof(days=1))),
    ("the store may have the drill", stored({"restore_drill": None}, drill=proof(days=90))),
    ("the store may have the newer one", stored({"backup": proof(days=9)}, newest=proof(days=1))),
    (
        "a plan's dates to come hide no backup",
        stored({"backup": proof(days=-9)}, newest=proof(days=1)),
    ),
    ("the store may be elsewhere", stored({"off_platform": ""}, elsewhere="s3://backups")),
    ("the store may not answer", with_facts(backups=Unasked("BACKUP_URL is not set"))),
]
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    (
        "plan",
        {
            "LC-MAIL-005",
            *(f"LC-UP-00{number}" for number in range(1, 7)),
            *(f"LC-BACK-00{number}" for number in range(1, 4)),
            *(f"LC-HAND-00{number}" for number in range(1, 8)),
        },
    ),
    ("handover", {"LC-HAND-004", "LC-HAND-005"}),
]
