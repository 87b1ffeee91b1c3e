"""Facts of the queue: workers, the oldest job, the scheduler's tick."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Nothing is asked yet."""
