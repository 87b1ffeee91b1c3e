"""A plain machine: shipping, going back, and what is left where a verb fails or is refused."""

import json

import pytest

from deploy.host.shell import Shell, release
from tests.deploy.machine import DESPITE, Machine
from tests.launch.world.fork import git

pytestmark = pytest.mark.xdist_group("machine")  # the tests share one, in their order


@pytest.fixture(scope="module")
def first(machine: Machine) -> str:
    """The commit that was shipped first."""
    return git(machine.fork.folder, "rev-parse", "--short=7", "HEAD").strip()


def of_each_kind(commit: str) -> list[str]:
    return [f"beat {commit}", f"web {commit}", f"worker {commit}"]


def test_the_first_deploy_leaves_one_process_of_each_kind_and_all_is_well(
    machine: Machine, first: str
) -> None:
    assert machine.live() == first
    assert machine.main_processes() == of_each_kind(first)
    done = machine.type("status", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert told["live"]["commit"].startswith(first)
    assert {(one["name"], one["is_well"]) for one in told["processes"]} == {
        ("web", True),
        ("worker", True),
        ("beat", True),
    }


def test_a_dry_run_says_the_steps_and_changes_nothing(machine: Machine, first: str) -> None:
    before = sorted(each.name for each in (machine.home / "releases").iterdir())
    done = machine.type("deploy", "--dry-run", *DESPITE)
    assert done.returncode == 0, done.stderr
    assert "- Switch" in done.stderr.splitlines()
    assert sorted(each.name for each in (machine.home / "releases").iterdir()) == before


def test_the_next_deploy_and_the_way_back_drop_no_request(machine: Machine, first: str) -> None:
    after = machine.commit(**{"config/product.py": ('tagline="', 'tagline="New: ')})
    with machine.asked_all_the_time() as wrong:
        done = machine.type("deploy", *DESPITE)
        assert done.returncode == 0, done.stderr
        assert machine.live() == after
        assert machine.main_processes() == of_each_kind(after)
        done = machine.type("rollback")
        assert done.returncode == 0, done.stderr
    assert wrong == []
    assert machine.live() == first
    assert machine.main_processes() == of_each_kind(first)


@pytest.mark.prove
def test_a_release_that_does_not_boot_is_never_seen_and_leaves_nothing(
    machine: Machine, first: str
) -> None:
    before = sorted(each.name for each in (machine.home / "releases").iterdir())
    machine.commit(**{"config/wsgi.py": ("import os\n", "import os\nimport of_nothing\n")})
    with machine.asked_all_the_time() as wrong:
        done = machine.type("deploy", *DESPITE)
    assert done.returncode == 1
    assert "No module named 'of_nothing'" in done.stderr
    assert "nothing has changed for users" in done.stderr
    assert wrong == []
    assert machine.live() == first
    assert machine.main_processes() == of_each_kind(first)
    assert sorted(each.name for each in (machine.home / "releases").iterdir()) == before
    assert not [*(machine.home / "releases").glob(".new-*")]


def test_a_second_verb_at_the_same_time_is_refused(machine: Machine, first: str) -> None:
    held = Shell().hold(str(machine.home / "lock"))
    assert held
    try:
        done = machine.type("rollback", *DESPITE, "--", machine_name(machine))
    finally:
        release(held)
    assert done.returncode == 1
    assert "another deploy or rollback is under way" in done.stderr
    assert machine.live() == first


def test_a_schema_that_the_older_code_cannot_live_with_forbids_the_way_back(
    machine: Machine, first: str
) -> None:
    machine.sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('clients', '9_x', now())"
    )
    try:
        done = machine.type("rollback", machine_name(machine))
    finally:
        machine.sql("DELETE FROM django_migrations WHERE name = '9_x'")
    assert done.returncode == 1
    assert "clients.9_x is in no code that can be asked" in done.stderr
    assert "mend it forwards" in done.stderr
    assert machine.live() == first


def machine_name(machine: Machine) -> str:
    """The release that is not live."""
    return str(machine.status()["previous"][0]["name"])
