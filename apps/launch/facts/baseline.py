"""Facts of what the journeys cost, and what they cost before."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Nothing is asked yet."""
