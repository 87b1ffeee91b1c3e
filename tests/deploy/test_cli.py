"""The verbs as they are typed: wrappers, plans that say too little, what is not understood."""

import subprocess
from pathlib import Path

import pytest

from config.env import BASE_DIR
from deploy import cli
from deploy.steps import Steps
from tests.launch.sound.plan import PLAN

VERBS = sorted(cli.VERBS)
SITE = '[site]\ncanonical = "portal.harbourside.co"\n'
STAGING = '[[environments]]\nname = "staging"\nurl = "https://staging.harbourside.co"\n'


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_an_executable_that_names_it(verb: str) -> None:
    path = BASE_DIR / "deploy" / verb
    assert path.stat().st_mode & 0o111
    assert f'exec sh dev/python dev/setup.py deploy.cli {verb} "$@"' in path.read_text()


def test_an_executable_leads_to_the_verb_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [BASE_DIR / "deploy/status", "--plan", "/nowhere/launch.toml"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no such file" in done.stderr


def test_a_plan_without_the_environment_says_which_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "launch.toml"
    plan.write_text(SITE + STAGING)
    assert cli.main(["status", "--plan", str(plan)]) == 1
    assert "no [[environments]] of that name; it has staging" in capsys.readouterr().err


def test_a_plan_that_is_not_sound_is_told_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "launch.toml"
    plan.write_text(SITE + STAGING + 'folder = "/srv/../etc"\n')
    assert cli.main(["status", "--plan", str(plan)]) == 1
    assert "launch.toml:6: environments[1].folder must be a full path" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["fly"], ["deploy", "--jsom"], ["status", "--despite", "x"]])
def test_what_is_not_understood_ends_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2


def test_a_sound_plan_of_before_needs_no_environments() -> None:
    assert PLAN.environments == ()


def test_a_step_is_told_as_it_begins_and_as_it_ends_or_fails() -> None:
    lines: list[str] = []
    steps = Steps(tell=lines.append)
    steps.do("Work", lambda: None)
    with pytest.raises(ZeroDivisionError):
        steps.do("Break", lambda: 1 / 0)
    assert lines == ["→ Work", "✓ Work 0.0 s", "→ Break", "✗ Break 0.0 s"]
    assert [what for what, _ in steps.done] == ["Work"]


def test_a_dry_run_looks_and_does_not_act() -> None:
    lines: list[str] = []
    steps = Steps(dry_run=True, tell=lines.append)
    assert steps.look("Look", lambda: 42) == 42
    steps.do("Break", lambda: 1 / 0)
    assert lines[-1] == "- Break"
