"""Restores a backup into a database, and proves that all of it arrived and that the walls stand."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection
from psycopg import sql
from pyrage import x25519

from apps.ops.backups import BackupFailed, sealing
from apps.ops.backups.counting import count, differences
from apps.ops.backups.manifest import Manifest
from apps.ops.backups.piping import Program, started
from apps.ops.backups.server import Connection, Server, owners_server, program
from apps.ops.backups.shelf import Shelf
from apps.ops.backups.store import Reader

log = structlog.get_logger("slipway.ops")
# What stands in schema public and was not brought by an extension: how it is dropped.
OBJECTS = """
SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
         WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
       format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i', 'a')
  )
UNION ALL
SELECT 'ROUTINE', p.oid::regprocedure::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'public'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'TYPE', t.oid::regtype::text
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = 'public' AND t.typtype IN ('e', 'd')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
"""
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IN (current_user, %s)
"""
# What a database has of its own, before anything is restored into it.
OF_THE_DATABASE = (" SCHEMA - public ", " COMMENT - SCHEMA public ", " EXTENSION ", " - EXTENSION ")


@dataclass(frozen=True)
class Restore:
    """One restore, as it was asked for; `run` does it."""

    shelf: Shelf
    manifest: Manifest
    keys: Sequence[x25519.Identity]
    server: Server  # with the database that is restored into

    def run(self, *, replace: str = "") -> None:
        """Restore, compare every table, and raise the walls.

        `replace` repeats the name of a database that is not empty, whose content is then dropped.
        All that can be known beforehand is asked before: who may, whether the file is whole,
        whether the key opens it. Raises BackupFailed; the database is then as it was, or, if it
        was replaced, empty.
        """
        self.shelf.verify(self.manifest)
        with self.server.connected() as opened:
            major = opened.info.server_version // 10_000
            pg_restore = program("pg_restore", at_least=max(major, self.manifest.dumped_by))
            listing = self.listing(pg_restore)
            make_room(opened, self.server.database, replace)
            self.provide_extensions(opened)
        self.load(pg_restore, listing)
        self.compare()
        finish(self.server.database)
        log.info("backup.restored", backup=self.manifest.name, rows=self.manifest.rows)

    def listing(self, pg_restore: Path) -> str:
        """What is to be restored, line by line, without what every database has already."""
        with started([str(pg_restore), "--list"], self.server) as listing:
            # It stops once it has the table of contents, which comes first.
            self.feed(listing)
            listing.end()
            lines = listing.stdout.read().decode().splitlines()
        wanted = [line for line in lines if line and line[0] != ";"]
        if not wanted:
            raise BackupFailed(f"pg_restore finds nothing in {self.manifest.file}")
        return "\n".join(
            line for line in wanted if not any(part in line for part in OF_THE_DATABASE)
        )

    def load(self, pg_restore: Path, listing: str) -> None:
        """Restore all of it, or nothing: in one transaction."""
        with tempfile.NamedTemporaryFile("w", suffix=".list") as file:
            file.write(listing)
            file.flush()
            command = [
                str(pg_restore),
                "--single-transaction",
                # Roles differ between servers; the grants are made anew.
                *("--no-owner", "--no-privileges"),
                f"--use-list={file.name}",
                f"--dbname={self.server.database}",
            ]
            with started(command, self.server) as loading:
                self.feed(loading)
                loading.end()

    def feed(self, program: Program) -> None:
        """Decrypt the backup into a program, until it is over or the program takes no more."""
        sealing.unseal(Reader(self.shelf.store.read(self.manifest.file)), program, self.keys)

    def compare(self) -> None:
        """Raise BackupFailed unless every table has the rows that the manifest says."""
        with self.server.connected() as opened:
            missing = differences(self.manifest.tables, count(opened))
        if missing:
            raise BackupFailed(
                f"{self.server.database} does not hold what the backup did: "
                + "; ".join(missing[:5])
            )

    def provide_extensions(self, opened: Connection) -> None:
        """Create what is missing of the extensions that the data used.

        Some are the provider's own, which nobody may create; what the data does need, pg_restore
        then misses by name.
        """
        for name, schema in self.manifest.extensions.items():
            if opened.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name]).fetchone():
                continue
            try:
                with opened.transaction():
                    opened.execute(
                        sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema))
                    )
                    opened.execute(
                        sql.SQL("CREATE EXTENSION {} SCHEMA {}").format(
                            sql.Identifier(name), sql.Identifier(schema)
                        )
                    )
            except psycopg.Error as error:
                log.warning("backup.extension_missing", extension=name, reason=str(error))


def make_room(opened: Connection, database: str, replace: str) -> None:
    """See to it that the database is empty. Raises BackupFailed where that was not asked for."""
    found = opened.execute(OBJECTS).fetchall()
    if not found:
        return
    if replace != database:
        raise BackupFailed(
            f"{database} is not empty ({len(found)} objects). Restore into a new database, or say "
            f"--replace {database} to drop all that it holds."
        )
    connection.close()
    others = opened.execute(OTHERS, [connection.settings_dict["USER"]]).fetchone()
    if others and others[0]:
        raise BackupFailed(
            f"{others[0]} other connections use {database}: stop web, worker and beat first."
        )
    with opened.transaction():
        for kind, name in found:
            # The server itself quoted the name.
            opened.execute(f"DROP {kind} IF EXISTS {name} CASCADE")


def finish(database: str) -> None:
    """Bring the restored database to this release, grant, raise the walls and have them checked."""
    with working_in(database):
        try:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        except SystemCheckError as error:
            raise BackupFailed(f"The walls of {database} do not stand: {error}") from None
        except DatabaseError as error:
            raise BackupFailed(f"{database} cannot be brought to this release: {error}") from None


@contextmanager
def working_in(database: str) -> Iterator[None]:
    """Have the product's own connection lead to another database of the server."""
    before = connection.settings_dict["NAME"]
    leave(database)
    try:
        yield
    finally:
        leave(before)


def leave(database: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's has one
    connection.settings_dict["NAME"] = database


def provided(database: str) -> Server:
    """The server with that database, which is created if there is none. Raises BackupFailed."""
    server = owners_server()
    with server.connected() as opened:
        if opened.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            return server.of(database)
        try:
            opened.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        except psycopg.errors.InsufficientPrivilege:
            raise BackupFailed(
                f"The role may create no database {database}: have an empty one made, and name it "
                "with --into, or set DATABASE_URL to another server for this command."
            ) from None
    return server.of(database)
