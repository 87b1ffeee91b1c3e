"""A backup holds every row of one moment, and what cannot be proved to is none."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from apps.audit.models import Crossing
from apps.ops.backups import BackupFailed
from apps.ops.backups.manifest import Manifest
from apps.ops.backups.server import Connection, owners_server, program
from apps.ops.backups.shelf import Shelf
from apps.ops.backups.taking import REASON, take
from apps.tenants.models import Tenant
from dev.portal import with_database
from tests.ops.backups.watching import Watching, children
from tests.world.waiting import wait_until

# Of random text, so that a dump of it does not fit into the pipes between the programs.
MANY = """
INSERT INTO clients_client (tenant_id, name, email, phone, city, status, created_at, updated_at)
SELECT %s, gen_random_uuid()::text || gen_random_uuid(), '', '', '', 'lead', now(), now()
FROM generate_series(1, 20000)
"""


def ask(*words: str) -> str:
    """What `manage.py backup` prints."""
    out = StringIO()
    call_command("backup", *words, stdout=out)
    return out.getvalue()


def test_a_backup_says_what_it_holds(backup: Manifest, data: dict[str, int], folder: Path) -> None:
    assert backup.tables["public.clients_client"] == sum(data.values())
    assert backup.tables["public.tenants_tenant"] == 2
    assert "clients.0001_initial" in backup.migrations
    assert backup.extensions == {"pg_trgm": "public"}
    assert backup.size == (folder / backup.file).stat().st_size
    written = json.loads((folder / f"{backup.name}.json").read_text())
    assert written["tables"] == backup.tables


def test_it_is_encrypted_as_the_age_tool_reads_it(backup: Manifest, folder: Path) -> None:
    content = (folder / backup.file).read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert b"PGDMP" not in content
    assert b"clients_client" not in content


def test_the_crossing_of_the_walls_is_on_record(backup: Manifest) -> None:
    assert Crossing.objects.filter(reason=REASON).count() == 1


def test_a_dump_that_row_level_security_filters_is_no_backup(
    shelf: Shelf, data: dict[str, int], owner: Connection, folder: Path
) -> None:
    owner.execute("ALTER TABLE clients_client FORCE ROW LEVEL SECURITY")
    owner.execute(
        "CREATE POLICY blind ON clients_client AS RESTRICTIVE "
        "USING (current_setting('application_name') <> 'pg_dump')"
    )
    try:
        with pytest.raises(BackupFailed, match=r"public\.clients_client: 0 rows, not 41"):
            take(shelf.store)
    finally:
        owner.execute("DROP POLICY blind ON clients_client")
        owner.execute("ALTER TABLE clients_client NO FORCE ROW LEVEL SECURITY")
    assert list(folder.iterdir()) == []


def test_what_is_written_meanwhile_is_in_the_next_one(
    folder: Path, data: dict[str, int], acme: Tenant, settings: Any
) -> None:
    def write() -> None:
        with transaction.atomic():
            acme.clients.create(name="Latecomer")

    manifest = take(Watching(settings.BACKUP_URL, before=write, midway=write))
    assert manifest.tables["public.clients_client"] == 41
    with transaction.atomic():
        assert acme.clients.filter(name="Latecomer").count() == 2


def test_one_backup_is_taken_at_a_time(shelf: Shelf, owner: Connection) -> None:
    owner.execute("SELECT pg_advisory_lock(hashtext('slipway.backup'))")
    with pytest.raises(BackupFailed, match="Another backup is being taken"):
        take(shelf.store)


def test_no_password_is_on_a_command_line(
    owner: Connection, acme: Tenant, settings: Any, folder: Path
) -> None:
    owner.execute(MANY, [acme.pk])  # so many that it is still dumped when it is looked at
    settings.DATABASE_OWNER_URL = settings.DATABASE_OWNER_URL.replace("@", ":c4n4ry@", 1)
    seen: list[str] = []

    def look() -> None:
        seen.extend(word for process in children() for word in process.cmdline())

    take(Watching(settings.BACKUP_URL, midway=look))
    assert any(word.startswith("--snapshot=") for word in seen)
    assert "c4n4ry" not in " ".join(seen)
    assert owners_server().environment["PGPASSWORD"] == "c4n4ry"
    assert "c4n4ry" not in repr(owners_server())


@pytest.mark.parametrize("name", ["pg_dump", "pg_restore"])
def test_a_program_that_is_killed_leaves_no_backup(
    name: str, owner: Connection, acme: Tenant, settings: Any, folder: Path
) -> None:
    owner.execute(MANY, [acme.pk])

    def kill() -> None:
        [process] = [one for one in children() if one.name() == name]
        process.kill()

    with pytest.raises(BackupFailed, match=f"{name} ended with -9"):
        take(Watching(settings.BACKUP_URL, midway=kill))
    assert children() == []
    assert list(folder.iterdir()) == []


@pytest.mark.prove
def test_a_command_that_is_killed_leaves_no_backup_and_no_program(
    shelf: Shelf, owner: Connection, acme: Tenant, key: tuple[str, Path]
) -> None:
    owner.execute(MANY, [acme.pk])
    database = owners_server().database
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a store that never answers
        variables = {
            "BACKUP_URL": "s3://bucket",
            "BACKUP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "BACKUP_RECIPIENTS": key[0],
            "BACKUP_ACCESS_KEY": "key",
            "BACKUP_SECRET_KEY": "secret",
            **{
                name: with_database(os.environ[name], database)
                for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
            },
        }
        command = subprocess.Popen(
            [sys.executable, "manage.py", "backup"], env={**os.environ, **variables}
        )
        taken: list[psutil.Process] = []
        silent.settimeout(60)
        with command:
            silent.accept()[0].close()
            taken += psutil.Process(command.pid).children()
            command.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(one.is_running() for one in taken), "programs are left")
    sessions = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_dump'"
    wait_until(lambda: owner.execute(sessions).fetchone() is None, "a session is left")


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes; the system refuses the write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_no_backup(
    shelf: Shelf, owner: Connection, acme: Tenant, folder: Path
) -> None:
    owner.execute(MANY, [acme.pk])
    with full_disk(after=10_000), pytest.raises(BackupFailed, match="cannot be stored"):
        take(shelf.store)
    assert shelf.backups() == []
    assert not list(folder.glob("*.json"))


def test_what_a_dump_would_leave_out_is_refused(shelf: Shelf, owner: Connection) -> None:
    owner.execute("CREATE SCHEMA elsewhere CREATE TABLE kept (id int)")
    try:
        with pytest.raises(BackupFailed, match=r"outside of the schema public: elsewhere\.kept"):
            take(shelf.store)
    finally:
        owner.execute("DROP SCHEMA elsewhere CASCADE")
    row = owner.execute("SELECT lo_create(0)").fetchone()
    assert row
    try:
        with pytest.raises(BackupFailed, match="1 large objects"):
            take(shelf.store)
    finally:
        owner.execute("SELECT lo_unlink(%s)", [row[0]])


def test_programs_that_are_too_old_are_named_with_the_package_to_install() -> None:
    with pytest.raises(BackupFailed, match="package postgresql-client-99") as caught:
        program("pg_dump", at_least=99)
    assert "found: " in str(caught.value)


@pytest.mark.parametrize(("setting", "without"), [("BACKUP_URL", ""), ("BACKUP_RECIPIENTS", [])])
def test_a_missing_variable_is_named(
    setting: str, without: Any, folder: Path, settings: Any, db: None
) -> None:
    setattr(settings, setting, without)
    with pytest.raises(CommandError, match=f"{setting} is not set"):
        ask()


def test_the_command_takes_lists_and_verifies(data: dict[str, int], shelf: Shelf) -> None:
    assert ask("--list") == "There is no backup yet.\n"
    said = ask()
    [one] = shelf.backups()
    assert said.startswith(f"{one.name}  ")
    assert f'note = "{one.name}"' in said
    assert one.name in ask("--list")
    assert ask("--verify", one.name).startswith("Whole: ")
    [told] = json.loads(ask("--list", "--json"))
    assert told["sha256"] == one.sha256


def test_a_young_backup_is_enough_and_an_old_one_is_not(
    backup: Manifest, shelf: Shelf, clock: Callable[..., Any]
) -> None:
    assert backup.name in ask("--newer-than", "1")
    assert len(shelf.backups()) == 1
    ask("--newer-than", "0")
    assert len(shelf.store.names()) >= 2
    assert shelf.newest(backup.environment) != backup


def test_a_new_key_is_shown_and_kept_nowhere(folder: Path) -> None:
    said = ask("--new-key")
    assert "AGE-SECRET-KEY-1" in said
    assert "BACKUP_RECIPIENTS=age1" in said
    assert not folder.exists()
