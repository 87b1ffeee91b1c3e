"""The verbs as they are typed, with both platforms: deploy, rollback, status, backup.

One-off processes really run, but find a stand-in for `python` that answers as manage.py would.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy import cli, deploying, gates, places
from deploy.target import Stopped
from tests.config.processes import ROOT
from tests.deploy import heroku_api, render_api
from tests.deploy.heroku_api import APP, Dynos, Heroku
from tests.deploy.platform import Asked, Told
from tests.deploy.platforms.conftest import OLD, Repository
from tests.deploy.render_api import Render

PYTHON = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in
    *launch_check*) printf '{\\n"findings": []\\n}\\n' ;;
    *schema*) printf '{\\n"migrations": []\\n}\\n' ;;
    *deployments*) printf '{\\n"deployments": [{"id": 7, "began": "now", "release": "r", "outcome":
    "live", "who": "ada", "despite": ""}]\\n}\\n' ;;
    *backup*) exit "${BACKUP:-0}" ;;
esac
"""
PLAN = """
[site]
canonical = "app.example.com"

[[environments]]
name = "production"
url = "http://127.0.0.1:1"
"""
WHERE = {
    "heroku": f'platform = "heroku"\napp = "{APP}"\n',
    "render": 'platform = "render"\nservices = ["srv-web", "srv-worker", "srv-beat"]\n'
    'database = "dpg-database"\n',
}
ONE_OFFS = ("/dynos", "/jobs")


@dataclass
class Shop:
    """A platform, and what is typed at it."""

    name: str
    platform: Heroku | Render
    folder: Path
    repository: Repository
    variables: dict[str, str]

    def type(self, verb: str, *more: str) -> int:
        return cli.main([verb, "--plan", str(self.folder / "launch.toml"), *more])

    @property
    def live(self) -> list[str]:
        """The commits that are live, one for each service that has its own."""
        if isinstance(self.platform, Heroku):
            return [self.platform.commit_of(self.platform.live)]
        return self.platform.all_live

    @property
    def begun(self) -> int:
        """How many builds or deploys of the commit the platform was made to begin."""
        if isinstance(self.platform, Heroku):
            return len(self.platform.builds)
        deploys = [one for each in self.platform.deploys.values() for one in each]
        return len([one for one in deploys if one["commit"]["id"] == self.repository.pushed])

    @property
    def asked(self) -> list[str]:
        """What one-off processes ran."""
        log = self.folder / "asked"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def changed(self) -> list[str]:
        """What was written through the API, without what one-off processes are begun with."""
        return [one for one in self.platform.writes if not one.endswith(ONE_OFFS)]


@pytest.fixture(params=["heroku", "render"])
def shop(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    repository: Repository,
    rendezvous: tuple[Dynos, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    """A platform whose product is on the former commit, and a clone in which verbs are typed."""
    platform: Heroku | Render = request.getfixturevalue(request.param)
    (tmp_path / "launch.toml").write_text(PLAN + WHERE[request.param])
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    variables = {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "ASKED": str(tmp_path / "asked"),
    }
    if isinstance(platform, Heroku):
        platform.moves_after = 0
        monkeypatch.setattr(rendezvous[0], "variables", variables)
    else:
        platform.is_quick, platform.variables = True, variables
        platform.pushed.add(repository.pushed)
    monkeypatch.setenv("HEROKU_API_KEY", heroku_api.KEY)
    monkeypatch.setenv("RENDER_API_KEY", render_api.KEY)
    monkeypatch.setenv("HEROKU_API_URL", platform.url)
    monkeypatch.setenv("RENDER_API_URL", f"{platform.url}/v1")
    monkeypatch.setattr(places, "ROOT", repository.folder)
    monkeypatch.setattr(deploying, "try_out", lambda *words, **more: None)
    platform.deployed(repository.former)
    return Shop(request.param, platform, tmp_path, repository, variables)


def shipped(shop: Shop) -> None:
    assert shop.type("deploy", shop.repository.pushed, "--despite", "a trial") == 0


def breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the smoke test fail."""

    def fail(*words: object, **more: object) -> None:
        raise Stopped("The smoke test", "sign-in answered 500", "")

    monkeypatch.setattr(deploying, "try_out", fail)


def test_a_deploy_asks_backs_up_ships_and_records(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped(shop)
    assert set(shop.live) == {shop.repository.pushed}
    said = capsys.readouterr().err
    assert "✓ The new migrations can run beside the old release" in said
    assert "is live, on production, after" in said
    begun, *between, ended = shop.asked
    assert begun.startswith("manage.py deployments --begin")
    assert between[-1] == "manage.py backup"
    assert all("launch_check" in one for one in between[:-1])
    assert ended.startswith("manage.py deployments --end 7 --json --outcome live")


def test_a_first_deploy_asks_nobody_and_ships(shop: Shop) -> None:
    if isinstance(shop.platform, Heroku):
        for one in shop.platform.releases:
            one["slug"] = None
    else:
        shop.platform.deploys = {id: [] for id in shop.platform.services}
    shipped(shop)
    assert set(shop.live) == {shop.repository.pushed}
    assert [one.split()[1:3] for one in shop.asked] == [
        ["deployments", "--begin"],
        ["deployments", "--end"],
    ]


def test_nothing_secret_is_told(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    shipped(shop)
    shop.type("status")
    told = "".join(capfd.readouterr())
    assert heroku_api.KEY not in told
    assert render_api.KEY not in told


def test_a_dry_run_writes_nothing_at_all(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (shop.repository.pushed, "--despite", "a trial", "--dry-run")
    assert shop.type("deploy", *arguments) == 0
    assert shop.platform.writes == []
    assert shop.asked == []
    said = capsys.readouterr().err
    assert "- Judge it in the live release, and take a backup" in said
    assert "Nothing was changed: this was a dry run." in said
    assert set(shop.live) == {shop.repository.former}


def test_a_smoke_test_that_fails_brings_the_former_commit_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    breaks(monkeypatch)
    assert shop.type("deploy", shop.repository.pushed, "--despite", "a trial") == 1
    assert set(shop.live) == {shop.repository.former}
    said = capsys.readouterr().err
    assert "sign-in answered 500" in said
    assert "went back by itself" in said
    assert "--outcome rolled back" in shop.asked[-1]


def test_a_failure_before_the_switch_goes_back_to_nothing(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.platform.refuse("POST", r"/(builds|deploys)$", 422, message="No.")
    assert shop.type("deploy", shop.repository.pushed, "--despite", "a trial") == 1
    assert set(shop.live) == {shop.repository.former}
    assert "answered 422" in capsys.readouterr().err
    assert "--outcome failed" in shop.asked[-1]
    assert not any("rollback" in one or "releases" in one for one in shop.changed)


def test_a_backup_that_fails_stops_the_deploy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.variables["BACKUP"] = "3"
    assert shop.type("backup") == 3
    monkeypatch.setattr(gates, "of_the_commit", lambda git, commit, operator: [])
    assert shop.type("deploy", shop.repository.pushed) == 1
    assert "A backup is taken: it failed" in capsys.readouterr().err
    assert shop.changed == []


def test_a_rollback_goes_to_the_commit_before_and_there_again(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped(shop)
    assert shop.type("rollback", "--despite", "a trial") == 0
    assert set(shop.live) == {shop.repository.former}
    assert "the database was left as it is" in capsys.readouterr().err
    assert shop.type("rollback", shop.repository.pushed[:7]) == 0
    assert set(shop.live) == {shop.repository.pushed}


def test_a_rollback_can_be_rehearsed(shop: Shop) -> None:
    shipped(shop)
    del shop.platform.asked[:]
    before = len(shop.asked)
    assert shop.type("rollback", "--despite", "a trial", "--dry-run") == 0
    assert shop.changed == []
    assert shop.asked[before:] == ["manage.py schema --json"]
    assert set(shop.live) == {shop.repository.pushed}


def test_status_says_what_is_live_and_what_was_before(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped(shop)
    capsys.readouterr()
    # Nobody answers at the environment's address.
    assert shop.type("status", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["live"]["commit"] == shop.repository.pushed
    assert told["live"]["name"] in {one["release"] for one in told["processes"]}
    assert all(one["is_well"] for one in told["processes"])
    assert len(told["processes"]) == 3
    assert [one["commit"] for one in told["previous"]] == [shop.repository.former, OLD]
    assert told["record"][0]["id"] == 7


def cut_off(shop: Shop, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Type deploy, and lose the network for good once something was asked for there."""
    answer = shop.platform.answer

    def last(asked: Asked) -> Told | None:
        told = answer(asked)
        if asked.method == "GET" and at in asked.path:
            shop.platform.cut("GET", ".", times=99)
            shop.platform.cut("POST", ".", times=99)
        return told

    with monkeypatch.context() as patch:
        patch.setattr(shop.platform, "answer", last)
        patch.setattr("deploy.rest.TRIES", 1)
        assert shop.type("deploy", shop.repository.pushed, "--despite", "a trial") == 1
    shop.platform.faults.clear()


@pytest.mark.parametrize("step", [0, 1])
def test_a_deploy_that_lost_its_platform_midway_is_carried_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    at = {
        "heroku": ("/builds/", "/releases/"),
        "render": ("/srv-web/deploys/", "/srv-beat/deploys/"),
    }
    cut_off(shop, monkeypatch, at[shop.name][step])
    shipped(shop)
    assert set(shop.live) == {shop.repository.pushed}
    assert shop.begun == len(shop.live)


TYPED = """
import sys
from pathlib import Path
from deploy import cli, places
places.ROOT = Path(sys.argv[1])
sys.exit(cli.main(sys.argv[2:]))
"""


def test_a_deploy_that_is_killed_midway_is_carried_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9, at the moment when what it asked for has begun and it has not heard so."""
    at = {"heroku": "/builds", "render": "-beat/deploys"}[shop.name]
    plan, answer = str(shop.folder / "launch.toml"), shop.platform.answer
    words = ["deploy", "--plan", plan, shop.repository.pushed, "--despite", "a trial"]
    killed = threading.Event()

    def last(asked: Asked) -> Told | None:
        told = answer(asked)
        if asked.method != "POST" or not asked.path.endswith(at):
            return told
        typed.kill()
        killed.set()
        return None

    with monkeypatch.context() as patch:
        patch.setattr(shop.platform, "answer", last)
        root = str(shop.repository.folder)
        typed = subprocess.Popen([sys.executable, "-c", TYPED, root, *words], cwd=ROOT)
        assert typed.wait(timeout=60) == -signal.SIGKILL
    assert killed.is_set()
    shipped(shop)
    assert set(shop.live) == {shop.repository.pushed}
    assert shop.begun == len(shop.live)


def test_the_commands_of_the_page_are_verbs_or_the_platforms_own() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    typed = [
        line
        for block in re.findall(r"```sh\n(.*?)```", page[page.index("## On Heroku") :], re.DOTALL)
        for line in block.splitlines()
    ]
    assert [one for one in typed if not one.startswith("deploy/")] == [
        f"heroku {one}"
        for one in (
            "labs:enable runtime-dyno-build-metadata --app example-production",
            'authorizations:create --description "deploys of example"',
            "ps:scale web=1 worker=1 beat=1 --app example-production",
        )
    ]
    for one in typed:
        if one.startswith("deploy/"):
            cli.parser().parse_args(shlex.split(one.removeprefix("deploy/")))
