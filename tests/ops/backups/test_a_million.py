"""A million rows behind walls are backed up and come back, with two roles and with one."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from apps.tenants.walls import VISIBLE
from config.env import BASE_DIR
from dev.databases import drop
from dev.portal import with_database

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("a million rows")]

TENANTS = 10
FILL = """
INSERT INTO tenants_tenant (name, slug, created_at)
SELECT 'Workspace ' || n, 'workspace-' || n, now() FROM generate_series(1, %s) n
"""
# A table of a founder's, behind the walls' own policy; a twentieth goes into the trail, whose keys
# take most of the time that it takes to make a million rows.
LEDGER = f"""
CREATE TABLE ledger (id bigint, tenant_id bigint NOT NULL, note text);
ALTER TABLE ledger ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger USING ({VISIBLE}) WITH CHECK ({VISIBLE});
"""
FORCED = "ALTER TABLE ledger FORCE ROW LEVEL SECURITY"
NOTES = """
INSERT INTO ledger SELECT n, t.id, 'Note ' || md5(n::text) || md5(t.id || '-' || n)
FROM tenants_tenant t, generate_series(1, %s) n
"""
EVENTS = """
INSERT INTO audit_event (tenant_id, actor_name, action, target_type, target_id, target_name,
  details, request_id, at)
SELECT t.id, 'Person ' || n %% 977, 'client.created', 'clients.client', n, 'Client ' || n,
  '{}', md5(n::text), now()
FROM tenants_tenant t, generate_series(1, %s) n
"""
BY_TENANT = (
    "SELECT tenant_id, count(*), sum(hashtext(note)), "
    "(SELECT count(*) FROM audit_event e WHERE e.tenant_id = l.tenant_id) "
    "FROM ledger l GROUP BY 1 ORDER BY 1"
)
OPEN = "SELECT set_config('slipway.platform', 'on', false)"
BOUND = (
    "SELECT relrowsecurity, relforcerowsecurity FROM pg_class "
    "WHERE relname IN ('audit_event', 'ledger')"
)
# Says at its end how much memory it took at most. getrusage() would not do: a program inherits the
# peak of the process that started it, which here is a test run of any size (proc(5), execve(2)).
MEASURED = """
import pathlib, runpy, sys
sys.argv = ["manage.py", *sys.argv[1:]]
try:
    runpy.run_path("manage.py", run_name="__main__")
finally:
    status = pathlib.Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0])
    sys.stderr.write(f"peak {peak // 1024} MB\\n")
"""


class Product:
    """A product with a database of its own, of one role or of two, and a folder for backups."""

    def __init__(self, folder: Path, key: tuple[str, Path], *, single: bool) -> None:
        self.single = single
        self.database = f"million_{secrets.token_hex(4)}"
        self.owner = with_database(os.environ["DATABASE_OWNER_URL"], self.database)
        runtime = with_database(os.environ["DATABASE_URL"], self.database)
        self.variables = {**os.environ} | {
            "DATABASE_URL": self.owner if single else runtime,
            "BACKUP_URL": f"file://{folder}",
            "BACKUP_RECIPIENTS": key[0],
        }
        if single:
            del self.variables["DATABASE_OWNER_URL"]
        self.key = str(key[1])

    def manage(self, *words: str) -> tuple[str, int, float]:
        """Run a command; return what it printed, the megabytes at its peak, and its seconds."""
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *words],
            cwd=BASE_DIR,
            env=self.variables,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        peak = re.search(r"peak (\d+) MB", done.stderr)
        assert peak
        return done.stdout, int(peak[1]), time.monotonic() - began

    def ask(self, database: str, sql: str) -> list[tuple[object, ...]]:
        """What the owner sees, the walls opened."""
        with psycopg.connect(with_database(self.owner, database)) as connection:
            connection.execute(OPEN)
            return connection.execute(sql.encode()).fetchall()


@pytest.fixture(params=["two roles", "one role"])
def product(
    request: pytest.FixtureRequest, tmp_path: Path, key: tuple[str, Path]
) -> Iterator[Product]:
    """A product with a million rows; with one role, with a tenth of that."""
    single = request.param == "one role"
    product = Product(tmp_path, key, single=single)
    server = with_database(product.owner, "postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {product.database}".encode())
        product.manage("migrate", "--verbosity", "0")
        with psycopg.connect(product.owner) as owner:
            owner.execute(OPEN)
            owner.execute(FILL, [TENANTS])
            owner.execute(LEDGER.encode())
            if single:
                owner.execute(FORCED)
            each = (100_000 if single else 1_000_000) // TENANTS
            owner.execute(NOTES, [each - each // 20])
            owner.execute(EVENTS, [each // 20])
        yield product
        for name in (product.database, f"{product.database}_again"):
            drop(connection, name)


def test_a_million_rows_come_back_and_the_drill_is_on_record(
    product: Product, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert product.ask(product.database, BOUND) == [(True, product.single)] * 2
    said, taking, seconds = product.manage("backup", "--json")
    [manifest] = json.loads(said)
    again = f"{product.database}_again"
    _, restoring, restored = product.manage(
        "restore", manifest["name"], "--into", again, "--identity", product.key
    )
    there = product.ask(again, BY_TENANT)
    assert there == product.ask(product.database, BY_TENANT)
    assert len(there) == TENANTS
    tables = manifest["tables"]
    each = (tables["public.ledger"] // TENANTS, tables["public.audit_event"] // TENANTS)
    assert {(row[1], row[3]) for row in there} == {each}
    assert product.ask(again, BOUND) == [(True, product.single)] * 2
    drilled, _, _ = product.manage("restore", "--drill", "--json", "--identity", product.key)
    [record] = [json.loads(file.read_text()) for file in tmp_path.glob("drill-*.json")]
    assert record == json.loads(drilled)
    assert record["backup"] == manifest["name"]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{sum(tables.values()):,} rows, "
            f"{manifest['size'] / 1e6:.1f} MB: backup {seconds:.1f} s, {taking} MB; "
            f"restore {restored:.1f} s, {restoring} MB; drill {record['seconds']} s\n"
        )
    # What the commands need with an empty database is about 100 MB; the rows add a few parts.
    assert max(taking, restoring) < 250
