"""LC-BACK: whether the data could be had again, by what the store and launch.toml record of it."""

from datetime import timedelta

from apps.launch.checks.evidence import staleness
from apps.launch.facts import Facts, known
from apps.launch.facts.backups import Backups
from apps.launch.facts.unasked import Unasked
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.plan import Proof
from apps.launch.registry import check

BACKUP = timedelta(hours=24)
DRILL = timedelta(days=90)


def seen(facts: Facts) -> Backups:
    """What the store says of itself; nothing, where it cannot be asked."""
    nothing = Backups(newest=None, drill=None, elsewhere="")
    return nothing if isinstance(facts.backups, Unasked) else facts.backups


def later(planned: Proof | None, stored: Proof | None, facts: Facts) -> Proof | None:
    """Whichever counts for longer: what the plan records, or what the store has."""
    proofs = [proof for proof in (planned, stored) if proof]
    past = [proof for proof in proofs if not staleness(proof, facts.now, timedelta.max)]
    return max(past or proofs, key=lambda proof: proof.at, default=None)


def unseen(facts: Facts) -> str:
    """Why the store says nothing, to be added to an evidence."""
    return f"; the store: {facts.backups}" if isinstance(facts.backups, Unasked) else ""


@check(
    "LC-BACK-001",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="There is a backup of the last 24 hours",
)
def backup(facts: Facts) -> Outcome:
    proof = later(known(facts.plan).evidence.backup, seen(facts).newest, facts)
    problem = staleness(proof, facts.now, BACKUP)
    if proof and not problem:
        return Passed(f"{proof.at:%Y-%m-%d %H:%M} UTC, {proof.by}")
    return Failed(
        title="There is no backup of the last 24 hours",
        evidence=f"evidence.backup: {problem}{unseen(facts)}",
        why="A mistake or a lost disk takes your customers' work along.",
        fix="python manage.py backup, daily; or record evidence.backup in launch.toml",
    )


@check(
    "LC-BACK-002",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="A restore was tried in the last 90 days",
)
def drill(facts: Facts) -> Outcome:
    proof = later(known(facts.plan).evidence.restore_drill, seen(facts).drill, facts)
    problem = staleness(proof, facts.now, DRILL)
    if proof and not problem:
        return Passed(f"{proof.at:%Y-%m-%d}, {proof.by}")
    return Failed(
        title="Nobody has lately tried to restore a backup",
        evidence=f"evidence.restore_drill: {problem}{unseen(facts)}",
        why="A backup that was never restored is a hope.",
        fix="python manage.py restore --drill; or evidence.restore_drill in launch.toml",
    )


@check(
    "LC-BACK-003",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="A copy of the data lies with somebody else",
)
def off_platform(facts: Facts) -> Outcome:
    where = known(facts.plan).evidence.off_platform or seen(facts).elsewhere
    if where:
        return Passed(where)
    return Failed(
        title="All copies of the data lie with your hosting company",
        evidence="evidence.off_platform is blank",
        why="A closed account or a stolen login takes data and backups.",
        fix="set BACKUP_URL to a bucket elsewhere, or name evidence.off_platform in launch.toml",
    )
