"""One machine for all that is tried on it, with two releases that can be gone back and forth to."""

import os
from collections.abc import Iterator

import pytest

from tests.deploy.machine import DESPITE, Machine


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The machine, with the product as it was shipped to it for the first time."""
    with Machine(servers=os.environ, folder=tmp_path_factory.mktemp("machine")) as running:
        first = running.type("deploy", *DESPITE)
        assert first.returncode == 0, first.stderr
        yield running
