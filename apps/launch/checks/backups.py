"""LC-BACK: whether the data could be had again, by what launch.toml records of it."""

from datetime import timedelta

from apps.launch.checks.evidence import staleness
from apps.launch.facts import Facts, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

BACKUP = timedelta(hours=24)
DRILL = timedelta(days=90)


@check(
    "LC-BACK-001",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="There is a backup of the last 24 hours",
)
def backup(facts: Facts) -> Outcome:
    proof = known(facts.plan).evidence.backup
    problem = staleness(proof, facts.now, BACKUP)
    if proof and not problem:
        return Passed(f"{proof.at:%Y-%m-%d %H:%M} UTC, {proof.by}")
    return Failed(
        title="There is no backup of the last 24 hours",
        evidence=f"evidence.backup: {problem}",
        why="A mistake or a lost disk takes your customers' work along.",
        fix="make one, then evidence.backup = { at = …, by = … } in launch.toml",
    )


@check(
    "LC-BACK-002",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="A restore was tried in the last 90 days",
)
def drill(facts: Facts) -> Outcome:
    proof = known(facts.plan).evidence.restore_drill
    problem = staleness(proof, facts.now, DRILL)
    if proof and not problem:
        return Passed(f"{proof.at:%Y-%m-%d}, {proof.by}")
    return Failed(
        title="Nobody has lately tried to restore a backup",
        evidence=f"evidence.restore_drill: {problem}",
        why="A backup that was never restored is a hope.",
        fix="restore one elsewhere, then record evidence.restore_drill in launch.toml",
    )


@check(
    "LC-BACK-003",
    tier=Tier.NOW,
    impact=Impact.LOSS,
    title="A copy of the data lies with somebody else",
)
def off_platform(facts: Facts) -> Outcome:
    where = known(facts.plan).evidence.off_platform
    if where:
        return Passed(where)
    return Failed(
        title="All copies of the data lie with your hosting company",
        evidence="evidence.off_platform is blank",
        why="A closed account or a stolen login takes data and backups.",
        fix="copy backups elsewhere, then name evidence.off_platform in launch.toml",
    )
