"""LC-QUEUE: whether work is begun in time, survives its worker, and reaches a broker that keeps it.

That a worker is at work is LC-OPS-002; what follows from a dead one is not told twice.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from apps.core.health import HEARTBEAT_MAX_AGE
from apps.launch.checks.words import is_loopback, listed
from apps.launch.facts import Facts, Skipped, Unasked, known
from apps.launch.findings import Failed, Impact, Outcome, Passed, Tier
from apps.launch.registry import check

LATE = 60.0  # seconds
REDIS_DEFAULT = 3600  # Celery's visibility timeout for Redis where none is set


def worker_is_away(facts: Facts) -> bool:
    """Whether LC-OPS-002 fails, so that waiting jobs are no news."""
    seen = facts.worker_seen
    return not isinstance(seen, Unasked) and (seen is None or seen > HEARTBEAT_MAX_AGE)


@check(
    "LC-QUEUE-001",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="Work is begun within a minute",
)
def oldest(facts: Facts) -> Outcome:
    late = known(known(facts.queue).oldest_due)
    if late < LATE:
        return Passed(f"the oldest waits {late:.0f} s" if late else "none waits")
    if worker_is_away(facts):
        raise Skipped("no worker is at work: LC-OPS-002")
    return Failed(
        title="The workers do not keep up",
        evidence=f"a job should have begun {late:.0f} s ago",
        why="Codes and invitations come too late to be of use.",
        fix="start a further worker, and see python manage.py jobs",
    )


@check(
    "LC-QUEUE-002",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="No job was given up this week",
)
def given_up(facts: Facts) -> Outcome:
    count = known(known(facts.queue).given_up)
    if not count:
        return Passed("none")
    return Failed(
        title="Work was given up after every attempt failed",
        evidence=f"{count} job{'' if count == 1 else 's'} of the last seven days",
        why="Somebody waits for a mail or a file that will not come.",
        fix="python manage.py jobs, mend the cause, then: jobs retry ID",
    )


@check(
    "LC-QUEUE-003",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="The scheduler is at work",
)
def scheduler(facts: Facts) -> Outcome:
    seen = known(known(facts.queue).scheduler_seen)
    schedule = facts.settings["CELERY_BEAT_SCHEDULE"].values()
    interval = min(float(each["schedule"]) for each in schedule)
    if seen is not None and seen < 2 * interval:
        return Passed(f"seen {seen:.0f} s ago")
    return Failed(
        title="Nothing wakes what a worker has missed",
        evidence=f"the scheduler was last seen {seen:.0f} s ago"
        if seen is not None
        else "never seen",
        why="A job whose wake-up was lost waits for ever.",
        fix="start the Procfile's beat, once",
    )


@check(
    "LC-QUEUE-004",
    tier=Tier.TRAFFIC,
    impact=Impact.OUTAGE,
    title="A task that hangs is ended",
)
def time_limits(facts: Facts) -> Outcome:
    hard = facts.settings.get("CELERY_TASK_TIME_LIMIT") or 0
    soft = facts.settings.get("CELERY_TASK_SOFT_TIME_LIMIT") or 0
    if 0 < soft < hard:
        return Passed(f"after {soft} s, and for good after {hard} s")
    return Failed(
        title="A task that hangs keeps its worker for ever",
        evidence=f"soft limit {soft or 'none'}, hard limit {hard or 'none'}",
        why="Two such tasks, and nobody gets mail any more.",
        fix="take CELERY_TASK_…TIME_LIMIT out; production.py has them",
    )


@check(
    "LC-QUEUE-005",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="No task is handed out again while it runs",
)
def visibility(facts: Facts) -> Outcome:
    hard = facts.settings.get("CELERY_TASK_TIME_LIMIT") or 0
    options = facts.settings.get("CELERY_BROKER_TRANSPORT_OPTIONS") or {}
    timeout = options.get("visibility_timeout", REDIS_DEFAULT)
    if timeout > hard:
        return Passed(f"{timeout} s, and tasks end after {hard} s")
    return Failed(
        title="A long task is begun a second time while it runs",
        evidence=f"visibility_timeout is {timeout} s, tasks may take {hard} s",
        why="The same work is done twice, at the same time.",
        fix=f'CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = {hard + 300}',
    )


@check(
    "LC-QUEUE-006",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="A task survives its worker",
)
def late_acknowledgement(facts: Facts) -> Outcome:
    names = ("CELERY_TASK_ACKS_LATE", "CELERY_TASK_REJECT_ON_WORKER_LOST")
    off = [name for name in names if not facts.settings.get(name)]
    if not off:
        return Passed("acknowledged once done")
    return Failed(
        title="A task is lost with the worker that took it",
        evidence=f"not set: {listed(off)}",
        why="Each deploy may swallow what was under way.",
        fix=f"{off[0]} = True, as in production.py",
    )


@check(
    "LC-QUEUE-007",
    tier=Tier.TRAFFIC,
    impact=Impact.LOSS,
    title="The broker throws nothing away when it is full",
)
def eviction(facts: Facts) -> Outcome:
    policy = known(known(facts.queue).eviction)
    if policy == "noeviction":
        return Passed(policy)
    return Failed(
        title="The broker throws work away when it is full",
        evidence=f"its maxmemory-policy is {policy}",
        why="Wake-ups, limits and sessions' memory go without a word.",
        fix="maxmemory-policy noeviction, at the Redis of REDIS_URL",
    )


@check(
    "LC-QUEUE-008",
    tier=Tier.TRAFFIC,
    impact=Impact.EXPOSURE,
    title="What goes to the broker stays private",
)
def encryption(facts: Facts) -> Outcome:
    url = urlsplit(facts.settings["CELERY_BROKER_URL"])
    host = url.hostname or ""
    if url.scheme == "rediss" or is_private(host):
        return Passed(
            "TLS" if url.scheme == "rediss" else f"{host or 'a socket'}, a private network"
        )
    return Failed(
        title="The broker is reached in clear",
        evidence=f"REDIS_URL leads to {host} without TLS",
        why="Its password and your customers' work can be read on the way.",
        fix="REDIS_URL=rediss://…, as the provider shows it for TLS",
    )


def is_private(host: str) -> bool:
    """Whether a host is on this machine or a private network; a name without a dot is internal."""
    if is_loopback(host) or ("." not in host and ":" not in host):
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return host.endswith(".internal")  # reserved for it by ICANN, 2024
