"""Asks the database about itself, over a connection of its own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from apps.launch.facts import Database

PATIENCE = 3  # seconds that the database has for a connection, and for an answer

# A role owns a table also where it is a member of the role that does, since it may become it.
ABOUT_THE_CONNECTION = """
    SELECT
        rolname,
        rolsuper,
        rolbypassrls,
        (
            SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE relkind IN ('r', 'p') AND pg_has_role(current_user, relowner, 'MEMBER')
            AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
        ),
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
    FROM pg_roles WHERE rolname = current_user
"""


@contextmanager
def asking_the_database() -> Iterator[BaseDatabaseWrapper]:
    """Open a connection of its own, which gives up soon and leaves the process's alone."""
    connection = connections.create_connection("default")
    options = {**connection.settings_dict["OPTIONS"], "connect_timeout": PATIENCE, "pool": None}
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}
    with closing(connection):
        # One transaction, which takes its time-out along: a pooler hands the connection on.
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}s'")
        yield connection
        connection.rollback()


def database() -> Database:
    """Ask about the role that the product runs as, and about what waits to be migrated."""
    with asking_the_database() as connection:
        with connection.cursor() as cursor:
            cursor.execute(ABOUT_THE_CONNECTION)
            role, is_superuser, bypasses_row_security, tables_owned, encrypted = cursor.fetchone()
        executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Database(
        host=connection.settings_dict["HOST"],
        role=role,
        is_superuser=is_superuser,
        bypasses_row_security=bypasses_row_security,
        tables_owned=tables_owned,
        encrypted=encrypted,
        unapplied=tuple(f"{one.app_label}.{one.name}" for one, _ in plan),
        applied_apps=frozenset(app for app, _ in executor.loader.applied_migrations),
    )
