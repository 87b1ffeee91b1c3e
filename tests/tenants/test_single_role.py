"""The mode for plans with one credential: the role that runs the product owns its tables too.

Real commands on a database of their own: migrate, check, code in scopes, pg_dump and back.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from apps.tenants.base import TenantModel
from config.env import BASE_DIR
from dev.databases import drop
from dev.portal import with_database
from dev.postgres import find_binaries

pytestmark = pytest.mark.xdist_group("single role")  # one database for all of them

TABLES = sorted(model._meta.db_table for model in TenantModel.tenant_models())
BOUND = """
SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class
WHERE relname = ANY(%s) AND pg_get_userbyid(relowner) = current_user
"""
LOOK = """
import json
from apps.accounts.models import User
from apps.tenants.models import Tenant
from apps.tenants.scope import platform_scope, tenant_scope
from django.db import connection, transaction

def seen():
    # The driver's own cursor, past the guard and the sentinel: what the database alone shows.
    rows = connection.connection.execute("SELECT name FROM clients_client ORDER BY name")
    return [name for (name,) in rows]

ada, answers = User.objects.create_user("ada@example.com"), {}
for name in ("Acme", "Globex"):
    tenant = Tenant.objects.found(name=name, owner=ada)
    with transaction.atomic(), tenant_scope(tenant):
        tenant.clients.create(name=f"Client of {name}")
        answers[name] = seen()
answers["outside"] = seen()
with transaction.atomic():
    answers["outside, in a transaction"] = seen()
    with platform_scope(reason="Prove what the one role sees"):
        answers["platform"] = seen()
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A migrated database whose owner is the one role; the suite's own owner plays it."""
    server = os.environ["DATABASE_OWNER_URL"]
    name = f"single_{secrets.token_hex(4)}"
    with psycopg.connect(with_database(server, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        url = with_database(server, name)
        manage(url, "migrate", "--verbosity", "0")
        yield url
        drop(connection, name)


@pytest.fixture(scope="module")
def answers(database: str) -> dict[str, list[str]]:
    """What code saw in each of its scopes, after two workspaces got a client each."""
    found: dict[str, list[str]] = json.loads(
        manage(database, "shell", "--verbosity", "0", "--command", LOOK)
    )
    return found


def manage(url: str, *words: str) -> str:
    """Run a management command of a product that knows one role; return what it printed."""
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    return run(sys.executable, "manage.py", *words, env={**env, "DATABASE_URL": url})


def dump(url: str, *, options: str) -> str:
    """Dump the rows of the tenants' tables as docs/tenancy.md says, with these PGOPTIONS."""
    tables = [f"--table={name}" for name in TABLES]
    program = str(find_binaries(None) / "pg_dump")
    return run(
        *(program, "--enable-row-security", "--data-only", "--inserts", *tables, f"--dbname={url}"),
        env={**os.environ, "PGOPTIONS": options},
    )


def bound(url: str) -> dict[str, bool]:
    """Whether row-level security holds the one role, for each of the tenants' tables."""
    with psycopg.connect(url) as connection:
        return dict(connection.execute(BOUND, [TABLES]).fetchall())


def run(*command: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=BASE_DIR, env=env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_migrating_binds_the_owner_by_every_tenant_tables_policy(database: str) -> None:
    assert bound(database) == dict.fromkeys(TABLES, True)


def test_a_table_as_two_roles_leave_it_is_refused_until_migrating_binds_its_owner(
    database: str,
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE clients_client NO FORCE ROW LEVEL SECURITY")
    with pytest.raises(AssertionError, match=r"slipway\.E004.* on clients_client"):
        manage(database, "check", "--database", "default")
    manage(database, "migrate", "--verbosity", "0")  # it ends with the same check
    assert bound(database) == dict.fromkeys(TABLES, True)


def test_a_scope_shows_its_tenants_rows_and_no_scope_none(answers: dict[str, list[str]]) -> None:
    assert answers == {
        "Acme": ["Client of Acme"],
        "Globex": ["Client of Globex"],
        "outside": [],
        "outside, in a transaction": [],
        "platform": ["Client of Acme", "Client of Globex"],
    }


def test_a_dump_is_whole_with_the_platforms_setting_and_empty_without(
    database: str, answers: dict[str, list[str]]
) -> None:
    whole = "-c slipway.platform=on"
    with psycopg.connect(database, options=whole) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}") for table in TABLES]
        rows = sum(count for cursor in counts for (count,) in cursor)
    assert rows > len(answers["platform"])
    assert dump(database, options=whole).count("INSERT INTO") == rows
    assert dump(database, options="").count("INSERT INTO") == 0
