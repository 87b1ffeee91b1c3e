"""Facts of the repository: declared and written variables, tracked files, secrets in them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Project:
    """Nothing is asked yet."""
