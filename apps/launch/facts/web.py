"""Facts of what the pages answered: status, headers, cookies, redirects, caches."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Web:
    """Nothing is asked yet."""
