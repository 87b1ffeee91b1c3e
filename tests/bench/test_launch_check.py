"""How long launch_check takes, as a founder's shell runs it: five times each, from nothing."""

import os
import statistics
from pathlib import Path

import pytest

from tests.launch.world.launched import World

pytestmark = pytest.mark.bench
RUNS = 5
LIMITS = {"offline": 5, "live": 20}  # seconds


def test_launch_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with World(servers=os.environ, folder=tmp_path) as world:
        taken = {
            kind: [world.fresh_check("--json", *arguments).seconds for _ in range(RUNS)]
            for kind, arguments in {"offline": [], "live": world.live()}.items()
        }
    with capsys.disabled():
        for kind, seconds in taken.items():
            middle, worst = statistics.median(seconds), max(seconds)
            print(f"\n{kind}: median {middle:.1f} s, slowest {worst:.1f} s, limit {LIMITS[kind]} s")
    assert all(max(seconds) < LIMITS[kind] for kind, seconds in taken.items())
