"""A backup comes back whole, with its walls; whatever is wrong with it is noticed before."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.ops.backups import BackupFailed, sealing
from apps.ops.backups.manifest import Manifest
from apps.ops.backups.restoring import Restore, provided
from apps.ops.backups.server import Connection, owners_server
from apps.ops.backups.shelf import Shelf
from dev.portal import with_database

ROWS = "SELECT tenant_id, count(*), md5(string_agg(c::text, '|' ORDER BY id)) FROM clients_client c"
BY_TENANT = f"{ROWS} GROUP BY 1 ORDER BY 1"
SETTINGS = "SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase"
DATABASES = "SELECT datname FROM pg_database WHERE datname LIKE %s"


def ask(*words: str) -> str:
    """What `manage.py restore` prints."""
    out = StringIO()
    call_command("restore", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def target(drop_later: Callable[[str], str]) -> str:
    """The name of a database that is not there yet."""
    return drop_later(f"{connection.settings_dict['NAME']}_restored")


def tables(database: str) -> int:
    """How many tables a database has."""
    with owners_server().of(database).connected() as opened:
        row = opened.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        [[count]] = row.fetchall()
    return int(count)


def test_every_row_comes_back_and_so_do_the_walls(
    backup: Manifest, owner: Connection, target: str
) -> None:
    said = ask(backup.name, "--into", target)
    assert f"{backup.rows:,} rows" in said
    with owners_server().of(target).connected() as restored:
        there = restored.execute(BY_TENANT).fetchall()
        assert there == owner.execute(BY_TENANT).fetchall()
        assert [count for _, count, _ in there] == [40, 1]
        limits = restored.execute(SETTINGS + " WHERE datname = %s", [target]).fetchone()
    assert limits == (1,)
    with psycopg.connect(with_database(os.environ["DATABASE_URL"], target)) as runtime:
        # The product's own role: it owns nothing, sees nothing, and then one tenant's rows.
        assert runtime.execute("SELECT count(*) FROM clients_client").fetchone() == (0,)
        runtime.execute("SELECT set_config('slipway.tenant', %s, true)", [str(there[1][0])])
        assert runtime.execute("SELECT count(*) FROM clients_client").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute("DELETE FROM audit_event")
    assert connection.settings_dict["NAME"] == owner.info.dbname


def test_a_database_that_is_not_empty_is_replaced_only_by_name(
    backup: Manifest, target: str
) -> None:
    with provided(target).connected() as opened:
        opened.execute("CREATE TABLE precious (id int)")
        for words in ([], ["--replace", "another"]):
            with pytest.raises(CommandError, match=f"{target} is not empty"):
                ask("--into", target, *words)
        with pytest.raises(CommandError, match="1 other connections use"):
            ask("--into", target, "--replace", target)
        assert opened.execute("SELECT count(*) FROM precious").fetchone() == (0,)
    ask("--into", target, "--replace", target)
    ask("--into", target, "--replace", target)
    assert tables(target) == len(backup.tables)


def flip(file: Path, at: int) -> bytes:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    return bytes(content)


def test_a_flipped_byte_is_noticed_before_anything_is_touched(
    backup: Manifest, folder: Path, target: str
) -> None:
    flip(folder / backup.file, backup.size // 2)
    with pytest.raises(CommandError, match="is damaged"):
        call_command("backup", "--verify", backup.name)
    provided(target)
    with pytest.raises(CommandError, match="is damaged"):
        ask("--into", target)
    assert tables(target) == 0


def test_a_backup_that_somebody_changed_together_with_its_checksum_is_noticed_too(
    backup: Manifest, folder: Path, target: str
) -> None:
    content = flip(folder / backup.file, backup.size // 2)
    forged = replace(backup, sha256=hashlib.sha256(content).hexdigest())
    (folder / f"{backup.name}.json").write_bytes(forged.to_json())
    with pytest.raises(CommandError, match="was changed or cut off"):
        ask("--into", target)
    assert tables(target) == 0


def test_a_file_that_was_cut_off_is_no_backup(
    backup: Manifest, folder: Path, shelf: Shelf, target: str
) -> None:
    with (folder / backup.file).open("r+b") as file:
        file.truncate(backup.size - 1)
    assert shelf.backups() == []
    with pytest.raises(CommandError, match="is damaged"):
        ask(backup.name, "--into", target)


def test_another_key_opens_nothing(backup: Manifest, tmp_path: Path, target: str) -> None:
    (tmp_path / "other.txt").write_text(sealing.new_key()[1])
    with pytest.raises(CommandError, match="This private key does not open the backup"):
        ask("--into", target, "--identity", str(tmp_path / "other.txt"))
    assert tables(target) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "holds no private age key"), ("AGE-SECRET-KEY-c4n4ry", "is no private age key")],
)
def test_a_file_without_a_key_is_refused_and_not_quoted(
    text: str, said: str, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "key.txt").write_text(text)
    with pytest.raises(CommandError, match=said) as caught:
        ask("--drill", "--identity", str(tmp_path / "key.txt"))
    assert "c4n4ry" not in str(caught.value)


def test_rows_that_do_not_arrive_are_noticed(
    backup: Manifest, shelf: Shelf, key: tuple[str, Path], target: str
) -> None:
    promised = {**backup.tables, "public.clients_client": 42, "public.clients_lost": 7}
    manifest = replace(backup, tables=promised)
    restore = Restore(shelf, manifest, sealing.identities(str(key[1])), provided(target))
    with pytest.raises(BackupFailed) as caught:
        restore.run()
    assert "public.clients_client: 41 rows, not 42" in str(caught.value)
    assert "public.clients_lost: no rows, not 7" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Say where"),
        (["--into", "postgresql://u:p@host/db"], "takes a database's name"),
        (["--drill", "--replace", "live"], "A drill replaces nothing"),
        (["--drill", "--identity", ""], "The private key is needed"),
        (["--drill"], "There is no backup of test"),
        (["backup-test-20200101T000000Z", "--into", "x"], "There is no backup-test-2020"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(
    words: list[str], said: str, folder: Path, db: None
) -> None:
    with pytest.raises(CommandError, match=said):
        ask(*words)


def test_a_drill_restores_looks_drops_and_is_on_record(
    backup: Manifest, shelf: Shelf, owner: Connection
) -> None:
    told = json.loads(ask("--drill", "--json"))
    assert told["rows"] == backup.rows
    assert told["seen"][:3] == ["/", "/accounts/login/", "/healthz"]
    assert len(told["seen"]) == 4
    assert shelf.newest_drill(backup.environment) == told
    assert owner.execute(DATABASES, [f"{owner.info.dbname}_drill_%"]).fetchall() == []


def test_a_drill_that_fails_is_not_on_record_and_leaves_nothing(
    backup: Manifest, shelf: Shelf, owner: Connection, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = []
    with pytest.raises(CommandError, match="/ answers 400 on the restored data"):
        ask("--drill")
    assert shelf.newest_drill(backup.environment) is None
    assert owner.execute(DATABASES, [f"{owner.info.dbname}_drill_%"]).fetchall() == []
    assert connection.settings_dict["NAME"] == owner.info.dbname
