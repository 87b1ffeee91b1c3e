"""LC-OPS: whether you would learn of trouble, and whether the work behind the pages is done."""

from apps.core.health import HEARTBEAT_MAX_AGE
from apps.launch.facts import Facts, Unasked, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check


@check(
    "LC-OPS-001",
    tier=Tier.TRAFFIC,
    impact=Impact.BLINDNESS,
    title="Errors are reported",
)
def errors_reported(facts: Facts) -> Outcome:
    if facts.errors_reported:
        return Passed("Sentry is on")
    return Failed(
        title="Nobody is told of errors",
        evidence="SENTRY_DSN is not set",
        why="You learn of an error when a customer complains, if ever.",
        fix="SENTRY_DSN=the DSN that your Sentry project shows",
    )


@check(
    "LC-OPS-002",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="A worker is at work",
)
def worker(facts: Facts) -> Outcome:
    seconds = known(facts.worker_seen)
    if seconds is not None and seconds <= HEARTBEAT_MAX_AGE:
        return Passed(f"seen {seconds:.0f} s ago")
    return Failed(
        title="No worker takes up mail, exports and imports",
        evidence=f"last seen {seconds:.0f} s ago" if seconds is not None else "never seen",
        why="Invitations and codes wait in the queue until a worker runs.",
        fix="start the Procfile's worker and beat beside web",
    )


@check(
    "LC-OPS-003",
    tier=Tier.LATER,
    impact=Impact.BLINDNESS,
    title="The running release is known",
)
def release(facts: Facts) -> Outcome:
    name = facts.settings["RELEASE"]
    if name != "unknown":
        return Passed(name)
    return Failed(
        title="Nobody can say which release is live",
        evidence="RELEASE is not set, and the platform names no commit",
        why="When something breaks, you cannot tell if a deploy did it.",
        fix="RELEASE=$(git rev-parse --short HEAD) at deploy",
    )


APART = ("heroku", "render")  # platforms that give each process a disk of its own


@check(
    "LC-OPS-004",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="Web and worker keep exports and imports in one place",
)
def files(facts: Facts) -> Outcome:
    storage = facts.settings["STORAGES"]["default"]["BACKEND"]
    if not storage.endswith("FileSystemStorage"):
        return Passed(storage.rpartition(".")[2])
    planned = "" if isinstance(facts.plan, Unasked) else facts.plan.hosting.platform
    platform = facts.settings["PLATFORM"] or planned
    if platform not in APART:
        return Passed("a folder of the machine")
    return Failed(
        title="The worker's exports are not where web looks for them",
        evidence=f"files lie in FILES_ROOT, and {platform} gives each process a disk of its own",
        why="Every download fails, and so does every import.",
        fix="FILES_URL=s3://bucket/prefix, FILES_ACCESS_KEY and FILES_SECRET_KEY",
    )
