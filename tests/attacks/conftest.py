"""The target of the attacks: the portal by the Procfile under production settings, with Redis."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.portal import Portal
from tests.attacks.visitor import Visitor, addresses


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal that takes the client's address from a proxy nearby; the attacks play the proxy."""
    with started(tmp_path_factory.mktemp("target")) as portal:
        yield portal


@pytest.fixture
def lonely_target(tmp_path: Path) -> Iterator[Portal]:
    """A portal of the test's own, whose Redis it may kill."""
    with started(tmp_path) as portal:
        yield portal
        # Without its Redis the worker would look for it until its time to end is over.
        assert portal.processes
        portal.processes.stop(0)


def started(folder: Path) -> Portal:
    """A portal behind a proxy."""
    return Portal(servers=os.environ, folder=folder, variables={"CLIENT_ADDRESS_FROM": "host"})


@pytest.fixture
def visitor(target: Portal) -> Callable[..., Visitor]:
    """Make a visitor of the target, at an address that nobody else has."""
    return lambda address=None: Visitor(target, address or next(addresses))
