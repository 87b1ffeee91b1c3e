"""The power is cut in the steps between the building and a deploy's switch."""

import pytest

from tests.rehearsal.cutting import (
    BEFORE_THE_SWITCH,
    BUILDING,
    FROM_THE_SWITCH_ON,
    ONLY_ASKS,
    cut_and_deploy_again,
    pause,
    shipped_first,
)
from tests.rehearsal.host import Host
from tests.rehearsal.load import Load

__all__ = ["pause", "shipped_first"]  # fixtures
pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("cut before the switch")]


def test_after_a_power_cut_before_the_switch_the_next_deploy_ends_well(
    host: Host, load: Load
) -> None:
    cut_and_deploy_again(host, load, BEFORE_THE_SWITCH)


def test_the_power_is_cut_in_every_step_that_there_is(host: Host) -> None:
    whole = host.commands[0]
    there = {*BUILDING, *BEFORE_THE_SWITCH, *FROM_THE_SWITCH_ON}
    # A first deploy has no open pages to think of.
    assert {*whole.steps, "Keep the files that open pages ask for"} == there | ONLY_ASKS
