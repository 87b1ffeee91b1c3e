"""Faults of the migrations, and of what was rehearsed of going back."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts
from apps.launch.facts.migrations import Harm, Step
from apps.launch.findings import Tier
from tests.launch.fabricated import DATABASE, SOUND, with_facts, with_settings
from tests.launch.faults.evidence import proved
from tests.launch.sound.migrations import MIGRATIONS
from tests.launch.sound.plan import proof

NOW, TRAFFIC = Tier.NOW, Tier.TRAFFIC
NEW = "clients.0002_city"
TIMEOUTS = {"statement_timeout": "30s", "lock_timeout": "5s"}


def waits(harm: Harm, *, applied: str = "clients") -> Facts:
    """The sound launch with one migration that has yet to run; the other fault is LC-DATA-002's."""
    steps = (*MIGRATIONS.steps, Step(migration=NEW, what="does it", harm=harm))
    database = replace(DATABASE, unapplied=(NEW,), applied_apps=frozenset({applied}))
    return replace(SOUND, migrations=replace(MIGRATIONS, steps=steps), database=database)


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-MIG-001", NOW, with_facts(migrations=replace(MIGRATIONS, conflicts=("clients",)))),
    ("LC-MIG-002", NOW, with_facts(migrations=replace(MIGRATIONS, unmade=("clients.0003_x",)))),
    ("LC-MIG-003", NOW, waits(Harm.BREAKS)),
    ("LC-MIG-004", TRAFFIC, waits(Harm.LOCKS)),
    ("LC-MIG-005", TRAFFIC, waits(Harm.ONE_WAY)),
    ("LC-MIG-006", TRAFFIC, with_settings(DATABASE_TIMEOUTS={**TIMEOUTS, "lock_timeout": ""})),
    ("LC-MIG-006", TRAFFIC, with_settings(DATABASE_TIMEOUTS={})),
    ("LC-MIG-007", TRAFFIC, proved(rollback_drill=None)),
    ("LC-MIG-007", TRAFFIC, proved(rollback_drill=proof(days=91))),
    ("LC-MIG-008", TRAFFIC, proved(previous_release=proof(days=91))),
]
HARMLESS: list[tuple[str, Facts]] = []
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    (
        "migrations",
        {f"LC-MIG-00{number}" for number in range(1, 6)},
    ),
    ("database", {"LC-MIG-003", "LC-MIG-004", "LC-MIG-005"}),
    ("plan", {"LC-MIG-007", "LC-MIG-008"}),
]
