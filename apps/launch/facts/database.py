"""What the database says of itself and of the role that the product runs as."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Database:
    """The product's own connection, and what waits to be migrated."""

    host: str
    role: str
    is_superuser: bool
    bypasses_row_security: bool
    tables_owned: int
    encrypted: bool
    unapplied: tuple[str, ...]  # as app.name, in the order in which they will run
    applied_apps: frozenset[str]  # apps of which a migration has run, whose tables may have rows
