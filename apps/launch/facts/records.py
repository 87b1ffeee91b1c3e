"""Facts of the tables: indexes, sizes, what lists sort and filter by."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Records:
    """Nothing is asked yet."""
