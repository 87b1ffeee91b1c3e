"""Facts of what the name servers answered."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Dns:
    """Nothing is asked yet."""
