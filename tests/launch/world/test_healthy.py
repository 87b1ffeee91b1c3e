"""A launch that has nothing wrong is GO, and nothing is skipped, in a world of real parts."""

import pytest

from tests.launch.world.launched import World

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("world")]


def test_a_healthy_launch_is_go_and_nothing_is_skipped(world: World) -> None:
    run = world.fresh_check("--json", *world.live())
    assert run.findings == [], run.words
    assert (run.code, run.report["verdict"], run.err) == (0, "GO", "")
    assert run.seconds < 20


def test_offline_a_launch_is_go_too_and_what_needs_the_network_is_skipped(world: World) -> None:
    run = world.fresh_check("--json")
    assert run.code == 0, run.out + run.err
    assert {each["status"] for each in run.findings} == {"skipped"}
    assert {each["needs"] for each in run.findings} == {"--live"}
