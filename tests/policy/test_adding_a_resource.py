"""The guide in docs/adding-a-resource.md, followed word by word in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.processes import ROOT

GUIDE = (ROOT / "docs/adding-a-resource.md").read_text(encoding="utf-8")
FILES = re.compile(r"^`([\w/]+\.\w+)`\n\n```(?:python|html)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SNIPPETS = re.compile(r"^```(?:python|html)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv*", ".local", ".*_cache", ".env")


def snippet(start: str) -> str:
    """The one block of the guide that begins like this."""
    (found,) = [block for block in SNIPPETS.findall(GUIDE) if block.startswith(start)]
    return str(found)


def insert(path: Path, text: str, *, before: str) -> None:
    """Put text before the first line that begins like `before`, spaces aside."""
    lines = path.read_text().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.strip().startswith(before))
    path.write_text("".join([*lines[:at], text, *lines[at:]]))


@pytest.fixture
def fork(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project in which every step of the guide has been done."""
    copy = tmp_path / "fork"
    shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
    for name, content in FILES.findall(GUIDE):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(content)
    line = '    "apps.projects",\n'
    insert(copy / "config/settings/production.py", line, before='"apps.transfers"')
    insert(copy / "pyproject.toml", line, before='"apps.transfers"')
    imported, routes = snippet("from apps.projects import views").split("\n\n", 1)
    insert(copy / "config/urls.py", f"{imported}\n", before="from apps.tenants.views")
    insert(copy / "config/urls.py", routes, before='path("clients/", ')
    insert(
        copy / "templates/portal.html", snippet("{% nav_link"), before='{% nav_link "client_list"'
    )
    sample = snippet('    "projects/<int:pk>"')
    insert(copy / "tests/policy/samples.py", sample, before='"clients/<int:pk>": client')
    yield copy
    shutil.rmtree(copy)


def follow(fork: Path, *arguments: str) -> str:
    """Run a step, and return what it printed.

    The fork's suite starts servers of its own, as ours is at work on these.
    """
    ours = ("DATABASE_", "REDIS_", "PYTEST_") if "pytest" in arguments else ()
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=fork,
        env=variables,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.prove
def test_the_guide_ends_with_a_resource_that_passes_its_tests(fork: Path) -> None:
    follow(fork, "manage.py", "makemigrations", "projects")
    narrowed = ("-p", "tests.policy.narrowed")
    said = follow(fork, "-m", "pytest", "-n", "2", *narrowed, "tests/projects", "tests/policy")
    assert int(re.findall(r"(\d+) of them for projects", said)[-1]) > 30, said


@pytest.mark.prove
def test_the_guides_code_is_formatted_and_typed_like_the_rest(fork: Path) -> None:
    follow(fork, "-m", "ruff", "check", "apps/projects", "tests/projects")
    follow(fork, "-m", "ruff", "format", "--check", "apps/projects", "tests/projects")
    follow(fork, "-m", "mypy", "apps/projects")
