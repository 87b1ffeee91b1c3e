"""What GitHub runs for a founder is what .ci/run runs, by commands that there are."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.config.processes import ROOT

FOLDER = ROOT / ".github/workflows"
WORKFLOWS: dict[str, Any] = {
    path.name: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))
}
STEPS = [
    (name, step)
    for name, workflow in WORKFLOWS.items()
    for job in workflow["jobs"].values()
    for step in job.get("steps", [])
]
RUN = [(name, step["run"]) for name, step in STEPS if "run" in step]
# .ci/run reaches no advisory, and its suite brings its own servers.
GITHUB_ALONE = {"audit", "roles"}
# What is no command of ours: programs for the proofs, and a key for ssh.
FOREIGN = ("sudo apt-get ", "install --mode=700 --directory ~/.ssh\n")


def targets_of(text: str) -> set[str]:
    return set(re.findall(r"^\s*make ([a-z]+)", text, re.MULTILINE))


def on(workflow: Any) -> Any:
    """When a workflow runs; YAML 1.1 reads the word as true."""
    return workflow[True]


@pytest.mark.parametrize(("name", "command"), RUN, ids=[command[:40] for _, command in RUN])
def test_a_workflow_runs_a_command_that_there_is(name: str, command: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    if command.startswith("make "):
        assert re.search(rf"^{command.split()[1]}: ##", makefile, re.MULTILINE)
    elif command.startswith("deploy/"):
        assert os.access(ROOT / command.split(maxsplit=1)[0], os.X_OK)
    else:
        assert command.startswith(FOREIGN)


def test_ci_here_and_at_github_run_the_same() -> None:
    at_github = {target for name, run in RUN if name == "ci.yml" for target in targets_of(run)}
    here = targets_of((ROOT / ".ci/run").read_text())
    assert at_github - GITHUB_ALONE == here
    assert {"check", "launch", "test", "previous", "prove"} <= here


def test_the_suite_runs_on_the_oldest_and_newest_of_what_is_supported() -> None:
    rows = WORKFLOWS["ci.yml"]["jobs"]["test"]["strategy"]["matrix"]["include"]
    assert {row["python"] for row in rows} == {"3.11", "3.12", "3.13"}
    assert {row["django"] for row in rows} == {"5.2", "6.1"}
    assert {row["postgres"] for row in rows} == {"14", "18"}
    assert {"python": "3.11", "django": "5.2", "postgres": "14"} in rows


def test_actions_are_pinned_and_keep_no_token() -> None:
    used = [step for _, step in STEPS if "uses" in step]
    assert used
    for step in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|[0-9a-f]{40})", step["uses"])
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_a_job_may_read_and_no_more() -> None:
    for workflow in WORKFLOWS.values():
        assert "write" not in str(workflow["permissions"])
        assert workflow["permissions"]["contents"] == "read"
        assert all("permissions" not in job for job in workflow["jobs"].values())


def test_every_job_ends_and_a_deploy_is_never_cut_short() -> None:
    for workflow in WORKFLOWS.values():
        for job in workflow["jobs"].values():
            assert "uses" in job or job["timeout-minutes"] <= 60
    (ship,) = WORKFLOWS["ship.yml"]["jobs"].values()
    assert ship["concurrency"]["cancel-in-progress"] is False
    assert "inputs.environment" in ship["concurrency"]["group"]


def test_what_a_pull_request_changes_sees_no_secret() -> None:
    for name, workflow in WORKFLOWS.items():
        assert "pull_request_target" not in on(workflow)
        if "pull_request" in on(workflow):
            assert "secrets." not in (FOLDER / name).read_text()
            assert "workflow_run" not in on(workflow)


def test_what_a_fork_has_pushed_is_not_shipped() -> None:
    first = WORKFLOWS["deploy.yml"]["jobs"]["staging"]["if"]
    for condition in (
        "workflow_run.conclusion == 'success'",
        "workflow_run.event == 'push'",
        "head_repository.full_name == github.repository",
        "vars.DEPLOY == 'on'",
    ):
        assert condition in first
    assert on(WORKFLOWS["deploy.yml"])["workflow_run"]["branches"] == ["main"]


def test_production_waits_for_staging_and_for_its_environment() -> None:
    jobs = WORKFLOWS["deploy.yml"]["jobs"]
    assert jobs["production"]["needs"] == "staging"
    assert jobs["production"]["with"]["environment"] == "production"
    (ship,) = WORKFLOWS["ship.yml"]["jobs"].values()
    assert ship["environment"] == "${{ inputs.environment }}"


def test_what_ships_is_tried_afterwards() -> None:
    commands = [run.split()[0] for name, run in RUN if name == "ship.yml"]
    assert commands.index("deploy/smoke") > commands.index("deploy/deploy")
    assert commands.index("deploy/smoke") > commands.index("deploy/rollback")


def expressions(command: str) -> Iterator[str]:
    yield from re.findall(r"\$\{\{.*?\}\}", command)


@pytest.mark.parametrize(("name", "command"), RUN, ids=[command[:40] for _, command in RUN])
def test_no_shell_reads_what_somebody_typed(name: str, command: str) -> None:
    assert list(expressions(command)) == []
