"""Facts of what the servers showed of their certificates and protocols."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tls:
    """Nothing is asked yet."""
