"""The locks: complete, hashed, of one mind, and silent about where they were made."""

import re
from pathlib import Path

import pytest

from dev.lock import LOCKS
from dev.state import ROOT

REQUIREMENTS = ROOT / "requirements"
NAMES = [name for name, _, _ in LOCKS]
FEWEST = {"excel.txt": 1}  # an extra beside production.txt


def versions(name: str) -> dict[str, str]:
    lines = re.findall(r"^([a-z0-9-]+)==(\S+)", (REQUIREMENTS / name).read_text(), re.MULTILINE)
    return dict(lines)


@pytest.mark.parametrize("name", NAMES)
def test_every_package_of_a_lock_has_a_hash(name: str) -> None:
    entries = re.split(r"\n(?=[a-z])", (REQUIREMENTS / name).read_text())[1:]
    assert len(entries) == len(versions(name)) >= FEWEST.get(name, 21)
    assert [each.split()[0] for each in entries if "--hash=sha256:" not in each] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_names_its_command_and_no_machine(name: str) -> None:
    text = (REQUIREMENTS / name).read_text()
    assert "#    make lock" in text.split("\n")[:3]
    assert "://" not in text
    assert re.findall(r"(?<!requirements)/\w+", text) == []


def test_what_is_deployed_is_what_was_tested() -> None:
    tested = versions("development.txt")
    assert versions("base.txt").items() <= versions("production.txt").items() <= tested.items()


def test_the_next_line_differs_in_django_alone() -> None:
    now, then = versions("development.txt"), versions("next.txt")
    assert now["django"].startswith("5.2.")
    assert then["django"].startswith("6.1.")
    assert {name for name in then if then[name] != now.get(name)} == {"django"}


def test_platforms_find_the_production_lock() -> None:
    assert Path(ROOT / "requirements.txt").read_text() == "-r requirements/production.txt\n"
