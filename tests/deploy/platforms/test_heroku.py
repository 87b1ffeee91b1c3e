"""Heroku as a target, against a server that speaks the documented Platform API."""

import hashlib
import io
import tarfile
from dataclasses import replace

import pytest

from apps.launch.plan import Environment
from config.env import Operator
from deploy.heroku.source import archive
from deploy.heroku.target import Heroku, target
from deploy.target import Release, Source, Stopped
from tests.deploy import heroku_api
from tests.deploy.heroku_api import APP, KEY
from tests.deploy.platforms.conftest import NEW, NEXT, OLD, Told

BUILDS, RELEASES = f"POST /apps/{APP}/builds", f"POST /apps/{APP}/releases"


def test_a_deploy_builds_the_commit_and_ends_on_a_release_that_is_up(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    release = app.ship(source, told)
    assert (release.name, release.commit, release.live) == ("v2", NEW, True)
    assert heroku.commit_of(heroku.live) == NEW
    assert [name for name, _ in told.done] == [
        f"Ask Heroku for the app {APP}",
        "Ask which release is live",
        "Ask which builds there are",
        "Send the source and begin a build",
        "Wait for the build",
        "Wait for the release command",
        "Wait until its dynos are up",
    ]


def test_the_source_arrives_whole_without_the_history(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    app.ship(source, told)
    assert heroku.files == ["apps", "apps/__init__.py", "requirements.txt"]
    assert heroku.builds[0]["source_blob"]["version"] == NEW


def test_the_same_commit_packs_into_the_same_bytes(source: Source) -> None:
    once = hashlib.sha256(archive(source.folder)).hexdigest()
    (source.folder / "requirements.txt").touch()
    assert hashlib.sha256(archive(source.folder)).hexdigest() == once


def test_what_can_be_run_can_be_run_there(source: Source) -> None:
    script = source.folder / "release"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(archive(source.folder))) as packed:
        modes = {one.name: one.mode & 0o111 for one in packed}
    assert modes["release"] == 0o111
    assert modes["requirements.txt"] == 0


def test_the_key_goes_to_the_api_alone(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.fails_at[NEW] = "build"
    with pytest.raises(Stopped):
        app.ship(source, told)
    elsewhere = [one for one in heroku.asked if not one.path.startswith("/apps/")]
    assert {one.method for one in elsewhere} == {"PUT", "GET"}
    assert not any("Authorization" in one.headers for one in elsewhere)


def test_a_dry_run_changes_nothing(app: Heroku, heroku: heroku_api.Heroku, source: Source) -> None:
    heroku.deployed(NEXT)
    told = Told(dry_run=True)
    app.ship(source, told)
    app.go_back(app.releases()[1], told)
    assert heroku.writes == []
    assert "- Send the source and begin a build" in told.lines
    assert "- Release the code of v1 anew" in told.lines


def test_a_commit_that_is_live_is_not_shipped_again(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    assert app.ship(replace(source, commit=OLD), told).name == "v1"
    assert heroku.writes == []


def test_a_build_that_fails_shows_its_last_words_and_leaves_the_release(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.fails_at[NEW] = "build"
    with pytest.raises(Stopped, match="No matching distribution found") as stopped:
        app.ship(source, told)
    assert "live still" in stopped.value.way_back
    assert heroku.commit_of(heroku.live) == OLD


def test_a_release_command_that_fails_leaves_the_old_release_live(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.fails_at[NEW] = "release"
    with pytest.raises(Stopped, match="no such column") as stopped:
        app.ship(source, told)
    assert "does not start a release whose command failed" in stopped.value.way_back
    assert heroku.commit_of(heroku.live) == OLD
    assert [one.outcome for one in app.releases()] == ["failed", "succeeded"]
    assert [one.can_return for one in app.releases()] == [False, True]


def test_dynos_that_crash_are_named_and_the_release_shows_as_live(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.fails_at[NEW] = "boot"
    with pytest.raises(Stopped, match=r"web\.1, worker\.1, beat\.1 crashed"):
        app.ship(source, told)
    assert app.releases()[0].live
    app.go_back(app.releases()[1], told)
    assert heroku.commit_of(heroku.live) == OLD


def test_dynos_that_never_come_up_are_not_waited_for_forever(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told, waits: list[float]
) -> None:
    heroku.dyno_state = "starting"
    with pytest.raises(Stopped, match="not through after 10 minutes"):
        app.ship(source, told)
    assert sum(waits) >= 600


@pytest.mark.parametrize("after", [BUILDS, "the build", "the release"])
def test_a_deploy_that_was_cut_off_is_carried_on_and_not_doubled(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told, after: str
) -> None:
    cut = {
        BUILDS: ("POST", "/builds$"),
        "the build": ("GET", "/builds/"),
        "the release": ("GET", "/releases/"),
    }[after]
    heroku.cut(*cut, times=9, carried_out=True)
    with pytest.raises(Stopped, match="could not be reached"):
        app.ship(source, told)
    heroku.faults.clear()
    again = Heroku(app.app)
    assert again.ship(source, told).commit == NEW
    assert heroku.writes.count(BUILDS) == 1
    assert len(heroku.releases) == 2


def test_a_build_whose_release_failed_is_released_anew_without_another_build(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.fails_at[NEW] = "release"
    with pytest.raises(Stopped):
        app.ship(source, told)
    heroku.fails_at.clear()
    assert app.ship(source, told).name == "v3"
    assert "A build of this commit stands; it is used." in told.text
    assert heroku.writes.count(BUILDS) == 1
    assert heroku.commit_of(heroku.live) == NEW


def test_somebody_elses_build_is_not_raced(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.cut("GET", "/builds/", times=9)
    with pytest.raises(Stopped):
        app.ship(source, told)
    heroku.faults.clear()
    with pytest.raises(Stopped, match="a build of 222222222222 is under way"):
        app.ship(replace(source, commit=NEXT), told)
    assert heroku.writes.count(BUILDS) == 1


def test_a_release_that_is_being_released_is_not_raced(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.cut("GET", "/releases/", times=9)
    with pytest.raises(Stopped):
        app.ship(source, told)
    heroku.faults.clear()
    with pytest.raises(Stopped, match="v2 is being released"):
        app.ship(replace(source, commit=NEXT), told)


def test_the_way_back_is_herokus_rollback_where_the_variables_are_the_same(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    app.ship(source, told)
    app.go_back(app.releases()[1], told)
    assert heroku.commit_of(heroku.live) == OLD
    assert heroku.live["description"] == "Rollback to v1"
    assert [one.commit for one in app.releases()] == [OLD, NEW, OLD]


def test_the_way_back_keeps_variables_that_have_changed_since(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    app.ship(source, told)
    heroku.variables = {**heroku.variables, "SECRET_KEY": "rotated"}
    app.go_back(app.releases()[1], told)
    assert heroku.commit_of(heroku.live) == OLD
    assert heroku.variables["SECRET_KEY"] == "rotated"
    assert "Changed since, and kept as they are now: SECRET_KEY." in told.text
    assert "rotated" not in told.text


def test_the_way_back_needs_no_right_to_read_variables(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    app.ship(source, told)
    heroku.refuse("GET", "config-vars", 403, id="forbidden")
    app.go_back(app.releases()[1], told)
    assert heroku.commit_of(heroku.live) == OLD
    assert heroku.live["description"] == "Go back to v1"


def test_going_back_to_what_is_live_does_nothing(
    app: Heroku, heroku: heroku_api.Heroku, told: Told
) -> None:
    app.go_back(app.releases()[0], told)
    assert heroku.writes == []


def test_a_release_that_heroku_no_longer_has_is_named(app: Heroku, told: Told) -> None:
    with pytest.raises(Stopped, match="answered 404") as stopped:
        app.go_back(Release(name="v99", commit=OLD), told)
    assert "left alone" in stopped.value.way_back


def test_an_app_that_has_only_variables_has_nothing_live(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.releases[0]["slug"] = None
    assert [(one.live, one.can_return, one.commit) for one in app.releases()] == [
        (False, False, "")
    ]
    assert app.ship(source, told).live


def test_a_release_that_only_changed_variables_is_no_way_back(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    app.ship(source, told)
    heroku.changed_variables()
    assert [(one.name, one.live, one.can_return) for one in app.releases()] == [
        ("v3", True, True),
        ("v2", False, False),
        ("v1", False, True),
    ]


def test_all_pages_of_the_releases_are_read(app: Heroku, heroku: heroku_api.Heroku) -> None:
    for number in range(9):
        heroku.deployed(str(number) * 40)
    found = app.releases()
    assert [one.name for one in found] == [f"v{n}" for n in range(10, 0, -1)]
    assert [one.live for one in found] == [True] + [False] * 9
    assert found[0].by == "ada@example.com"


def test_the_live_release_is_found_behind_many_that_failed(
    app: Heroku, heroku: heroku_api.Heroku
) -> None:
    for _ in range(20):
        heroku._settle(heroku._released(heroku._slug(NEXT), "Deploy"), "failed")
    assert [one.name for one in app.releases() if one.live] == ["v1"]


def test_processes_are_the_dynos_and_what_is_missing(
    app: Heroku, heroku: heroku_api.Heroku
) -> None:
    heroku.moves_after = 0
    app.run(["true"])
    assert [(one.name, one.state, one.release) for one in app.processes()] == [
        ("web", "up", "v1"),
        ("worker", "up", "v1"),
        ("beat", "up", "v1"),
    ]
    heroku.dyno_state = "crashed"
    assert not any(one.is_well for one in app.processes())


def test_maintenance_is_told(
    app: Heroku, heroku: heroku_api.Heroku, source: Source, told: Told
) -> None:
    heroku.maintenance = True
    app.ship(source, told)
    assert f"`heroku maintenance:off --app {APP}`" in told.text


@pytest.mark.parametrize(
    ("app_name", "key", "url", "told"),
    [
        ("", KEY, "https://api.heroku.com", "launch.toml does not name it"),
        (APP, "", "https://api.heroku.com", "HEROKU_API_KEY is not set"),
        (APP, KEY, "http://api.heroku.com", "must be an address that begins with https"),
        (APP, KEY, "https://somebody@api.heroku.com", "must be an address"),
        (APP, KEY, "", "must be an address"),
    ],
)
def test_a_target_needs_an_app_a_key_and_https(
    app_name: str, key: str, url: str, told: str
) -> None:
    place = Environment(name="production", url="https://app.example.com", app=app_name)
    with pytest.raises(Stopped, match=told) as stopped:
        target(place, Operator(HEROKU_API_KEY=key, HEROKU_API_URL=url))
    assert KEY not in f"{stopped.value}{stopped.value.way_back}"
