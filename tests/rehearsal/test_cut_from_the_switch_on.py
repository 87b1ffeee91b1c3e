"""The power is cut in the switch, and in the steps after it."""

import pytest

from tests.rehearsal.cutting import FROM_THE_SWITCH_ON, cut_and_deploy_again
from tests.rehearsal.host import Host
from tests.rehearsal.load import Load
from tests.rehearsal.versions import FORMER

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("cut from the switch on")]


@pytest.fixture(scope="session")
def shipped_first() -> str:
    """One whose deploy takes no time that no test here is about."""
    return FORMER


def test_after_a_power_cut_from_the_switch_on_the_next_deploy_ends_well(
    host: Host, load: Load
) -> None:
    cut_and_deploy_again(host, load, FROM_THE_SWITCH_ON)
