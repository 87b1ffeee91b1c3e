"""Facts of routes, their access and limits, and what a rehearsal of two tenants showed."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Nothing is asked yet."""
