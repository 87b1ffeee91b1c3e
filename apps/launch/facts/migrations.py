"""Facts of the migrations: whether they fit the models, and what the waiting ones would do."""

from dataclasses import dataclass
from enum import Enum

from apps.launch.facts.unasked import Unasked


class Harm(Enum):
    """What an operation does to a product that is in use."""

    TAKES = "takes away what the running release uses"
    NEEDS = "has the running release fail to write"
    LOCKS = "keeps a table shut while it works through it"
    STAYS = "cannot be undone"


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """An operation of a waiting migration, app.name, as Django describes it."""

    migration: str
    operation: str
    harm: Harm


@dataclass(frozen=True, kw_only=True)
class Migrations:
    """Of the project's own apps: names of migrations in conflict, changes that none has yet.

    `hazards` are of migrations that the database has not, in apps of which it has others.
    """

    conflicts: tuple[str, ...]
    unwritten: tuple[str, ...]
    hazards: tuple[Hazard, ...] | Unasked
