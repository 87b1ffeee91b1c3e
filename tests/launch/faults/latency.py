"""Faults of what the journeys cost, by the stored measurements."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from apps.launch.facts import Facts
from apps.launch.facts.baseline import Baseline, Journey
from apps.launch.findings import Tier
from apps.launch.plan import Budgets, JourneyBudget
from tests.launch.fabricated import PLAN, with_facts
from tests.launch.sound.baseline import BASELINE, CURRENT, JOB, PAGE
from tests.launch.sound.plan import NOW as TODAY

NOW, TRAFFIC, LATER = Tier.NOW, Tier.TRAFFIC, Tier.LATER


def now(**changes: Any) -> Facts:
    """The sound launch with a last measurement that is different."""
    return with_facts(baseline=replace(BASELINE, current=replace(CURRENT, **changes)))


def walked(name: str, journey: Journey, *, then: Journey | None = None) -> Facts:
    """The sound launch where one journey cost this, and the same before unless said otherwise."""
    before = replace(CURRENT, journeys={**CURRENT.journeys, name: then or journey})
    current = replace(CURRENT, journeys={**CURRENT.journeys, name: journey})
    return with_facts(baseline=Baseline(current=current, previous=before))


def budgeted(name: str, **limits: int) -> Facts:
    """The sound launch with a budget for one journey."""
    budgets = Budgets(journeys={name: JourneyBudget(**limits)})
    return with_facts(plan=replace(PLAN, budgets=budgets))


WITHOUT_LIST = {name: one for name, one in CURRENT.journeys.items() if name != "list"}
UNCOUNTED = replace(PAGE, queries=None)

FAULTS: list[tuple[str, Tier, Facts]] = [
    ("LC-PERF-101", TRAFFIC, walked("list", replace(PAGE, p95_ms=601.0))),
    ("LC-PERF-101", TRAFFIC, walked("search", replace(PAGE, kind="api", p95_ms=301.0))),
    ("LC-PERF-101", TRAFFIC, budgeted("list", p95_ms=200)),
    ("LC-PERF-101", TRAFFIC, budgeted("export", p95_ms=2000)),
    ("LC-PERF-101", TRAFFIC, budgeted("list", queries=11)),
    ("LC-PERF-101", TRAFFIC, budgeted("list", kilobytes=29)),
    ("LC-PERF-102", TRAFFIC, walked("list", replace(PAGE, p95_ms=253.0), then=PAGE)),
    ("LC-PERF-102", TRAFFIC, walked("export", replace(JOB, p50_ms=1801.0), then=JOB)),
    ("LC-PERF-102", TRAFFIC, walked("list", replace(PAGE, queries=15), then=PAGE)),
    ("LC-PERF-102", TRAFFIC, walked("list", replace(PAGE, kilobytes=36.1), then=PAGE)),
    ("LC-PERF-103", NOW, walked("list", replace(PAGE, slowest_ms=30_001.0))),
    ("LC-PERF-104", LATER, with_facts(baseline=Baseline())),
    ("LC-PERF-104", LATER, now(measured_at=TODAY - timedelta(days=91))),
    ("LC-PERF-104", LATER, now(measured_at=TODAY + timedelta(days=1))),
    (
        "LC-PERF-105",
        LATER,
        with_facts(plan=replace(PLAN, budgets=Budgets(concurrency=9))),
    ),
    ("LC-PERF-106", TRAFFIC, now(journeys=WITHOUT_LIST)),
    ("LC-PERF-106", TRAFFIC, walked("list", replace(PAGE, errors=1))),
    ("LC-PERF-106", TRAFFIC, walked("list", replace(PAGE, samples=0, ended="429"))),
    ("LC-PERF-106", TRAFFIC, budgeted("invoice", queries=9)),
]
HARMLESS: list[tuple[str, Facts]] = [
    ("the first baseline has none before it", with_facts(baseline=Baseline(current=CURRENT))),
    ("a budget is not exceeded by what fills it", budgeted("list", p95_ms=210, queries=12)),
    ("a fifth more is still no finding", walked("list", replace(PAGE, p95_ms=252.0), then=PAGE)),
    (
        "a few milliseconds are noise",
        walked("list", replace(PAGE, p95_ms=55.0), then=replace(PAGE, p95_ms=31.0)),
    ),
    ("one slow one of three is chance", walked("export", replace(JOB, p95_ms=2e4), then=JOB)),
    ("what the server did not count is not compared", walked("list", UNCOUNTED, then=PAGE)),
    (
        "what was measured with fewer people is not compared",
        with_facts(
            baseline=Baseline(
                current=CURRENT,
                previous=replace(
                    CURRENT,
                    concurrency=2,
                    journeys=dict.fromkeys(CURRENT.journeys, replace(PAGE, p95_ms=50.0)),
                ),
            )
        ),
    ),
    ("more people than are expected", now(concurrency=16)),
]
CHECKS = {f"LC-PERF-{number}" for number in range(101, 107)}
UNHAD: list[tuple[str | dict[str, Any], set[str]]] = [("baseline", CHECKS), ("plan", CHECKS)]
