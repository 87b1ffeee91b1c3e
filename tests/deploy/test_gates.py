"""The gates: what git, launch_check and the operator's variables say, and a reason that opens."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.env import Operator
from deploy import gates
from deploy.checkout import Git
from deploy.gates import Gate, Gates
from deploy.steps import Steps
from deploy.target import Output, Stopped
from tests.config.processes import ROOT
from tests.launch.world.fork import git

READY = Operator(SMOKE_EMAIL="smoke@harbourside.co", SMOKE_PASSWORD="a-long-random-one")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose one commit is pushed, and passed by CI."""
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(tmp_path, "clone", "--quiet", "origin.git", "clone")
    clone = tmp_path / "clone"
    (clone / ".gitignore").write_text(".local/\n")
    save(clone)
    git(clone, "push", "--quiet", "origin", "HEAD")
    (clone / ".local").mkdir()
    (clone / ".local/ci-passed").write_text(git(clone, "rev-parse", "HEAD"))
    return clone


def save(clone: Path) -> None:
    git(clone, "add", "--all")
    who = ("-c", "user.name=Sam Reed", "-c", "user.email=sam@harbourside.co")
    git(clone, *who, "commit", "--quiet", "--message", "Change it")


def objections(clone: Path, operator: Operator = READY) -> dict[str, str]:
    repository = Git(clone)
    asked = gates.of_the_commit(repository, repository.commit("HEAD"), operator)
    return {one.name: why for one in asked if (why := one.objection())}


def test_a_pushed_and_passed_commit_in_a_clean_tree_meets_no_objection(clone: Path) -> None:
    assert objections(clone) == {}


def test_each_thing_that_is_wrong_with_a_commit_is_an_objection_of_its_own(clone: Path) -> None:
    (clone / "new.txt").write_text("")
    assert objections(clone) == {"The tree has nothing that is not committed": "?? new.txt"}
    save(clone)
    assert [*objections(clone)] == ["The commit is on the remote", "CI has passed the commit"]
    git(clone, "push", "--quiet", "origin", "HEAD")
    assert [*objections(clone)] == ["CI has passed the commit"]


def test_a_smoke_test_without_an_account_is_an_objection(clone: Path) -> None:
    found = objections(clone, Operator(SMOKE_EMAIL="smoke@harbourside.co"))
    assert found == {"The smoke test has an account": "SMOKE_PASSWORD not set"}


def test_a_folder_that_is_no_repository_passes_nothing(tmp_path: Path) -> None:
    assert Git(tmp_path).changes() == ["git does not say"]
    with pytest.raises(Stopped, match="knows no such commit"):
        Git(tmp_path).commit("HEAD")


def passing(despite: str) -> tuple[Gates, list[str]]:
    lines: list[str] = []
    return Gates(despite, Steps(tell=lines.append)), lines


CLOSED = [Gate("One", lambda: "it rains", "wait"), Gate("Two", lambda: "", "never")]


def test_a_closed_gate_stops_with_the_reason_and_both_ways_on() -> None:
    gate, _ = passing("")
    with pytest.raises(Stopped) as stopped:
        gate.pass_all(CLOSED)
    assert stopped.value.why == "One: it rains"
    assert stopped.value.way_back.startswith("wait; or go on all the same")


def test_a_reason_opens_it_and_is_shown() -> None:
    gate, lines = passing("a hotfix")
    gate.pass_all(CLOSED)
    assert gate.opened == ["One"]
    assert "  One: it rains" in lines
    assert "  going on all the same: a hotfix" in lines


def finding(id: str, status: str, tier: str = "now", **more: Any) -> dict[str, Any]:
    return {"id": id, "status": status, "tier": tier, "title": "Bad", **NEITHER, **more}


NEITHER: dict[str, Any] = {"accepted": None, "follows": ""}
HELD = {"holds": True}
VERDICTS = [
    ([finding("LC-SET-001", "fail")], ["", "LC-SET-001 Bad"]),
    ([finding("LC-SET-001", "unknown")], ["", "LC-SET-001 Bad"]),
    ([finding("LC-SET-001", "crash", "later")], ["", "LC-SET-001 Bad"]),
    ([finding("LC-MIG-003", "fail")], ["LC-MIG-003 Bad", ""]),
    ([finding("LC-SET-001", "fail", "traffic")], ["", ""]),
    ([finding("LC-SET-001", "pass")], ["", ""]),
    ([finding("LC-SET-001", "fail", accepted=HELD)], ["", ""]),
    ([finding("LC-SET-001", "fail", accepted={"holds": False})], ["", "LC-SET-001 Bad"]),
    ([finding("LC-DATA-002", "fail")], ["", ""]),
    ([finding("LC-DATA-002", "crash")], ["", "LC-DATA-002 Bad"]),
    ([finding("LC-SECRET-001", "unknown")], ["", ""]),
    ([finding("LC-SECRET-001", "fail")], ["", "LC-SECRET-001 Bad"]),
]


@pytest.mark.parametrize(("findings", "expected"), VERDICTS)
def test_launch_check_in_the_new_release_decides(
    findings: list[dict[str, Any]], expected: list[str]
) -> None:
    text = "a warning of somebody's\n" + json.dumps({"findings": findings}, indent=2)
    asked = gates.of_the_release(
        lambda command: Output(status=1, text=text), Steps(tell=lambda line: None)
    )
    assert [one.objection() for one in asked] == expected


@pytest.mark.parametrize(
    ("environment", "asked"),
    [("production", gates.JUDGE), ("staging", [*gates.JUDGE, "--environment", "staging"])],
)
def test_staging_is_judged_as_staging(environment: str, asked: list[str]) -> None:
    seen: list[list[str]] = []

    def run(command: list[str]) -> Output:
        seen.append(command)
        return Output(status=0, text="{\n}")

    gates.of_the_release(run, Steps(tell=lambda line: None), environment)
    assert seen == [asked]


def test_a_launch_check_that_gives_no_verdict_is_no_go() -> None:
    asked = gates.of_the_release(
        lambda command: Output(status=1, text="Traceback"), Steps(tell=lambda line: None)
    )
    assert [one.objection() for one in asked] == ["launch_check gave no verdict: Traceback"] * 2


def test_the_products_own_migrations_are_no_objection() -> None:
    assert gates.of_the_checkout(ROOT).objection() == ""


def test_migrations_that_are_not_safe_are_an_objection_in_their_own_words(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("import sys; sys.exit(f'{sys.argv[1]}: drops a column')")
    assert gates.of_the_checkout(tmp_path).objection() == "migration_check: drops a column"


def test_a_checkout_whose_migrations_nobody_can_judge_is_an_objection(tmp_path: Path) -> None:
    assert "No such file" in gates.of_the_checkout(tmp_path).objection()
