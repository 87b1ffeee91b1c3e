"""Faults of the launch plan itself."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts, Skipped, Unasked
from apps.launch.findings import Tier
from apps.launch.plan import Site
from tests.launch.fabricated import PLAN, with_facts

FAULTS: list[tuple[str, Tier, Facts]] = [
    (
        "LC-PLAN-002",
        Tier.NOW,
        with_facts(plan=replace(PLAN, site=Site(canonical="app.harbourside.co"))),
    ),
]
HARMLESS: list[tuple[str, Facts]] = []
UNHAD: list[tuple[dict[str, Any], set[str]]] = [
    ({"plan": Unasked("no answer")}, {"LC-PLAN-001", "LC-PLAN-002", "LC-MIG-008", "LC-MIG-009"}),
]
# Without a plan, what rests on it is skipped.
WITHOUT = with_facts(plan=Skipped("needs the launch plan"))
