"""A plain machine: shipping, going back, and what is left where a verb fails or is killed."""

import pytest

from tests.deploy.machine import DESPITE, Machine
from tests.launch.world.fork import git

pytestmark = pytest.mark.xdist_group("machine")  # the tests share one, and its order is theirs


def test_the_first_deploy_leaves_one_process_of_each_kind_and_all_is_well(
    machine: Machine,
) -> None:
    head = git(machine.fork.folder, "rev-parse", "--short=7", "HEAD").strip()
    assert machine.live() == head
    assert machine.main_processes() == [f"beat {head}", f"web {head}", f"worker {head}"]
    status = machine.status()
    assert status["is_well"], status
    print(machine.type("status").stdout)


def test_the_next_deploy_and_the_way_back_drop_no_request(machine: Machine) -> None:
    before = machine.live()
    after = machine.commit(**{"config/product.py": ('tagline="', 'tagline="New: ')})
    with machine.asked_all_the_time() as wrong:
        done = machine.type("deploy", *DESPITE)
        assert done.returncode == 0, done.stderr
        print(done.stderr)
        assert machine.live() == after
        done = machine.type("rollback")
        assert done.returncode == 0, done.stderr
        print(done.stderr)
        assert machine.live() == before
    assert wrong == []
    assert machine.main_processes() == [f"beat {before}", f"web {before}", f"worker {before}"]
