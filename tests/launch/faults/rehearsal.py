"""Faults that a rehearsal with two made-up workspaces shows, and what it could not show."""

from dataclasses import replace
from typing import Any

from apps.launch.facts import Facts
from apps.launch.findings import Tier
from tests.launch.fabricated import with_facts
from tests.launch.sound.rehearsal import REHEARSAL

LIST = "/t/<slug:slug>/clients/"


def rehearsed(**changes: Any) -> Facts:
    """The sound launch with another rehearsal."""
    return with_facts(rehearsal=replace(REHEARSAL, **changes))


FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-TENANT-005", Tier.NOW, rehearsed(opened=(f"GET {LIST}<int:pk>/: 200",))),
    (
        "LC-TENANT-005",
        Tier.NOW,
        rehearsed(opened=(f"POST {LIST}<int:pk>/: 302",), unproven={"/t/x/": "it crashed"}),
    ),
    ("LC-PERF-001", Tier.TRAFFIC, rehearsed(pages={LIST: (8, 26)})),
    ("LC-PERF-001", Tier.TRAFFIC, rehearsed(pages={LIST: (8, 9)}, uncounted={"a": "b"})),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("what is kept after the first time is asked less often", rehearsed(pages={LIST: (9, 8)})),
]
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [
    ("rehearsal", {"LC-TENANT-005", "LC-PERF-001"}),
]
# What is not proven is no pass, by the check that is then unknown.
NOT_SHOWN = {
    "LC-TENANT-005": rehearsed(unproven={f"{LIST}<int:pk>/": "it crashed"}),
    "LC-PERF-001": rehearsed(uncounted={"clients.Client": "no row could be made up"}),
}
