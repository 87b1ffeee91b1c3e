"""`make previous`: runs the former release's tests on the tables that the code here makes."""

import argparse
import filecmp
import io
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from dev.check import environment
from dev.databases import drop
from dev.servers import ThrowAway
from dev.setup import Refusal, refuse, say
from dev.state import ROOT

# What asks the database most, and takes a minute at most on two processors.
CHOSEN = (
    *("tests/accounts/test_signin.py", "tests/accounts/test_signup.py"),
    *("tests/audit", "tests/clients", "tests/jobs", "tests/tenants"),
)
MIGRATIONS = "apps/*/migrations/*.py"
LOCK = Path("requirements/development.txt")


def git(*arguments: str) -> str:
    """What Git says of this repository. Raises Refusal with its reason."""
    return asked(*arguments).decode("utf-8", "replace").strip()


def asked(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], check=False, cwd=ROOT, capture_output=True)
    except FileNotFoundError:
        raise Refusal("git is not installed; it knows the former release") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Refusal(f"git {arguments[0]} failed: {said}")
    return done.stdout


def former(since: str) -> tuple[str, str]:
    """The former release's name and commit: as asked for, or the newest tag before this commit.

    Without a tag it is what was there before the newest migration. Raises Refusal.
    """
    if since:
        return since, git("rev-parse", "--verify", "--end-of-options", f"{since}^{{commit}}")
    if git("rev-parse", "--is-shallow-repository") == "true":
        raise Refusal("this clone is shallow: fetch the whole history, or name a commit by --since")
    tags = git("tag", "--merged=HEAD", "--no-contains=HEAD", "--sort=-creatordate").splitlines()
    if tags:
        return tags[0], git("rev-parse", "--verify", f"refs/tags/{tags[0]}^{{commit}}")
    last = git("log", "-1", "--format=%H", "--", MIGRATIONS)
    parents = git("rev-list", "--parents", "-n1", last).split()[1:] if last else []
    if not parents:
        raise Refusal("there is no former release: no tag, and one set of migrations")
    return f"the commit before {last[:12]}", parents[0]


def check_out(commit: str, folder: Path) -> None:
    """Put a commit's files into a folder."""
    with tarfile.open(fileobj=io.BytesIO(asked("archive", "--format=tar", commit))) as archive:
        archive.extractall(folder, filter="data")


def renamed(url: str, database: str) -> str:
    """An address with another database in it."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def migrated(addresses: dict[str, str], folder: Path) -> Iterator[str]:
    """A database that the code here has migrated, for as long as the block lasts; its name."""
    owner = addresses.get("DATABASE_OWNER_URL") or addresses["DATABASE_URL"]
    name = f"slipway_previous_{secrets.token_hex(4)}"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            variables = environment("test", str(folder)) | addresses
            variables["DATABASE_URL"] = renamed(addresses["DATABASE_URL"], name)
            command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
            done = subprocess.run(command, check=False, cwd=ROOT, env=variables)
            if done.returncode:
                raise Refusal("the migrations here do not run; what they said stands above")
            yield name
        finally:
            drop(connection, name)


def python_of(release: Path) -> list[str]:
    """How the release's Python is called: ours if it locks the same packages, else its own."""
    if (release / LOCK).is_file() and filecmp.cmp(release / LOCK, ROOT / LOCK, shallow=False):
        return [sys.executable, "-m"]
    return ["sh", "dev/python", "dev/setup.py"]


def chosen(release: Path, tests: list[str], everything: bool) -> list[str]:
    """The tests to run: those that are named, all, or the usual ones that the release has."""
    if tests or everything:
        return tests
    there = [name for name in CHOSEN if (release / name).exists()]
    if not there:
        raise Refusal(f"that release has none of {', '.join(CHOSEN)}; name its tests after --")
    return there


def run_tests(release: Path, tests: list[str], variables: dict[str, str]) -> int:
    """Run the release's tests on the new tables; return pytest's exit."""
    plugins = release.with_name("plugins")
    plugins.mkdir()
    shutil.copy(ROOT / "dev/on_new_tables.py", plugins / "on_new_tables.py")
    paths = [str(plugins), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [*python_of(release), "pytest", "-p", "on_new_tables", "-q", "-n", "2", *tests]
    given = os.environ | variables | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(command, check=False, cwd=release, env=given).returncode


def record(name: str, commit: str, seconds: float) -> str:
    """The lines for launch.toml."""
    dirty = " and what is not committed" if git("status", "--porcelain") else ""
    tables = f"{git('rev-parse', '--short=12', 'HEAD')}{dirty}"
    who = git("config", "--default=", "user.name").replace('"', "") or "make previous"
    note = f"{commit[:12]} passed on the tables of {tables} in {seconds:.0f} s"
    return (
        "Into launch.toml:\n\n[evidence.previous_release]\n"
        f'at = "{datetime.now(UTC):%Y-%m-%d}"\nby = "{who}"\nnote = "{note}"'
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make previous", description=__doc__)
    parser.add_argument("--since", default="", metavar="COMMIT", help="the former release")
    parser.add_argument("--all", action="store_true", help="its whole suite")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="of its tests, these")
    return parser.parse_args()


def main() -> None:
    """Run them; leave with 1 if one fails."""
    asked_for, started = arguments(), time.monotonic()
    name, commit = former(asked_for.since)
    with TemporaryDirectory(prefix="slipway-previous-") as folder:
        release = Path(folder) / "release"
        check_out(commit, release)
        tests = chosen(release, asked_for.tests, asked_for.all)
        say(f"✓ release      {name}, {commit[:12]}")
        with ThrowAway(os.environ) as addresses, migrated(addresses, Path(folder)) as database:
            say("✓ tables       migrated by the code here")
            given = addresses | {"MIGRATED_DATABASE": database}
            code = run_tests(release, tests, given)
    if code:
        refuse(f"{name} does not pass its tests on the new tables (pytest left with {code})")
    say(f"✓ {name} passes its tests on the new tables.\n")
    say(record(name, commit, time.monotonic() - started))


if __name__ == "__main__":
    try:
        main()
    except Refusal as refusal:
        refuse(refusal)
    except KeyboardInterrupt:
        sys.exit(130)
