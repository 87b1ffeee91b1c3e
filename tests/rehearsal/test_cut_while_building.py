"""The power is cut in the steps that build what a deploy is to ship."""

import pytest

from tests.rehearsal.cutting import BUILDING, cut_and_deploy_again, pause, shipped_first
from tests.rehearsal.host import Host
from tests.rehearsal.load import Load

__all__ = ["pause", "shipped_first"]  # fixtures
pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("cut while building")]


def test_after_a_power_cut_while_building_the_next_deploy_ends_well(host: Host, load: Load) -> None:
    cut_and_deploy_again(host, load, BUILDING)
