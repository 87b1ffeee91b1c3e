"""Faults of migrations, and of what was rehearsed about them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from apps.launch.facts import Facts, Unasked
from apps.launch.facts.migrations import Harm, Hazard
from apps.launch.findings import Tier
from apps.launch.plan import Proof
from tests.launch.fabricated import PLAN, with_facts, with_settings
from tests.launch.sound.migrations import MIGRATIONS

NOW, TRAFFIC = Tier.NOW, Tier.TRAFFIC


def having(**changes: Any) -> Facts:
    """The sound launch with other migrations."""
    return with_facts(migrations=replace(MIGRATIONS, **changes))


def doing(harm: Harm) -> Facts:
    """The sound launch with one waiting operation that does this harm."""
    return having(hazards=(Hazard(migration="a.0002_b", operation="Do it", harm=harm),))


def rehearsed(**changes: Any) -> Facts:
    """The sound launch with other evidence."""
    return with_facts(plan=replace(PLAN, evidence=replace(PLAN.evidence, **changes)))


def at(month: int, day: int) -> Proof:
    return Proof(at=datetime(2026, month, day, 12, tzinfo=UTC), by="Sam Reed")


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-MIG-001", NOW, having(conflicts=("clients.0002_a", "clients.0002_b"))),
    ("LC-MIG-002", NOW, having(unwritten=("clients: Add field age to client",))),
    ("LC-MIG-003", NOW, doing(Harm.TAKES)),
    ("LC-MIG-004", NOW, doing(Harm.NEEDS)),
    ("LC-MIG-005", TRAFFIC, doing(Harm.LOCKS)),
    ("LC-MIG-006", TRAFFIC, doing(Harm.STAYS)),
    ("LC-MIG-007", TRAFFIC, with_settings(DATABASE_TIMEOUTS={})),
    ("LC-MIG-007", TRAFFIC, with_settings(DATABASE_TIMEOUTS={"lock_timeout": "0s"})),
    ("LC-MIG-008", TRAFFIC, rehearsed(rollback_drill=None)),
    ("LC-MIG-008", TRAFFIC, rehearsed(rollback_drill=at(8, 29))),
    ("LC-MIG-009", TRAFFIC, rehearsed(previous_release=None)),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("ninety days are not too long", rehearsed(rollback_drill=at(8, 30))),
]
NO_ANSWER = Unasked("no answer")
OF_HAZARDS = {f"LC-MIG-00{number}" for number in range(3, 7)}
UNHAD: list[tuple[dict[str, Any], set[str]]] = [
    ({"migrations": NO_ANSWER}, OF_HAZARDS | {"LC-MIG-001", "LC-MIG-002"}),
    ({"migrations": replace(MIGRATIONS, hazards=NO_ANSWER)}, OF_HAZARDS),
]
