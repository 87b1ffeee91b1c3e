"""One machine for the whole story, with people on it all the time, and its times at the end."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.host import Host
from tests.rehearsal.load import Load
from tests.rehearsal.versions import FIRST
from tests.world.waiting import wait_until

TOLD = "rehearsal"  # among what a process of pytest-xdist tells at its end
TIMES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def shipped_first() -> str:
    """The version of the first deploy."""
    return FIRST


@pytest.fixture(scope="session")
def host(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, shipped_first: str
) -> Iterator[Host]:
    """The machine, after the first deploy to it; its people were there before."""
    with Host(servers=os.environ, folder=tmp_path_factory.mktemp("rehearsal")) as running:
        running.open_up()
        first = running.deploy(shipped_first)
        assert first.code == 0, first.text
        try:
            yield running
        finally:
            tell(pytestconfig, running)


@pytest.fixture(scope="session")
def pause() -> float:
    """The seconds between two requests of a visitor: together they send about ten a second."""
    return 0.4


@pytest.fixture(scope="session")
def load(host: Host, pause: float) -> Iterator[Load]:
    """What people do there from now on, until the story ends."""
    with Load(host.url, ca=Path(host.ca), crowd=host.crowd, pause=pause) as running:
        running.wait_for(20, lambda each: not each.fault, "the product answers")
        yield running
    assert_nothing_lost(host, running)


def assert_nothing_lost(host: Host, load: Load) -> None:
    """Each job that was asked for meanwhile ended once, and one scheduler is left."""
    wait_until(lambda: {*host.jobs()} == {"succeeded"}, "the jobs end", seconds=90)
    assert host.jobs() == {"succeeded": load.asked}
    assert host.exports() == [1] * load.asked
    assert host.beats() == 1


def tell(config: pytest.Config, host: Host) -> None:
    """Keep how long each command took, and each step of those that the power was not cut in."""
    lines = []
    for command in host.commands:
        lines.append(str(command))
        steps = () if command.cut_in else command.times
        lines += [f"{seconds:14.1f} s  {step}" for step, seconds in steps if seconds]
    if hasattr(config, "workeroutput"):
        config.workeroutput[TOLD] = lines
    else:
        config.stash[TIMES] += lines


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TIMES] = []


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over from a process of pytest-xdist what it kept."""
    node.config.stash[TIMES] += getattr(node, "workeroutput", {}).get(TOLD, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the times."""
    for line in config.stash[TIMES]:
        terminalreporter.line(line)
