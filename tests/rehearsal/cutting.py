"""Cuts the power in steps of a deploy, with people at work all the time; then deploys again."""

import pytest

from tests.rehearsal.host import Cut, Host
from tests.rehearsal.load import Load
from tests.rehearsal.seen import assert_served, assert_well
from tests.rehearsal.versions import AGAIN, FORMER, NEXT_AGAIN

# What a deploy does that leaves something behind, in order.
BUILDING = (
    *("Make the folders", "Make the supervisor ready", "Clear what was left"),
    *("Send the commit", "Install the packages", "Make the release"),
)
BEFORE_THE_SWITCH = (
    *("Judge it where it will run", "A backup is taken", "Run the release phase"),
    *("Keep the files that open pages ask for", "Start the new web beside the old"),
    *("Wait until it is ready", "Try it before anybody sees it"),
)
FROM_THE_SWITCH_ON = (
    *("Switch", "Start the new worker", "Let the old processes finish"),
    *("Start the new scheduler", "Keep the last 5 releases", "Try the public address"),
)
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
    """The story has had its busy hour; here two machines at once do little but start processes."""
    return 1.0


def cut_and_deploy_again(host: Host, load: Load, steps: tuple[str, ...]) -> None:
    """Cut a deploy in each of the steps; after each cut the next deploy has to end well."""
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
