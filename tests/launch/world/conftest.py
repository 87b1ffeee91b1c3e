"""One world for all of its tests, which take turns in it."""

import os
from collections.abc import Iterator

import pytest

from tests.launch.world.launched import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(servers=os.environ, folder=tmp_path_factory.mktemp("world")) as running:
        yield running
