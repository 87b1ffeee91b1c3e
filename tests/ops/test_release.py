"""``manage.py release`` on real databases: real processes at once, held locks, kills in the middle.

The code of "the next release" is a copy of the project with one more migration.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management.base import OutputWrapper
from django.test import override_settings

from apps.ops.release import TRIES, collect_static
from apps.ops.release_lock import KEY
from config.env import BASE_DIR
from dev.databases import drop
from dev.portal import with_database
from tests.world.pgbouncer import Pgbouncer
from tests.world.waiting import wait_until

pytestmark = pytest.mark.xdist_group("release")  # the databases are copies of one

OWNER = os.environ["DATABASE_OWNER_URL"]
RUNTIME = os.environ["DATABASE_URL"]
NEXT = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("ops", "{after}")]
    atomic = {atomic}
    operations = [{operations}]
"""
BROKEN = 'migrations.RunSQL("CREATE TABLE halfway ()"), migrations.RunSQL("SELECT 1/0")'
SLOW = 'migrations.RunSQL("CREATE TABLE halfway ()"), migrations.RunSQL("SELECT pg_sleep(90)")'
QUICK = 'migrations.RunSQL("CREATE TABLE halfway ()")'
ALTERS = 'migrations.RunSQL("ALTER TABLE ops_deployment ADD note text")'


class Release(subprocess.Popen[str]):
    """A release that runs, as JSON; `told()` is what it printed, once it has ended."""

    def __init__(self, database: str, *, root: Path = BASE_DIR, **variables: str) -> None:
        super().__init__(
            [sys.executable, "manage.py", "release", "--json"],
            cwd=root,
            env={
                **os.environ,
                "PYTHONDONTWRITEBYTECODE": "1",
                "DATABASE_OWNER_URL": with_database(OWNER, database),
                "DATABASE_URL": with_database(RUNTIME, database),
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self, code: int = 0) -> dict[str, Any]:
        """Raises AssertionError unless it ends with `code`."""
        out, self.said = self.communicate(timeout=120)
        assert self.returncode == code, out + self.said
        found: dict[str, Any] = json.loads(out)
        return found


@contextmanager
def new_database(*, like: str = "template1") -> Iterator[str]:
    name = f"release_{secrets.token_hex(4)}"
    with psycopg.connect(with_database(OWNER, "postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        try:
            yield name
        finally:
            drop(server, name)


@pytest.fixture(scope="module")
def first_releases() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A new database that two processes released to at once, and what they told."""
    with new_database() as name:
        both = [Release(name), Release(name)]
        yield name, [one.told() for one in both]


@pytest.fixture
def database(first_releases: tuple[str, list[dict[str, Any]]]) -> Iterator[str]:
    """A database that this code has released to."""
    with new_database(like=first_releases[0]) as name:
        yield name


@pytest.fixture
def next_code(tmp_path: Path) -> Callable[..., Path]:
    """Make the code of a next release: ``next_code(QUICK)`` adds one migration, or changes it."""

    def make(*migrations: str, atomic: bool = True) -> Path:
        root = tmp_path / "next"
        for folder in ("apps", "config", "templates", "static"):
            shutil.copytree(
                BASE_DIR / folder,
                root / folder,
                ignore=shutil.ignore_patterns("__pycache__"),
                dirs_exist_ok=True,
            )
        shutil.copy(BASE_DIR / "manage.py", root)
        folder = root / "apps/ops/migrations"
        after = max(path.stem for path in (BASE_DIR / "apps/ops/migrations").glob("0*.py"))
        for number, operations in enumerate(migrations):
            text = NEXT.format(after=after, atomic=atomic, operations=operations)
            after = f"900{number}_next"
            (folder / f"{after}.py").write_text(text)
        return root

    return make


def ask(database: str, question: str, url: str = OWNER) -> list[Any]:
    with psycopg.connect(with_database(url, database), autocommit=True) as connection:
        return connection.execute(question.encode()).fetchall()


def has_table(database: str, name: str) -> bool:
    return bool(ask(database, f"SELECT 1 FROM pg_tables WHERE tablename = '{name}'"))


def said_so_far(release: Release, words: str) -> None:
    """Return once the release has written a line with these words to standard error."""
    assert release.stderr
    for line in release.stderr:
        if words in line:
            return
    raise AssertionError(f"It ended without saying {words!r}")


# One at a time, once


def test_of_two_at_once_one_migrates_and_the_other_waits_and_finds_nothing_to_do(
    first_releases: tuple[str, list[dict[str, Any]]],
) -> None:
    database, told = first_releases
    second, first = sorted(told, key=lambda one: str(one["outcome"]))
    assert (first["outcome"], second["outcome"]) == ("released", "nothing to do")
    assert "clients.0001_initial" in first["applied"]
    assert second["applied"] == []
    assert second["waited"] > first["waited"]
    # The runtime role is let in, and held.
    assert ask(database, "SELECT count(*) FROM clients_client", url=RUNTIME) == [(0,)]


def test_who_holds_the_lock_is_told_after_the_wait_and_nothing_was_changed(database: str) -> None:
    ask(database, "DELETE FROM django_migrations WHERE app = 'ops' RETURNING 1")
    other = psycopg.connect(with_database(OWNER, database), autocommit=True)
    with closing(other):
        other.execute("SET application_name = 'release 4f2c91a on web-1, process 42'")
        other.execute("SELECT pg_advisory_lock(%s, %s)", KEY)
        pid = other.info.backend_pid
        told = Release(database, RELEASE_WAIT="1").told(code=3)
    assert told["outcome"] == "busy"
    assert "Another release is under way: release 4f2c91a on web-1, process 42" in told["error"]
    assert f"database process {pid}" in told["error"]
    assert ask(database, "SELECT 1 FROM django_migrations WHERE app = 'ops'") == []


@pytest.mark.prove
def test_through_a_pooler_it_refuses_and_says_which_address_it_needs(
    database: str, tmp_path: Path
) -> None:
    with closing(Pgbouncer(os.environ, tmp_path, size=2)) as pooler:
        through = with_database(pooler.servers["DATABASE_URL"], database)
        told = Release(database, DATABASE_OWNER_URL="", DATABASE_URL=through).told(code=4)
    assert "Set DATABASE_OWNER_URL to the address of the database itself" in told["error"]


@pytest.mark.prove
def test_a_database_that_does_not_answer_is_told_without_its_password(database: str) -> None:
    url = "postgresql://owner:hunter2-canary@127.0.0.1:1/slipway"
    release = Release(database, DATABASE_OWNER_URL=url)
    told = release.told(code=4)
    assert "does not let the release in" in told["error"]
    assert "canary" not in json.dumps(told) + release.said


# Older code


def test_older_code_than_the_database_changes_nothing_says_so_and_is_no_failure(
    database: str,
) -> None:
    ask(
        database,
        "INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('ops', '9000_next', now()) RETURNING 1",
    )
    # What a newer release takes away, an older one must not give back.
    runtime = psycopg.conninfo.conninfo_to_dict(RUNTIME)["user"]
    with psycopg.connect(with_database(OWNER, database)) as newer:
        newer.execute(f'REVOKE DELETE ON clients_client FROM "{runtime}"'.encode())
    release = Release(database)
    told = release.told()
    assert (told["outcome"], told["unknown"]) == ("behind", ["ops.9000_next"])
    allowed = f"SELECT has_table_privilege('{runtime}', 'clients_client', 'DELETE')"
    assert ask(database, allowed) == [(False,)]


# Locks


def test_a_migration_steps_aside_for_who_uses_its_table_and_tries_again(
    database: str, next_code: Callable[..., Path]
) -> None:
    user = psycopg.connect(with_database(RUNTIME, database))
    with closing(user):
        user.execute("SELECT 1 FROM ops_deployment")  # and its transaction stays open
        release = Release(database, root=next_code(ALTERS), RELEASE_LOCK_TIMEOUT="1")
        said_so_far(release, f"A table stayed locked (try 1 of {TRIES})")
        user.rollback()
        told = release.told()
    assert told["applied"] == ["ops.9000_next"]
    assert told["tries"] > 1


@pytest.mark.prove
def test_a_table_that_stays_locked_is_told_as_busy_with_what_is_not_applied(
    database: str, next_code: Callable[..., Path]
) -> None:
    user = psycopg.connect(with_database(RUNTIME, database))
    with closing(user):
        user.execute("SELECT 1 FROM ops_deployment")
        told = Release(database, root=next_code(ALTERS), RELEASE_LOCK_TIMEOUT="1").told(code=3)
    assert f"{TRIES} tries" in told["error"]
    assert "Not applied: ops.9000_next." in told["error"]


@pytest.mark.prove
def test_a_migration_that_is_not_atomic_is_not_begun_again_in_the_middle(
    database: str, next_code: Callable[..., Path]
) -> None:
    user = psycopg.connect(with_database(RUNTIME, database))
    with closing(user):
        user.execute("SELECT 1 FROM ops_deployment")
        root = next_code(f"{QUICK}, {ALTERS}", atomic=False)
        told = Release(database, root=root, RELEASE_LOCK_TIMEOUT="1").told(code=1)
    assert "ops.9000_next failed: canceling statement due to lock timeout" in told["error"]
    assert "not atomic, so parts of it may stand" in told["error"]
    assert has_table(database, "halfway")


# Failures


def test_a_broken_migration_is_named_undone_and_those_before_it_stay(
    database: str, next_code: Callable[..., Path]
) -> None:
    told = Release(database, root=next_code(ALTERS, BROKEN)).told(code=1)
    assert "ops.9001_next failed: division by zero. The database has undone" in told["error"]
    assert not has_table(database, "halfway")
    assert ask(database, "SELECT name FROM django_migrations WHERE app = 'ops' ORDER BY 1")[-1] == (
        "9000_next",
    )


def test_a_release_that_was_killed_leaves_nothing_behind_and_the_next_goes_through(
    database: str, next_code: Callable[..., Path]
) -> None:
    sleeps = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(90)%' AND pid <> "
    sleeping = f"{sleeps} pg_backend_pid() AND datname = '{database}'"
    killed = Release(database, root=next_code(SLOW))
    wait_until(lambda: bool(ask(database, sleeping)), "it does not migrate", seconds=60)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    # It runs while the database still works for the one that was killed.
    told = Release(database, root=next_code(QUICK)).told()
    assert told["applied"] == ["ops.9000_next"]
    assert has_table(database, "halfway")
    assert ask(database, sleeping) == []


# Static files


def test_static_files_are_collected_unless_those_of_this_code_are_there(
    tmp_path: Path, settings: Any
) -> None:
    source, out = tmp_path / "source", OutputWrapper(sys.stderr)
    (source / "css").mkdir(parents=True)
    (source / "css/one.css").write_text("a { color: red }")
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    with override_settings(
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STATICFILES_DIRS=[source],
        STATIC_ROOT=tmp_path / "collected",
        STORAGES={**settings.STORAGES, "staticfiles": {"BACKEND": manifest}},
    ):
        assert [collect_static(out), collect_static(out)] == ["collected", "there"]
        (source / "two.css").write_text("a { color: blue }")
        assert [collect_static(out), collect_static(out)] == ["collected", "there"]
        later = (tmp_path / "collected/staticfiles.json").stat().st_mtime + 5
        os.utime(source / "css/one.css", (later, later))
        assert collect_static(out) == "collected"


def test_files_that_are_served_from_their_sources_are_not_collected() -> None:
    assert collect_static(OutputWrapper(sys.stderr)) == "not needed"
