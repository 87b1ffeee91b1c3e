"""Faults of the launch plan itself."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.findings import Tier
from tests.launch.fabricated import PLAN, with_facts, with_plan

FAULTS: list[tuple[str, Tier, Facts]] = [
    (
        "LC-PLAN-002",
        Tier.NOW,
        with_plan(
            site=replace(PLAN.site, canonical="app.harbourside.co"),
            monitors=(replace(PLAN.monitors[0], url="https://app.harbourside.co/healthz"),),
        ),
    ),
]
HARMLESS: list[tuple[str, Facts]] = []
UNHAD: list[tuple[dict[str, Any], set[str]]] = [
    (
        {"plan": Unasked("no answer")},
        {
            *("LC-PLAN-001", "LC-PLAN-002", "LC-MAIL-005", "LC-MIG-007", "LC-MIG-008"),
            *(f"LC-UP-00{number}" for number in range(1, 6)),
            *(f"LC-BACK-00{number}" for number in range(1, 4)),
            *(f"LC-HAND-00{number}" for number in range(1, 4)),
        },
    ),
]
# Without a plan, what rests on it is skipped.
WITHOUT = with_facts(plan=Skipped("needs the launch plan"))
