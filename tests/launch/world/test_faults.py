"""Each planted fault is found by its check, in its tier, and nothing else is reported."""

from typing import Any

import pytest

from apps.launch.findings import Tier
from tests.launch.world.faults import FAULTS, Fault
from tests.launch.world.launched import Known, World
from tests.launch.world.verbs import KNOWN

pytestmark = pytest.mark.prove
PLANTED = [pytest.param(fault, id=fault.what) for fault in FAULTS]


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found_by_its_check_alone(fault: Fault, world: World) -> None:
    with fault.broken(world):
        run = world.check(known=KNOWN.get(fault.broken, Known.NOTHING))
    # What its failure leaves nothing to judge of is skipped and says so.
    reported = [each for each in run.findings if not follows(each, fault.id)]
    assert [(each["id"], each["tier"], each["status"]) for each in reported] == [
        (fault.id, fault.tier.value, "fail")
    ], run.words
    assert run.code == (1 if fault.tier is Tier.NOW else 0)
    assert "Traceback" not in run.err


def follows(finding: dict[str, Any], id: str) -> bool:
    """Whether a check was skipped because another, which it names, comes first."""
    return finding["status"] == "skipped" and id in finding["evidence"]


def test_there_are_at_least_eighty() -> None:
    assert len(FAULTS) >= 80
    assert len({fault.what for fault in FAULTS}) == len(FAULTS)
