"""The sections on how it stands: how quick it is, and what could go wrong."""

from collections.abc import Iterator, Mapping

from apps.launch.checks.latency import MEASURE
from apps.launch.facts import Facts, Unasked
from apps.launch.facts.baseline import Baseline, Journey
from apps.launch.findings import Finding, Report, Status
from apps.launch.formats.words import WORD
from apps.launch.handover.parts import (
    Block,
    Code,
    Gap,
    Heading,
    Section,
    Table,
    Text,
    Words,
    blank,
    marked,
)
from apps.launch.plan import Plan

NOTHING: Mapping[str, Journey] = {}
UNMEASURED = "not measured"


def baseline(plan: Plan, facts: Facts) -> Section:
    """How quick it has to be, and how quick it was."""
    budgets = plan.budgets
    rows: list[tuple[Words, ...]] = [
        ("a page", f"{budgets.html_ms} ms"),
        ("an answer in JSON", f"{budgets.api_ms} ms"),
    ]
    rows += [
        (name, f"{one.p95_ms} ms" if one.p95_ms else "as a page")
        for name, one in sorted(budgets.journeys.items())
    ]
    blocks: list[Block] = [
        Text(f"With {budgets.concurrency} people at the same moment, 95 of 100 answers within:"),
        Table(("What", "Budget"), rows),
        Heading("Measured"),
        *measured(facts.baseline),
    ]
    return Section(name="baseline", title="Latency baseline", blocks=tuple(blocks))


def measured(found: Baseline | Unasked) -> Iterator[Block]:
    """What was measured last and the release before; or by which command one measures."""
    if isinstance(found, Unasked) or not (last := found.current):
        yield Text((Gap("not measured yet"), ": ", Code(MEASURE)))
        return
    before = found.previous
    yield Text(
        f"On {last.measured_at:%Y-%m-%d}, release {last.release}, {last.concurrency} people at the "
        "same moment. Before is what the former release took; queries and size are the most of "
        "one answer."
    )
    head = ("Journey", "p95", "Before", "Queries", "Size", "Errors")
    former = before.journeys if before else NOTHING
    yield Table(head, [journey(name, one, former) for name, one in sorted(last.journeys.items())])


def journey(name: str, one: Journey, former: Mapping[str, Journey]) -> tuple[Words, ...]:
    """The row on one journey."""
    return (
        name,
        p95(one),
        p95(former[name]) if name in former else UNMEASURED,
        "not told" if one.queries is None else f"{one.queries}",
        f"{one.kilobytes:.0f} kB",
        str(one.errors or "none"),
    )


def p95(one: Journey) -> str:
    return f"{one.p95_ms:.0f} ms" if one.samples else UNMEASURED


def risks(plan: Plan, report: Report) -> Section:
    """What somebody lives with, and what is still to be mended, each with its next step."""
    found = [one for one in report.having(Status.FAIL) if not one.follows]
    behind = [one for one in report.having(Status.FAIL) if one.follows]
    untold = [*report.having(Status.UNKNOWN), *report.having(Status.CRASH)]
    blocks: list[Block] = [Heading("Accepted")]
    if plan.accepted:
        rows = [(one.id, one.reason, one.owner, f"{one.until}") for one in plan.accepted]
        blocks.append(Table(("Check", "Why it is accepted", "By", "Until"), rows))
    else:
        blocks.append(Text("Nobody has accepted a risk: launch.toml has no [[accepted]]."))
    blocks.append(Heading("To be mended"))
    if report.environment != "production":
        blocks.append(
            Text(f"Judged on {report.environment}'s settings; a launch runs on production's.")
        )
    if found:
        blocks.append(Table(("Check", "Blocks", "Finding", "Next step"), list(map(risk, found))))
    else:
        blocks.append(Text("No check that was run has failed."))
    if behind:
        blocks.append(Text(f"{len(behind)} more go away with {behind[0].follows}."))
    if untold:
        blocks += [
            Heading("Could not be told"),
            Table(("Check", "What should be true"), [(one.id, one.title) for one in untold]),
        ]
    if skipped := report.having(Status.SKIPPED):
        blocks.append(
            Text(
                marked(
                    f"{len(skipped)} checks were not run. With the product's address as URL, "
                    "`python manage.py launch_check --live URL` runs those that ask it."
                )
            )
        )
    return Section(name="risks", title="Known risks and next steps", blocks=tuple(blocks))


def risk(one: Finding) -> tuple[Words, ...]:
    """The row on one finding; its evidence stays out, since it may say more than a reader needs."""
    return one.id, WORD[one.tier], one.title, Code(one.fix) if one.fix else blank("a next step")
