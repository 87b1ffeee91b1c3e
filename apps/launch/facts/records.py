"""Facts of the tables and of the lists that show them: sizes, indexes, orders, pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.launch.facts.unasked import Unasked


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A column by which a list sorts or filters; `declared` says where, such as "Client.SORTS".

    `indexed` says whether a whole and valid index finds a workspace's rows by it.
    """

    table: str
    column: str
    declared: str
    indexed: bool


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What the database's catalogue says.

    `rows` has about how many rows each table has, by its name; None where the database has never
    counted them and its size does not tell either. `invalid` are indexes that were left half-built.
    `unled` are foreign keys, as table.column, that no index begins with.
    """

    rows: Mapping[str, int | None]
    listed: tuple[Listed, ...]
    invalid: tuple[str, ...]
    unled: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Records:
    """`endless` has, by its path, why a list that is a class may show every row at once.

    `lists` counts such lists.
    """

    lists: int
    endless: Mapping[str, str]
    tables: Tables | Unasked
