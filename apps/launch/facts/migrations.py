"""Facts of the migrations: what each would do to tables with rows, and what all of them lack."""

from dataclasses import dataclass
from enum import Enum


class Harm(Enum):
    """What an operation does to a product that goes on running while it is carried out."""

    BREAKS = "the release that still runs needs what it takes away"
    LOCKS = "it holds up all who write to the table, or reads all of it"
    ONE_WAY = "it cannot be undone"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way to do harm, and in a line how to do without; docs/migrations.md says it in full."""

    harm: Harm
    recipe: str

    @property
    def check(self) -> str:
        """The check of launch_check that tells of it."""
        return CHECKS[self.harm]


CHECKS = {Harm.BREAKS: "LC-MIG-003", Harm.LOCKS: "LC-MIG-004", Harm.ONE_WAY: "LC-MIG-005"}


def breaks(recipe: str) -> Rule:
    return Rule(harm=Harm.BREAKS, recipe=recipe)


def locks(recipe: str) -> Rule:
    return Rule(harm=Harm.LOCKS, recipe=recipe)


# By the names that migrations accept them by, and that docs/migrations.md has its recipes under.
RULES = {
    "drop-table": breaks("let a release go out that does not name it, and drop it in the next"),
    "drop-column": breaks("take it out of the model's state first, and drop it a release later"),
    "rename-table": breaks("keep the table's name with Meta.db_table"),
    "rename-column": breaks("keep the column's name with db_column"),
    "not-null": breaks("give it a db_default; for one that stands, a validated check first"),
    "change-type": breaks("add a second column, write both, and drop the first a release later"),
    "drop-default": breaks("keep the db_default until no release counts on it"),
    "edited": breaks("leave it as it ran, and write what is to change as a migration of its own"),
    "acceptance": breaks("accept by rule what the migration does, with a reason of three words"),
    "rewrite-table": locks("add a second column without a default and fill it in pieces"),
    "add-index": locks("AddIndexConcurrently, in a migration with atomic = False"),
    "drop-index": locks("RemoveIndexConcurrently, in a migration with atomic = False"),
    "add-constraint": locks("NOT VALID first, and validate it in a migration of its own"),
    "validate": locks("validate it in a migration of its own, after the one that adds it"),
    "backfill": locks("move the rows in a migration of its own, in pieces, with atomic = False"),
    "lock-timeout": locks("leave lock_timeout as the settings have it"),
    "unknown": locks("build it of Django's own operations, or say why it is harmless"),
    "sql": locks("look squawk's rule up, and do without; else accept it by the name of sql"),
    "one-way": Rule(
        harm=Harm.ONE_WAY,
        recipe="give it reverse_code or reverse_sql, RunPython.noop if nothing is to be undone",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation that deserves a thought; `migration` is app.name, `what` says it in words.

    `rule` is its name in RULES, `operation` its place in the file and its class, `model` the table
    that it is about, as app.model; `accepted` is the reason that the migration gives for it.
    """

    migration: str
    what: str
    harm: Harm
    rule: str = ""
    operation: str = ""
    model: str = ""
    accepted: str = ""


@dataclass(frozen=True, kw_only=True)
class Migrations:
    """What the files say, without a database.

    `steps` are the harmful operations of the project's own migrations, old ones included;
    `conflicts` are apps with two last migrations, `unmade` models that no migration knows yet;
    `made` says which migration makes which model's table, `files` where each is, and `edits` why
    one was edited after it ran, where it says so.
    """

    steps: tuple[Step, ...]
    conflicts: tuple[str, ...]
    unmade: tuple[str, ...]
    made: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    edits: tuple[tuple[str, str], ...] = ()

    def among(self, names: set[str]) -> list[Step]:
        """The steps of some migrations, but for those on the empty tables that these make."""
        new = {model for migration, model in self.made if migration in names}
        return [each for each in self.steps if each.migration in names and each.model not in new]
