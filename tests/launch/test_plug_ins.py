"""An app's own checks: one decorated function in its launch_checks.py, and nothing else."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.config.processes import COMPLETE, ROOT, python

EXAMPLE = re.search(
    r"## A check of your own.*?```python\n(.*?)```",
    (ROOT / "docs/checks/README.md").read_text(),
    re.DOTALL,
)
assert EXAMPLE
SAMPLE = EXAMPLE[1]
# What a founder writes into INSTALLED_APPS, and then manage.py.
MANAGE = """
import sys
from config.settings import production
production.INSTALLED_APPS += {apps!r}
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""
Check = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def launch_check(tmp_path: Path) -> Check:
    """Run the command on a project that has these apps, each with that launch_checks.py."""

    def run(*arguments: str, **modules: str) -> "CompletedProcess[str]":
        for app, text in modules.items():
            (tmp_path / app).mkdir()
            (tmp_path / app / "__init__.py").touch()
            (tmp_path / app / "launch_checks.py").write_text(text)
        return python(
            *("-c", MANAGE.format(apps=list(modules)), "launch_check", "--json", *arguments),
            variables={
                **COMPLETE,
                "PYTHONPATH": str(tmp_path),
                "DJANGO_SETTINGS_MODULE": "config.settings.production",
                "DATABASE_URL": "postgresql://app:word@127.0.0.1:1/slipway",
                "REDIS_URL": "redis://127.0.0.1:1/0",
            },
        )

    return run


def findings(done: "CompletedProcess[str]") -> dict[str, dict[str, str]]:
    """The findings of a report, by id."""
    assert "Traceback" not in done.stderr
    return {one["id"]: one for one in json.loads(done.stdout)["findings"]}


def test_the_example_of_the_page_is_found_and_run(launch_check: Check) -> None:
    done = launch_check("--only", "ACME-001", acme=SAMPLE)
    assert done.returncode == 0, done.stderr
    found = findings(done)["ACME-001"]
    assert found["status"] == "pass"
    assert found["docs"] == "https://wiki.acme.example/launch#tagline"


def test_it_is_listed_among_the_others(launch_check: Check) -> None:
    listed = json.loads(launch_check("--list-checks", acme=SAMPLE).stdout)["checks"]
    ids = [one["id"] for one in listed]
    assert "ACME-001" in ids
    assert ids == sorted(ids)


def test_two_with_one_id_are_refused_and_both_places_are_named(launch_check: Check) -> None:
    done = launch_check("--only", "bold.launch_checks", "ACME-001", acme=SAMPLE, bold=SAMPLE)
    assert done.returncode == 4
    found = findings(done)
    assert found["bold.launch_checks"]["status"] == "crash"
    assert found["bold.launch_checks"]["evidence"] == (
        "Two checks are called ACME-001: acme.launch_checks.tagline and bold.launch_checks.tagline"
    )
    assert found["ACME-001"]["status"] == "pass"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_package", "ModuleNotFoundError at launch_checks.py:1"),
        ("\ndef broken(:", "SyntaxError at "),
        (f"{SAMPLE}\nraise RuntimeError('a c4n4ry')", "RuntimeError at launch_checks.py:"),
    ],
    ids=["import", "syntax", "half-way"],
)
def test_one_that_cannot_be_imported_is_a_crash_that_names_it(
    launch_check: Check, text: str, said: str
) -> None:
    done = launch_check("--only", "acme.launch_checks", "LC-SET-002", acme=text)
    assert done.returncode == 4
    found = findings(done)
    assert found["acme.launch_checks"]["status"] == "crash"
    assert found["acme.launch_checks"]["evidence"].startswith(said)
    assert "c4n4ry" not in done.stdout
    assert found["LC-SET-002"]["status"] == "pass", "the other checks ran"


def test_one_that_breaks_as_it_runs_is_a_crash_at_its_place(launch_check: Check) -> None:
    done = launch_check("--only", "ACME", acme=SAMPLE.replace("len(facts.product.tagline)", "1/0"))
    assert done.returncode == 4
    evidence = findings(done)["ACME-001"]["evidence"]
    assert re.fullmatch(r"ZeroDivisionError at launch_checks\.py:\d+", evidence)
