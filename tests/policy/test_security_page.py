"""What docs/security.md claims is proved by tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([123]) \| ([^|]{10,}) \| (`.+`) \|$", re.MULTILINE)
ROWS = [(number, proof) for number, _, _, proof in ROW.findall(PAGE)]


@pytest.mark.parametrize(("number", "proof"), ROWS, ids=lambda part: part)
def test_a_requirement_is_proved_by_tests_that_exist(number: str, proof: str) -> None:
    for path, name in re.findall(r"`([\w/]+\.py)::(\w+)`", proof):
        source = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{number}: {path} has no {name}"


def test_every_row_is_read_and_names_a_requirement_once() -> None:
    lines = re.findall(r"^\| \d+\.\d+\.\d+ \| [123] \| .*::", PAGE, re.MULTILINE)
    assert len(lines) == len(ROWS) > 80
    assert len({number for number, _ in ROWS}) == len(ROWS)
