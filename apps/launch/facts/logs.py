"""Facts of what the product writes of a request: its ID everywhere, and no secret."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Logs:
    """Nothing is asked yet."""
