"""make previous: the former release's tests go red where a new migration takes what it needs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from dev import previous
from dev.setup import Refusal
from dev.state import ROOT

TEST = "tests/clients/test_models.py::test_the_list_reads_owners_along"
MIGRATION = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("clients", "0001_initial")]
        operations = [migrations.{operation}]
"""
EXPAND = 'AddField("client", "source", models.TextField(null=True))'
CONTRACT = 'RemoveField("client", "phone")'


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of its own with the files that stand here, released as v1."""
    folder = tmp_path_factory.mktemp("former") / "clone"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        cwd=ROOT,
        capture_output=True,
    ).stdout.split(b"\0")
    for name in filter(None, names):
        source, copy = ROOT / name.decode(), folder / name.decode()
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    git(folder, "init", "--quiet")
    commit(folder, "Release it")
    git(folder, "tag", "v1")
    return folder


def try_former(folder: Path, operation: str) -> subprocess.CompletedProcess[str]:
    """Run the former release's tests beside one new migration."""
    migration = folder / "apps/clients/migrations/0002_next.py"
    migration.write_text(dedent(MIGRATION.format(operation=operation)))
    commit(folder, "Change the table")
    # On servers of its own: its processes would take their databases for ours.
    ours = ("DATABASE_", "REDIS_", "PYTEST_")
    return subprocess.run(
        [sys.executable, "-m", "dev.previous", TEST],
        check=False,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
        capture_output=True,
        text=True,
    )


@pytest.mark.prove
def test_the_former_release_passes_beside_a_migration_that_expands(clone: Path) -> None:
    done = try_former(clone, EXPAND)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ v1 passes its tests on the new tables." in done.stdout
    assert "\n[evidence.previous_release]\n" in done.stdout


@pytest.mark.prove
def test_the_former_release_fails_beside_a_migration_that_contracts(clone: Path) -> None:
    done = try_former(clone, CONTRACT)
    assert done.returncode == 1
    assert 'column "phone" of relation "clients_client" does not exist' in done.stdout
    assert "FAILED tests/clients/test_models.py::" in done.stdout
    assert "✗ v1 does not pass its tests on the new tables" in done.stderr


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose second commit has the first migration."""
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "Begin")
    (tmp_path / "apps/clients/migrations").mkdir(parents=True)
    (tmp_path / "apps/clients/migrations/0001_initial.py").write_text("")
    commit(tmp_path, "Make a table")
    monkeypatch.setattr(previous, "ROOT", tmp_path)
    return tmp_path


def test_the_former_release_is_the_newest_tag_before_this_commit(history: Path) -> None:
    git(history, "tag", "v1")
    first = git(history, "rev-parse", "HEAD")
    commit(history, "Go on")
    git(history, "tag", "v2")
    assert previous.former("") == ("v1", first)


def test_without_a_tag_it_is_what_was_there_before_the_newest_migration(history: Path) -> None:
    before = git(history, "rev-parse", "HEAD~1")
    commit(history, "Change a page")
    name, found = previous.former("")
    assert found == before
    assert name.startswith("the commit before ")


def test_the_former_release_can_be_named(history: Path) -> None:
    assert previous.former("HEAD~1") == ("HEAD~1", git(history, "rev-parse", "HEAD~1"))
    with pytest.raises(Refusal, match="rev-parse"):
        previous.former("v9")


def test_a_first_release_has_no_former_one(history: Path) -> None:
    git(history, "checkout", "--quiet", "--orphan", "alone")
    commit(history, "Begin again")
    with pytest.raises(Refusal, match="no former release"):
        previous.former("")


def test_a_clone_without_its_history_is_refused(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = tmp_path / "shallow"
    git(history, "clone", "--quiet", "--depth=1", f"file://{history}", str(shallow))
    monkeypatch.setattr(previous, "ROOT", shallow)
    with pytest.raises(Refusal, match="shallow"):
        previous.former("")


def test_a_release_without_the_usual_tests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="none of tests/accounts"):
        previous.chosen(tmp_path, [], False)
    assert previous.chosen(tmp_path, ["tests/jobs"], False) == ["tests/jobs"]
    assert previous.chosen(tmp_path, [], True) == []
    (tmp_path / "tests/clients").mkdir(parents=True)
    assert previous.chosen(tmp_path, [], False) == ["tests/clients"]
