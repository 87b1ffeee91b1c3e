"""What the suite is given before it starts, and what it says at its end."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dev.state import ROOT

SUITE = """
import os

import pytest

def test_that_runs():
    assert "SENTRY_DSN" not in os.environ
    assert os.environ["SITE_URL"] == "https://testserver"
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings.test"

@pytest.mark.skip(reason="no Chromium; install one")
def test_that_does_not(): pass
"""


GROUPED = """
import os

import pytest

pytestmark = pytest.mark.xdist_group("one house")

@pytest.mark.parametrize("number", range(6))
def test_that_shares(number):
    with open(os.path.join(os.path.dirname(__file__), "workers"), "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + " ")
"""


def run_suite(
    folder: Path, *options: str, suite: str = SUITE, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a small suite with the plugin, on this suite's own servers."""
    (folder / "test_small.py").write_text(suite)
    outside = {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith("PYTEST")
    }
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "dev.pytest_servers", "-p", "no:django"),
            *("-p", "no:cacheprovider", "-m", "not prove", "-c", os.devnull),
            *("--rootdir", str(folder), str(folder / "test_small.py"), *options),
        ],
        cwd=ROOT,
        env=outside | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_a_skip_is_told_and_fails_only_in_ci(tmp_path: Path, ci: str, status: int) -> None:
    done = run_suite(tmp_path, CI=ci)
    assert done.returncode == status, done.stdout + done.stderr
    assert "1 skipped: no Chromium; install one" in done.stdout
    assert "left out: the heavy proofs (make prove)" in done.stdout
    assert ("a skip fails the run" in done.stdout) == bool(status)


def test_the_suite_sees_none_of_the_persons_variables(tmp_path: Path) -> None:
    own = {
        "SENTRY_DSN": "https://key@sentry.example.com/1",
        "SITE_URL": "https://mine.example.com",
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
    }
    done = run_suite(tmp_path, **own)
    assert "1 passed, 1 skipped" in done.stdout


def test_no_mail_server_listens_where_mail_would_go() -> None:
    assert urlsplit(os.environ["EMAIL_URL"]).port == 1


def test_the_tests_of_a_group_run_in_one_process(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "-n", "2", "--dist", "loadgroup", suite=GROUPED)
    assert done.returncode == 0, done.stdout + done.stderr
    workers = (tmp_path / "workers").read_text().split()
    assert (len(workers), len(set(workers))) == (6, 1)
