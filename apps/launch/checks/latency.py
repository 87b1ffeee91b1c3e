"""LC-PERF-1: what the journeys cost, by the baseline that launch_baseline stored."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from apps.launch.checks.evidence import staleness
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, Skipped, known
from apps.launch.facts.baseline import Journey, Measurement
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.journeys import NAMES
from apps.launch.plan import Budgets, Proof
from apps.launch.registry import check

MEASURE = "python manage.py launch_baseline --live URL --email E --workspace SLUG"
NONE = Skipped("no baseline is stored, which LC-PERF-104 tells")
GOOD_FOR = timedelta(days=90)
WORSE = 1.2
NOISE_MS = 25  # a difference that two runs of the same release can show
ENOUGH = 20  # samples; of fewer, p95 is the slowest one alone, which any chance makes slow
LONGEST_MS = 30_000  # where Heroku's router gives up


def stored(facts: Facts) -> Measurement:
    """The last measurement. Raises Skipped where there is none, or no plan to judge it by."""
    known(facts.plan)
    current = known(facts.baseline).current
    if current is None:
        raise NONE
    return current


@check(
    "LC-PERF-101",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every journey is within its budget",
)
def within_budget(facts: Facts) -> Outcome:
    current, budgets = stored(facts), known(facts.plan).budgets
    over = [
        Failed(
            title=f"The journey {name} is over its budget",
            evidence=f"{listed(list(excess))}, with {current.concurrency} at the same time",
            why="People leave a page that keeps them waiting.",
            fix=f"make it cheaper, or change [budgets.journeys.{name}] in launch.toml",
            subject=name,
        )
        for name, one in current.journeys.items()
        if (excess := tuple(excesses(one, limits(name, one, budgets))))
    ]
    slowest = max((one.p95_ms for one in current.journeys.values() if one.kind != "job"), default=0)
    return over or Passed(
        f"{len(current.journeys)} journeys; the slowest page's p95 {slowest:.0f} ms"
    )


def limits(name: str, one: Journey, budgets: Budgets) -> Mapping[str, int]:
    """What a journey may cost; 0 is no limit. A job has none for its time unless the plan says."""
    general = {"html": budgets.html_ms, "api": budgets.api_ms, "job": 0}[one.kind]
    own = budgets.journeys.get(name)
    return {
        "p95_ms": (own.p95_ms if own else 0) or general,
        "queries": own.queries if own else 0,
        "kilobytes": own.kilobytes if own else 0,
    }


def excesses(one: Journey, most: Mapping[str, int]) -> Iterator[str]:
    """Say what a journey has too much of."""
    if one.samples and most["p95_ms"] and one.p95_ms > most["p95_ms"]:
        yield f"p95 {one.p95_ms:.0f} ms of {most['p95_ms']}"
    if most["queries"] and (one.queries or 0) > most["queries"]:
        yield f"{one.queries} queries of {most['queries']}"
    if most["kilobytes"] and one.kilobytes > most["kilobytes"]:
        yield f"{one.kilobytes:.0f} kB of {most['kilobytes']}"


@check(
    "LC-PERF-102",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="No journey is more than 20 % worse than before",
)
def no_worse(facts: Facts) -> Outcome:
    current, before = stored(facts), known(facts.baseline).previous
    if before is None:
        raise Skipped("there is no earlier baseline to compare with")
    if before.concurrency != current.concurrency:
        raise Skipped(
            f"the earlier baseline was measured at {before.concurrency}, this one at "
            f"{current.concurrency}: the next release is compared"
        )
    worse = [
        Failed(
            title=f"The journey {name} is more than 20 % worse than before",
            evidence=f"{listed(list(losses))}; before is release {before.release or 'unknown'}",
            why="What grows by a fifth each release is soon too slow.",
            fix="find what changed since that release, mend it and measure once more",
            subject=name,
        )
        for name, one in current.journeys.items()
        if name in before.journeys and (losses := tuple(lost(one, before.journeys[name])))
    ]
    return worse or Passed(f"compared with release {before.release or 'unknown'}")


def lost(now: Journey, then: Journey) -> Iterator[str]:
    """Say what a journey has more of than before, by more than 20 %."""
    timed = now.samples and then.samples
    name, late, early = "p95", now.p95_ms, then.p95_ms
    if min(now.samples, then.samples) < ENOUGH:
        name, late, early = "p50", now.p50_ms, then.p50_ms
    if timed and late > max(early * WORSE, early + NOISE_MS):
        yield f"{name} {late:.0f} ms after {early:.0f}"
    if now.queries and then.queries and now.queries > then.queries * WORSE:
        yield f"{now.queries} queries after {then.queries}"
    if timed and now.kilobytes > then.kilobytes * WORSE:
        yield f"{now.kilobytes:.1f} kB after {then.kilobytes:.1f}"


@check(
    "LC-PERF-103",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="No request takes longer than 30 seconds",
)
def none_endless(facts: Facts) -> Outcome:
    current = stored(facts)
    slowest = max((one.slowest_ms for one in current.journeys.values()), default=0)
    endless = [name for name, one in current.journeys.items() if one.slowest_ms > LONGEST_MS]
    if not endless:
        return Passed(f"the slowest took {slowest / 1000:.1f} s")
    return Failed(
        title="A request takes longer than 30 seconds",
        evidence=f"{listed(endless)}: up to {slowest / 1000:.1f} s",
        why="The platform gives up by then: the person sees an error.",
        fix="move the work into a job, as exports do",
    )


@check(
    "LC-PERF-104",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="What the journeys cost was measured in the last 90 days",
)
def measured_lately(facts: Facts) -> Outcome:
    known(facts.plan)
    current = known(facts.baseline).current
    proof = Proof(at=current.measured_at, by="launch_baseline") if current else None
    problem = staleness(proof, facts.now, GOOD_FOR)
    if current and not problem:
        return Passed(f"{current.measured_at:%Y-%m-%d}, release {current.release or 'unknown'}")
    return Failed(
        title="Nobody has lately measured what the journeys cost",
        evidence=f"launch-baseline.json: {problem}",
        why="Nobody can tell whether it gets slower, or how many it bears.",
        fix=MEASURE,
    )


@check(
    "LC-PERF-105",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="The journeys were measured with as many people as are expected",
)
def busy_enough(facts: Facts) -> Outcome:
    current, planned = stored(facts), known(facts.plan).budgets.concurrency
    if current.concurrency >= planned:
        return Passed(f"{current.concurrency} at the same time")
    return Failed(
        title="The journeys were measured with fewer people than are expected",
        evidence=f"{current.concurrency} at the same time; [budgets] concurrency = {planned}",
        why="What is quick for one can be slow for many.",
        fix=MEASURE,
    )


@check(
    "LC-PERF-106",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every journey was measured and went well",
)
def all_measured(facts: Facts) -> Outcome:
    current = stored(facts)
    expected = dict.fromkeys([*NAMES, *known(facts.plan).budgets.journeys])
    return [
        Failed(
            title=f"The journey {name} {'failed' if one and one.errors else 'was not measured'}",
            evidence=how_it_went(one),
            why="What breaks while many use it breaks on the launch day.",
            fix="see the log of the server, mend it, then measure once more",
            subject=name,
        )
        for name in expected
        if (one := current.journeys.get(name)) is None or one.errors or not one.samples
    ] or Passed(listed(list(expected)))


def how_it_went(one: Journey | None) -> str:
    """Say what became of a journey that went wrong."""
    if one is None:
        return "launch-baseline.json has nothing of it"
    said = f"{one.samples} samples, {one.errors} wrong answers"
    return f"{said}: {one.ended}" if one.ended else said
