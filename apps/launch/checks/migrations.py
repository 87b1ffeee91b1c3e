"""LC-MIG: whether the next deploy's migrations can run beside the release that still serves."""

from datetime import timedelta

from apps.launch.checks.evidence import staleness
from apps.launch.checks.words import listed
from apps.launch.facts import Facts, known
from apps.launch.facts.migrations import Harm, Step
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.plan import Proof
from apps.launch.registry import check

DRILL = timedelta(days=90)


def waiting(facts: Facts, harm: Harm) -> list[Step]:
    """The harmful steps of migrations that have yet to run, on tables that may have rows."""
    database = known(facts.database)
    waits = {name for name in database.unapplied if name.split(".")[0] in database.applied_apps}
    return [step for step in known(facts.migrations).among(waits) if step.harm is harm]


def judged(steps: list[Step], sound: str) -> Outcome | None:
    """Pass what has no harmful step, or only such as the migration itself accepts for a reason."""
    if not steps:
        return Passed(sound)
    if all(step.accepted for step in steps):
        return Passed(listed([f"{told([each])}, accepted: {each.accepted}" for each in steps], 2))
    return None


def told(steps: list[Step]) -> str:
    meant = [step for step in steps if not step.accepted] or steps
    return listed([f"{step.migration} {step.what}" for step in meant], most=2)


@check(
    "LC-MIG-001",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="Each app has one last migration",
)
def conflicts(facts: Facts) -> Outcome:
    found = known(facts.migrations).conflicts
    if not found:
        return Passed("no two branches")
    return Failed(
        title="Two migrations both claim to be the last",
        evidence=listed(found),
        why="The next deploy stops at migrate, half-way.",
        fix="python manage.py makemigrations --merge",
    )


@check(
    "LC-MIG-002",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    title="The migrations say what the models say",
)
def unmade(facts: Facts) -> Outcome:
    found = known(facts.migrations).unmade
    if not found:
        return Passed("makemigrations has nothing to do")
    return Failed(
        title="Models were changed and no migration says so",
        evidence=f"makemigrations would make {listed(found)}",
        why="The code asks for columns that no database will have.",
        fix="python manage.py makemigrations",
    )


@check(
    "LC-MIG-003",
    tier=Tier.NOW,
    impact=Impact.OUTAGE,
    covers=["LC-DATA-002"],
    title="The release that still serves can live with the migrations that wait",
)
def breaking(facts: Facts) -> Outcome:
    steps = waiting(facts, Harm.BREAKS)
    return judged(steps, "nothing that it needs is taken away") or Failed(
        title="A migration that waits breaks the release that still serves",
        evidence=told(steps),
        why="From migrate on, pages fail until the new code runs.",
        fix="expand first, contract a release later: docs/migrations.md",
    )


@check(
    "LC-MIG-004",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    covers=["LC-DATA-002"],
    title="The migrations that wait hold nobody up",
)
def locking(facts: Facts) -> Outcome:
    steps = waiting(facts, Harm.LOCKS)
    return judged(steps, "no long lock") or Failed(
        title="A migration that waits locks a table while it works",
        evidence=told(steps),
        why="On a large table everybody waits until it is done.",
        fix="the concurrent or validated form: docs/migrations.md",
    )


@check(
    "LC-MIG-005",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    covers=["LC-DATA-002"],
    title="The migrations that wait can be undone",
)
def one_way(facts: Facts) -> Outcome:
    steps = waiting(facts, Harm.ONE_WAY)
    return judged(steps, "each has a way back") or Failed(
        title="A migration that waits cannot be undone",
        evidence=told(steps),
        why="When it goes wrong, only a backup brings you back.",
        fix="give it reverse_code or reverse_sql, RunPython.noop if nothing is to be undone",
    )


@check(
    "LC-MIG-006",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="A statement that waits for a lock gives up",
)
def lock_timeout(facts: Facts) -> Outcome:
    limits = facts.settings["DATABASE_TIMEOUTS"]
    unset = [name for name in ("lock_timeout", "statement_timeout") if not limits.get(name)]
    if not unset:
        return Passed(f"lock_timeout {limits['lock_timeout']}")
    return Failed(
        title="A statement may wait for a lock for ever",
        evidence=f"DATABASE_TIMEOUTS leaves out {listed(unset)}",
        why="Behind one waiting migration, every page queues up.",
        fix="take DATABASE_TIMEOUTS out of your settings, then manage.py migrate",
    )


@check(
    "LC-MIG-007",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="A rollback was rehearsed in the last 90 days",
)
def rollback_drill(facts: Facts) -> Outcome:
    return rehearsed(
        facts,
        "rollback_drill",
        known(facts.plan).evidence.rollback_drill,
        title="Nobody has lately rehearsed a rollback",
        why="At night, with customers waiting, is no time to learn it.",
    )


@check(
    "LC-MIG-008",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="The former release was tried on the present tables",
)
def previous_release(facts: Facts) -> Outcome:
    return rehearsed(
        facts,
        "previous_release",
        known(facts.plan).evidence.previous_release,
        title="Nobody knows if the former release runs on the present tables",
        why="A rollback takes back the code alone, and then fails.",
    )


def rehearsed(facts: Facts, name: str, proof: Proof | None, *, title: str, why: str) -> Outcome:
    """Judge a rehearsal by its date."""
    problem = staleness(proof, facts.now, DRILL)
    if proof and not problem:
        return Passed(f"{proof.at:%Y-%m-%d}, {proof.by}")
    return Failed(
        title=title,
        evidence=f"evidence.{name}: {problem}",
        why=why,
        fix=f"try it, then record evidence.{name} in launch.toml",
    )
