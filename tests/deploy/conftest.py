"""One machine for all that is tried on it, with a release that was shipped and taken back."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.deploy.machine import DESPITE, Machine


@dataclass(frozen=True)
class Journey:
    """What a deploy and the rollback after it left: what ran, and which requests went wrong."""

    first: str
    second: str
    after_deploy: list[str]
    after_rollback: list[str]
    wrong: list[str]


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The machine, with the product as it was shipped to it for the first time."""
    with Machine(servers=os.environ, folder=tmp_path_factory.mktemp("machine")) as running:
        first = running.type("deploy", *DESPITE)
        assert first.returncode == 0, first.stderr
        yield running


@pytest.fixture(scope="session")
def journey(machine: Machine) -> Journey:
    """The next release shipped and taken back, while somebody asks for pages all the time."""
    first = machine.live()
    second = machine.commit(**{"config/product.py": ('tagline="', 'tagline="New: ')})
    with machine.asked_all_the_time() as wrong:
        done = machine.type("deploy", *DESPITE)
        assert done.returncode == 0, done.stderr
        assert machine.live() == second
        after_deploy = machine.main_processes()
        done = machine.type("rollback")
        assert done.returncode == 0, done.stderr
        assert machine.live() == first
    return Journey(first, second, after_deploy, machine.main_processes(), wrong)
