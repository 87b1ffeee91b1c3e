"""LC-MIG: whether the next release can migrate while this one runs, and be taken back."""

from datetime import datetime, timedelta

from apps.launch.checks.words import listed
from apps.launch.facts import Facts, known
from apps.launch.facts.migrations import Harm
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.plan import Proof
from apps.launch.registry import check

FRESH = timedelta(days=90)  # this project's figure


@check(
    "LC-MIG-001",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Migrations form one line",
)
def conflicts(facts: Facts) -> Outcome:
    clashing = known(facts.migrations).conflicts
    if not clashing:
        return Passed("no app has two ends")
    return Failed(
        title="Two migrations claim to be the last",
        evidence=listed(clashing),
        why="migrate refuses to run, and with it the deploy.",
        fix="python manage.py makemigrations --merge",
    )


@check(
    "LC-MIG-002",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Every change of a model has its migration",
)
def written(facts: Facts) -> Outcome:
    missing = known(facts.migrations).unwritten
    if not missing:
        return Passed("makemigrations would write nothing")
    return Failed(
        title="A model was changed without a migration",
        evidence=listed(missing, most=3),
        why="Pages ask for a column that no database will have.",
        fix="python manage.py makemigrations",
    )


def waiting(facts: Facts, harm: Harm, *, title: str, why: str, fix: str) -> Outcome:
    """Judge the waiting migrations by one harm."""
    found = [one for one in known(known(facts.migrations).hazards) if one.harm is harm]
    if not found:
        return Passed("no waiting migration does")
    said = [f"{one.migration}: {one.operation}" for one in found]
    return Failed(title=title, evidence=listed(said, most=3), why=why, fix=fix)


@check(
    "LC-MIG-003",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="No waiting migration takes away what the running release uses",
)
def taken_away(facts: Facts) -> Outcome:
    return waiting(
        facts,
        Harm.TAKES,
        title="A waiting migration takes away what the running release uses",
        why="From migrate to the restart pages fail; no way leads back.",
        fix="take it out now, and release it once no code uses it: docs/checks/LC-MIG-003.md",
    )


@check(
    "LC-MIG-004",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="No waiting migration has the running release fail to write",
)
def needed(facts: Facts) -> Outcome:
    return waiting(
        facts,
        Harm.NEEDS,
        title="A waiting migration has the running release fail to write",
        why="The old release does not fill the new column.",
        fix="db_default=… on the field, or null=True, then makemigrations",
    )


@check(
    "LC-MIG-005",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="No waiting migration shuts a table while it works through it",
)
def locking(facts: Facts) -> Outcome:
    return waiting(
        facts,
        Harm.LOCKS,
        title="A waiting migration shuts a table while it works through it",
        why="On a large table every page that writes there waits.",
        fix="AddIndexConcurrently, or NOT VALID and then VALIDATE: docs/checks/LC-MIG-005.md",
    )


@check(
    "LC-MIG-006",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Every waiting migration can be undone",
)
def reversible(facts: Facts) -> Outcome:
    return waiting(
        facts,
        Harm.STAYS,
        title="A waiting migration cannot be undone",
        why="If the release is bad, the schema cannot go back.",
        fix="reverse_code= or reverse_sql= on the operation; noop where nothing is to do",
    )


@check(
    "LC-MIG-007",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="A migration gives up on a lock before customers notice",
)
def lock_timeout(facts: Facts) -> Outcome:
    limit = str(facts.settings.get("DATABASE_TIMEOUTS", {}).get("lock_timeout", "0"))
    if limit.strip().rstrip("smh ") not in {"", "0"}:
        return Passed(f"lock_timeout is {limit}")
    return Failed(
        title="A migration waits for a lock for ever",
        evidence="DATABASE_TIMEOUTS sets no lock_timeout",
        why="While it waits, every query on that table queues behind it.",
        fix='"lock_timeout": "5s" in DATABASE_TIMEOUTS, as in production.py',
    )


def rehearsed(facts: Facts, proof: Proof | None, name: str, *, title: str, why: str) -> Outcome:
    """Judge a rehearsal by its age."""
    if proof and facts.now - proof.at <= FRESH:
        return Passed(f"{proof.at:%Y-%m-%d}, by {proof.by}")
    return Failed(
        title=title,
        evidence=aged(proof.at, facts.now) if proof else "the launch plan has none",
        why=why,
        fix=f"do it, then date it under [evidence.{name}] in launch.toml",
    )


def aged(at: datetime, now: datetime) -> str:
    return f"the last was {(now - at).days} days ago, on {at:%Y-%m-%d}"


@check(
    "LC-MIG-008",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="A rollback was rehearsed in the last 90 days",
)
def rollback_drill(facts: Facts) -> Outcome:
    return rehearsed(
        facts,
        known(facts.plan).evidence.rollback_drill,
        "rollback_drill",
        title="Nobody has lately rehearsed a rollback",
        why="The first try will be at night, with customers waiting.",
    )


@check(
    "LC-MIG-009",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="The former release was tested on the new schema in the last 90 days",
)
def previous_release(facts: Facts) -> Outcome:
    return rehearsed(
        facts,
        known(facts.plan).evidence.previous_release,
        "previous_release",
        title="Nobody knows whether the former release runs on this schema",
        why="A rollback of code alone may only exchange one error for another.",
    )
