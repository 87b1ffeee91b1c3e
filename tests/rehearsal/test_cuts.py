"""The power is cut in each step of a deploy, with people at work; then it is deployed again.

Each stretch of steps has a machine of its own, if there are as many processes of pytest.
"""

import pytest

from tests.rehearsal.host import Cut, Host
from tests.rehearsal.load import Load
from tests.rehearsal.seen import assert_served, assert_well
from tests.rehearsal.versions import AGAIN, FORMER, NEXT_AGAIN

pytestmark = pytest.mark.prove
# What a deploy does that leaves something behind, in order.
BUILDING = "while it builds"
STRETCHES = {
    BUILDING: (
        *("Make the folders", "Make the supervisor ready", "Clear what was left"),
        *("Send the commit", "Install the packages", "Make the release"),
    ),
    "before the switch": (
        *("Judge it where it will run", "A backup is taken", "Run the release phase"),
        *("Keep the files that open pages ask for", "Start the new web beside the old"),
        *("Wait until it is ready", "Try it before anybody sees it"),
    ),
    "from the switch on": (
        *("Switch", "Start the new worker", "Let the old processes finish"),
        *("Start the new scheduler", "Keep the last 5 releases", "Try the public address"),
    ),
}
# Cut in these, a deploy has not touched the machine.
ONLY_ASKS = {
    "The tree has nothing that is not committed",
    "The commit is on the remote",
    "CI has passed the commit",
    "The smoke test has an account",
    "See what is live",
    "The old release can live with the migrations",
    "launch_check says go",
}


@pytest.fixture(scope="session")
def shipped_first() -> str:
    """One whose deploy takes no time that no test here is about."""
    return FORMER


@pytest.fixture(scope="session")
def pause() -> float:
    """The busy hour is the story's; here three machines at once do little but start processes."""
    return 1.0


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(steps, id=stretch, marks=pytest.mark.xdist_group(stretch))
        for stretch, steps in STRETCHES.items()
    ],
)
def test_after_a_power_cut_in_a_step_the_next_deploy_ends_well(
    steps: tuple[str, ...], host: Host, load: Load
) -> None:
    whole, old, new = host.deploy(AGAIN), AGAIN, NEXT_AGAIN
    assert whole.code == 0, whole.text
    for step in steps:
        with load.span() as span:
            after = dict(whole.times)[step] / 2
            cut = host.deploy(new, Cut(whole.steps.index(step), after))
        assert cut.cut_in == step, cut.text
        assert_served(host, span, {old, new})
        with load.span() as span:
            again = host.deploy(new)
        assert again.code == 0, f"after {cut}:\n{again.text}"
        assert_well(host, span, new)
        assert_served(host, span, {old, new})
        old, new = new, old


@pytest.mark.xdist_group(BUILDING)
def test_the_power_is_cut_in_every_step_that_there_is(host: Host) -> None:
    whole = host.commands[0]
    there = {step for steps in STRETCHES.values() for step in steps}
    # A first deploy has no open pages to think of.
    assert {*whole.steps, "Keep the files that open pages ask for"} == there | ONLY_ASKS
