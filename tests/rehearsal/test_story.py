"""Ship, go back, ship what is broken, cut the power: with people at work all the time.

The tests are a story on one machine, or, with `-n 3`, three on three. Each says first what has to
be live and ships that if it is not, so that one can be run alone.
"""

import pytest

from tests.rehearsal.host import KINDS, Cut, Host
from tests.rehearsal.load import Load, Span
from tests.rehearsal.versions import AGAIN, FIRST, MARK, NEXT, NEXT_AGAIN

pytestmark = pytest.mark.prove
STORY = pytest.mark.xdist_group("story")

# Each broken version, and what the last words of its deploy have to name.
BROKEN = {
    "broken at boot": "a_module_that_is_not_there",
    "broken at migration": "division by zero",
    "broken at smoke": "The smoke test",
}
# A minute, as the product promises.
ROLLBACK_SECONDS = 60
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
CLIENTS = "SELECT count(*) FROM clients_client WHERE reference = '{}'"


def short(host: Host, version: str) -> str:
    """What answers call a version."""
    return host.versions.commits[version][:7]


def bring(host: Host, version: str) -> None:
    """Let that version be the live one."""
    if host.live() != short(host, version):
        done = host.deploy(version)
        assert done.code == 0, done.text


def assert_well(host: Host, span: Span, version: str) -> None:
    """Nobody was let down, and the version is live: one of each process, and nothing left."""
    assert span.failed == [], "\n".join(map(str, span.failed[:20]))
    assert host.live() == short(host, version)
    assert host.main_processes() == sorted(f"{kind} {short(host, version)}" for kind in KINDS)
    assert host.unfinished() == []


def assert_one_switch(span: Span, before: str, after: str) -> None:
    """Both served, one after the other: nobody who asked after the switch met the old one."""
    assert set(span.releases) == {before, after}
    assert span.overlap(before, after) <= 0


def assert_served(host: Host, span: Span, versions: set[str]) -> None:
    """Nobody was let down, and nobody met any other version."""
    assert span.failed == [], "\n".join(map(str, span.failed[:20]))
    assert set(span.releases) <= {short(host, each) for each in versions}


@STORY
def test_the_next_version_is_shipped_and_no_request_fails(host: Host, load: Load) -> None:
    bring(host, FIRST)
    with load.span() as span:
        done = host.deploy(NEXT)
    assert done.code == 0, done.text
    assert_well(host, span, NEXT)
    assert_one_switch(span, short(host, FIRST), short(host, NEXT))
    load.wait_for(5, lambda each: each.what.endswith("/clients/new/"), "clients are added")
    assert host.sql(CLIENTS.format(MARK))[0][0] > 0


@STORY
def test_a_rollback_takes_less_than_a_minute_and_no_request_fails(host: Host, load: Load) -> None:
    bring(host, NEXT)
    with load.span() as span:
        done = host.rollback()
    assert done.code == 0, done.text
    assert done.seconds < ROLLBACK_SECONDS
    assert_well(host, span, FIRST)
    assert_one_switch(span, short(host, NEXT), short(host, FIRST))

    # The old code does not know the column, and the database fills it in.
    before = host.sql(CLIENTS.format(""))[0][0]
    load.wait_for(5, lambda each: each.what.endswith("/clients/new/"), "clients are added")
    assert host.sql(CLIENTS.format(""))[0][0] > before


@STORY
@pytest.mark.parametrize("version", BROKEN)
def test_a_version_that_is_broken_never_serves_anybody(
    host: Host, load: Load, version: str
) -> None:
    bring(host, FIRST)
    with load.span() as span:
        done = host.deploy(version)
    assert done.code == 1, done.text
    assert_well(host, span, FIRST)
    assert set(span.releases) == {short(host, FIRST)}
    last = done.text[done.text.rindex("\n✗ ") :]
    assert BROKEN[version] in last
    assert "the release that was live still is" in last


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=pytest.mark.xdist_group(part)) for part in CUT_IN]
)
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


@STORY
def test_the_power_is_cut_in_every_step_that_there_is(host: Host) -> None:
    whole = host.commands[0] if host.commands[0].code == 0 else host.deploy(FIRST)
    there = {step for lines in CUT_IN.values() for line in lines for step in line}
    # A first deploy has no open pages to think of.
    assert {*whole.steps, "Keep the files that open pages ask for"} == there | ONLY_ASKS
