"""A plain machine: shipping, going back, and what is left where a verb fails or is refused."""

import json

import pytest

from deploy.host.shell import Shell, release
from tests.deploy.conftest import Journey
from tests.deploy.machine import DESPITE, Machine

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("machine")]


def of_each_kind(commit: str) -> list[str]:
    return [f"beat {commit}", f"web {commit}", f"worker {commit}"]


def releases(machine: Machine) -> list[str]:
    return sorted(each.name for each in (machine.home / "releases").iterdir())


def test_a_deploy_and_the_way_back_drop_no_request(journey: Journey) -> None:
    assert journey.wrong == []


def test_each_leaves_one_process_of_each_kind(journey: Journey) -> None:
    assert journey.after_deploy == of_each_kind(journey.second)
    assert journey.after_rollback == of_each_kind(journey.first)


def test_status_says_what_is_live_what_was_before_and_that_all_is_well(
    machine: Machine, journey: Journey
) -> None:
    done = machine.type("status", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert told["live"]["commit"].startswith(journey.first)
    assert [one["commit"][:7] for one in told["previous"]] == [journey.second]
    assert {(one["name"], one["is_well"]) for one in told["processes"]} == {
        ("web", True),
        ("worker", True),
        ("beat", True),
    }
    recorded = [(one["release"], one["outcome"]) for one in told["record"]]
    first, second = journey.first, journey.second
    assert recorded == [(first, "live"), (second, "live"), (first, "live")]
    assert machine.type("status").stdout.endswith("All is well.\n")


def test_a_dry_run_says_the_steps_and_changes_nothing(machine: Machine, journey: Journey) -> None:
    before = releases(machine)
    done = machine.type("deploy", "--dry-run", *DESPITE)
    assert done.returncode == 0, done.stderr
    assert "- Switch" in done.stderr.splitlines()
    assert releases(machine) == before


@pytest.mark.prove
def test_a_release_that_does_not_boot_is_never_seen_and_leaves_nothing(
    machine: Machine, journey: Journey
) -> None:
    before = releases(machine)
    machine.commit(**{"config/wsgi.py": ("import os\n", "import os\nimport of_nothing\n")})
    with machine.asked_all_the_time() as wrong:
        done = machine.type("deploy", *DESPITE)
    assert done.returncode == 1
    assert "No module named 'of_nothing'" in done.stderr
    assert "nothing has changed for users" in done.stderr
    assert wrong == []
    assert machine.live() == journey.first
    assert machine.main_processes() == of_each_kind(journey.first)
    assert releases(machine) == before


def test_a_second_verb_at_the_same_time_is_refused(machine: Machine, journey: Journey) -> None:
    held = Shell().hold(str(machine.home / "lock"))
    assert held
    try:
        done = machine.type("rollback", journey.second, *DESPITE)
    finally:
        release(held)
    assert done.returncode == 1
    assert "another deploy or rollback is under way" in done.stderr
    assert machine.live() == journey.first


def test_a_schema_that_the_older_code_cannot_live_with_forbids_the_way_back(
    machine: Machine, journey: Journey
) -> None:
    row = "('clients', '9_x', now())"
    machine.sql(f"INSERT INTO django_migrations (app, name, applied) VALUES {row}")
    try:
        done = machine.type("rollback", journey.second)
    finally:
        machine.sql("DELETE FROM django_migrations WHERE name = '9_x'")
    assert done.returncode == 1
    assert "clients.9_x is in no code that can be asked" in done.stderr
    assert "mend it forwards" in done.stderr
    assert machine.live() == journey.first
