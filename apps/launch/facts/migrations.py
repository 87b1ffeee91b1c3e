"""Facts of the operations of the migrations, and whether they can be undone."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Migrations:
    """Nothing is asked yet."""
