"""A measurement for a person at a terminal: a journey in a line, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from apps.launch.checks.latency import excesses, limits, lost
from apps.launch.facts.baseline import Baseline, Journey
from apps.launch.formats.text import WIDTH, Paint, plain
from apps.launch.plan import Budgets

WIDTHS = (8, 9, 9, 9, 9, 8)
COLUMNS = ("samples", "p50 ms", "p95 ms", "slowest", "queries")
UNCOUNTED = (
    "Queries were not counted: that takes the server's SECRET_KEY in the environment of this "
    "command, so that strangers cannot ask."
)
UNMEASURED = "-"


def text(baseline: Baseline, budgets: Budgets, paint: Paint = plain) -> str:
    """The table of the last measurement, with what launch_check will find of it."""
    now = baseline.current
    assert now
    people = "person" if now.concurrency == 1 else "people at the same moment"
    lines = [
        f"  Release {now.release}, {now.concurrency} {people}",
        "",
        line("journey", [*COLUMNS, "kB"]),
    ]
    for name, one in now.journeys.items():
        lines.append(row(name, one))
        for words, style in remarks(name, one, baseline, budgets):
            broken = wrap(words, WIDTH, initial_indent="    ", subsequent_indent="      ")
            lines += [paint(each, style) for each in broken]
    if all(one.queries is None for one in now.journeys.values()):
        lines += ["", *wrap(UNCOUNTED, WIDTH, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join(lines)


def row(name: str, one: Journey) -> str:
    """A journey's line. A time that nobody measured is none, not 0."""
    times = [one.p50_ms, one.p95_ms] if one.samples else [UNMEASURED] * 2
    said = [one.samples, *times, one.slowest_ms, UNMEASURED if one.queries is None else one.queries]
    return line(name, [*map(shown, said), f"{one.kilobytes:.1f}"])


def shown(value: float | str) -> str:
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def line(first: str, cells: Sequence[str]) -> str:
    """Cells below each other."""
    aligned = (f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True))
    return f"  {first:<14}{''.join(aligned)}"


def remarks(
    name: str, one: Journey, baseline: Baseline, budgets: Budgets
) -> Iterator[tuple[str, str]]:
    """What is wrong with a journey, each with its style."""
    before, now = baseline.previous, baseline.current
    if one.errors:
        yield f"{one.errors} went wrong: {one.ended}", "bad"
    elif one.ended:
        yield one.ended, "warning"
    for excess in excesses(one, limits(name, one, budgets)):
        yield f"over its budget: {excess}", "bad"
    if before and now and before.concurrency == now.concurrency and name in before.journeys:
        for loss in lost(one, before.journeys[name]):
            yield f"more than 20 % worse than release {before.release}: {loss}", "bad"
