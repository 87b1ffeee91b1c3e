"""Cut the power in each step of a deploy, with people at work all the time; then deploy again."""

import pytest

from tests.rehearsal.host import Cut, Host
from tests.rehearsal.load import Load
from tests.rehearsal.seen import assert_served, assert_well
from tests.rehearsal.versions import AGAIN, FIRST, NEXT_AGAIN

pytestmark = pytest.mark.prove

# What a deploy does that leaves something behind, in order.
# After the last step of a line the next deploy is not cut, and has to end well. Else it is cut a
# step further on, on top of what the last one left; to end each of them would take ten minutes.
CUT_IN = {
    "before the switch": (
        (
            *("Make the folders", "Make the supervisor ready", "Clear what was left"),
            *("Send the commit", "Install the packages", "Make the release"),
            *("Judge it where it will run", "A backup is taken", "Run the release phase"),
            "Keep the files that open pages ask for",
        ),
        (
            *("Start the new web beside the old", "Wait until it is ready"),
            "Try it before anybody sees it",
        ),
    ),
    "from the switch on": (
        ("Switch",),
        ("Start the new worker", "Let the old processes finish"),
        ("Start the new scheduler", "Keep the last 5 releases", "Try the public address"),
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


@pytest.mark.parametrize("part", CUT_IN)
def test_after_a_power_cut_in_a_step_the_next_deploy_ends_well(
    host: Host, load: Load, part: str
) -> None:
    whole, old, new = host.deploy(AGAIN), AGAIN, NEXT_AGAIN
    assert whole.code == 0, whole.text
    for steps in CUT_IN[part]:
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


def test_the_power_is_cut_in_every_step_that_there_is(host: Host) -> None:
    whole = host.commands[0] if host.commands[0].code == 0 else host.deploy(FIRST)
    there = {step for lines in CUT_IN.values() for line in lines for step in line}
    # A first deploy has no open pages to think of.
    assert {*whole.steps, "Keep the files that open pages ask for"} == there | ONLY_ASKS
