"""The power is cut in the switch, and in the steps after it."""

import pytest

from tests.rehearsal.cutting import (
    FROM_THE_SWITCH_ON,
    cut_and_deploy_again,
    pause,
    shipped_first,
)
from tests.rehearsal.host import Host
from tests.rehearsal.load import Load

__all__ = ["pause", "shipped_first"]  # fixtures
pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("cut from the switch on")]


def test_after_a_power_cut_from_the_switch_on_the_next_deploy_ends_well(
    host: Host, load: Load
) -> None:
    cut_and_deploy_again(host, load, FROM_THE_SWITCH_ON)
