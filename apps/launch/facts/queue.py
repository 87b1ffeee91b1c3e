"""Facts of the queue: the oldest job that is due, what was given up, the scheduler, the broker."""

from dataclasses import dataclass

from apps.launch.facts.unasked import Unasked


@dataclass(frozen=True, kw_only=True)
class Queue:
    """How the queue stands; each of its servers may be the one that does not answer.

    `oldest_due` is how many seconds ago the oldest waiting job should have begun, 0 where none
    waits; `given_up` counts the jobs of the last week that failed by a fault of ours;
    `scheduler_seen` is how many seconds ago the scheduler sent its last task, None for never;
    `eviction` is the broker's maxmemory-policy.
    """

    oldest_due: float | Unasked
    given_up: int | Unasked
    scheduler_seen: float | Unasked | None
    eviction: str | Unasked
