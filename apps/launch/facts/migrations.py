"""Facts of the migrations: what each would do to tables with rows, and what all of them lack."""

from dataclasses import dataclass
from enum import Enum


class Harm(Enum):
    """What an operation does to a product that goes on running while it is carried out."""

    BREAKS = "the release that still runs needs what it takes away"
    LOCKS = "it holds up all who write to the table, or reads all of it"
    ONE_WAY = "it cannot be undone"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation that deserves a thought; `migration` is app.name, `what` says it in words."""

    migration: str
    what: str
    harm: Harm


@dataclass(frozen=True, kw_only=True)
class Migrations:
    """What the files say, without a database.

    `steps` are the harmful operations of the project's own migrations, old ones included;
    `conflicts` are apps with two last migrations, `unmade` models that no migration knows yet.
    """

    steps: tuple[Step, ...]
    conflicts: tuple[str, ...]
    unmade: tuple[str, ...]
