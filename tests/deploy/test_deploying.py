"""What a deploy does with a target: gates first, the record, and by itself the way back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.launch.plan import Environment
from config.env import Operator
from deploy.checkout import Git
from deploy.deploying import Deploy
from deploy.steps import Steps
from deploy.target import Output, Process, Release, Source, Stopped
from tests.deploy.test_gates import save
from tests.launch.world.fork import git

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PLACE = Environment(name="production", url="https://portal.harbourside.co")
GO = json.dumps({"findings": []}, indent=2)


def nothing() -> None:
    """Go well."""


class Somewhere:
    """A target that notes what is asked of it; `ends` is how shipping ends after the switch."""

    def __init__(self, *, prepares: bool = True, before: bool = True) -> None:
        self.prepares, self.text = prepares, GO
        self.asked: list[str] = []
        old = Release(name="v1", commit="1" * 40, at=NOW, live=True)
        self.known = [old] if before else []
        self.before_switch: Callable[[], None] = nothing
        self.after_switch: Callable[[], None] = nothing

    def releases(self) -> list[Release]:
        return self.known

    def processes(self) -> list[Process]:
        return []

    def ship(self, source: Source, steps: Steps) -> Release:
        if self.prepares:
            source.before_release(lambda command: self.run(command, release="v2"))
        self.before_switch()
        at = NOW + timedelta(hours=1)
        new = Release(name="v2", commit=source.commit, at=at, live=True, by=source.by)
        self.known = [new, *(replace(one, live=False) for one in self.known)]
        assert (source.folder / "Procfile").read_text() == "web: serve\n"
        self.after_switch()
        return new

    def go_back(self, to: Release, steps: Steps) -> None:
        self.asked.append(f"go back to {to.name}")
        self.known = [replace(one, live=one.name == to.name) for one in self.known]

    def run(self, command: list[str], *, release: str = "", text: str = "") -> Output:
        self.asked.append(" ".join([*command[2:4], release]).strip())
        if command[2] == "deployments":
            number = [{"id": 7}]
            self.asked[-1] = " ".join(command[2:])
            return Output(status=0, text=json.dumps({"deployments": number}, indent=2))
        return Output(status=0, text=self.text)

    @property
    def recorded(self) -> list[str]:
        return [one for one in self.asked if one.startswith("deployments")]


@pytest.fixture
def clone(tmp_path: Path) -> Git:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "Sam Reed")
    (tmp_path / "Procfile").write_text("web: serve\n")
    save(tmp_path)
    return Git(tmp_path)


def deploy(target: Somewhere, clone: Git, despite: str = "a test") -> tuple[Deploy, list[str]]:
    lines: list[str] = []
    verb = Deploy(
        environment=PLACE,
        operator=Operator(),
        target=target,
        git=clone,
        steps=Steps(tell=lines.append),
        despite=despite,
    )
    return verb, lines


def fail() -> None:
    raise Stopped("Working", "it rains", "")


def test_a_deploy_judges_backs_up_ships_and_records(clone: Git) -> None:
    target = Somewhere()
    released = deploy(target, clone)[0].carry_out("HEAD")
    assert (released.name, released.by) == ("v2", "Sam Reed")
    begun, launch_check, backup, ended = target.asked
    assert begun.startswith("deployments --begin --json --environment production --release ")
    assert "--who Sam Reed --despite a test" in begun
    assert (launch_check, backup) == ("launch_check --json v2", "backup v2")
    assert ended == "deployments --end 7 --json --outcome live --why "


def test_without_a_reason_a_closed_gate_lets_nothing_begin(clone: Git) -> None:
    target = Somewhere()
    with pytest.raises(Stopped, match=r"CI has passed the commit: \.ci/run has not passed it"):
        deploy(target, clone, despite="")[0].carry_out("HEAD")
    assert target.asked == []


def test_where_the_new_release_cannot_be_asked_the_live_one_is(clone: Git) -> None:
    target = Somewhere(prepares=False)
    deploy(target, clone)[0].carry_out("HEAD")
    assert target.asked[1:3] == ["launch_check --json", "backup"]


def test_a_failure_before_the_switch_leaves_all_as_it_was(clone: Git) -> None:
    target = Somewhere()
    target.before_switch = fail
    with pytest.raises(Stopped, match="it rains"):
        deploy(target, clone)[0].carry_out("HEAD")
    assert [one.name for one in target.known if one.live] == ["v1"]
    assert not any("go back" in one for one in target.asked)
    assert target.recorded[-1].endswith("--outcome failed --why Working: it rains")


def test_a_failure_after_the_switch_brings_the_former_release_back_and_says_so(
    clone: Git,
) -> None:
    target = Somewhere()
    target.after_switch = fail
    with pytest.raises(Stopped) as stopped:
        deploy(target, clone)[0].carry_out("HEAD")
    assert [one.name for one in target.known if one.live] == ["v1"]
    assert stopped.value.way_back.startswith("went back by itself: v1 (1111111) is live again")
    assert target.recorded[-1].endswith("--outcome rolled back --why Working: it rains")


def test_a_first_deploy_has_nothing_to_go_back_to(clone: Git) -> None:
    target = Somewhere(before=False)
    target.after_switch = fail
    with pytest.raises(Stopped, match="it rains"):
        deploy(target, clone)[0].carry_out("HEAD")
    assert not any("go back" in one for one in target.asked)
    assert [one.split()[1] for one in target.recorded] == ["--begin", "--end"]


def test_a_record_that_cannot_be_written_is_said_and_stops_nothing(clone: Git) -> None:
    target = Somewhere()
    target.text = GO
    target.run = lambda command, *, release="", text="": Output(  # type: ignore[method-assign]
        status=1, text=GO if "launch_check" in command else "no such table"
    )
    verb, lines = deploy(target, clone)
    assert verb.carry_out("HEAD").name == "v2"
    assert "  not recorded: no such table" in lines
