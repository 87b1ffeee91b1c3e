"""What lies on a machine, as a target reads it; and what it copies from release to release."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from apps.launch.plan import Environment
from config.env import Operator
from deploy.host.carry import carry
from deploy.host.target import HostTarget
from deploy.target import Stopped

OLD, NEW, BROKEN = (f"20261128T{hour}0000Z-4f2c91a" for hour in (10, 12, 11))


def make(home: Path, name: str, *, served: bool) -> None:
    own = home / "releases" / name / ".host"
    own.mkdir(parents=True)
    about = {"commit": "4f2c91a" + "0" * 33, "at": "2026-11-28T12:00:00+00:00", "by": "Sam Reed"}
    (own / "about.json").write_text(json.dumps(about))
    if served:
        (own / "served").touch()


@pytest.fixture
def target() -> Iterator[HostTarget]:
    # Not in pytest's own folder: the path of a Unix socket has to be short.
    with TemporaryDirectory(prefix="host-") as folder:
        place = Environment(
            name="production",
            url="https://portal.harbourside.co",
            folder=f"{folder}/h",
            supervisor="supervisord",
        )
        yield HostTarget(place, Operator())


@pytest.fixture
def home(target: HostTarget) -> Path:
    """A folder with two releases that served, one that never did, and what was never finished."""
    home = Path(target.layout.folder)
    for name in (OLD, NEW, BROKEN):
        make(home, name, served=name != BROKEN)
    (home / "releases/.new-0123").mkdir()
    (home / "current").symlink_to(f"releases/{NEW}")
    return home


def test_releases_are_listed_newest_first_with_what_became_of_them(
    target: HostTarget, home: Path
) -> None:
    found = [(one.name, one.outcome, one.can_return) for one in target.releases()]
    assert found == [(NEW, "live", True), (BROKEN, "never served", False), (OLD, "served", True)]
    assert {one.by for one in target.releases()} == {"Sam Reed"}


def test_a_machine_that_nothing_was_shipped_to_has_no_releases_and_no_processes(
    target: HostTarget,
) -> None:
    assert target.releases() == []
    assert target.processes() == []


def test_a_process_that_should_run_and_does_not_is_told(target: HostTarget, home: Path) -> None:
    found = [(one.name, one.state, one.is_well) for one in target.processes()]
    assert found == [(kind, "missing", False) for kind in ("beat", "web", "worker")]


def test_what_never_served_or_was_never_finished_is_cleared_away(
    target: HostTarget, home: Path
) -> None:
    target.remove([BROKEN])
    assert sorted(each.name for each in (home / "releases").glob("*")) == [".new-0123", OLD, NEW]
    target.prune()
    assert {one.name for one in target.releases()} == {OLD, NEW}


def test_variables_that_are_missing_or_a_folder_that_no_release_shares_are_refused(
    target: HostTarget,
) -> None:
    home = Path(target.layout.folder)
    home.mkdir()
    with pytest.raises(Stopped, match=r"there is no .*/shared/\.env"):
        target.make_folders()
    (home / "shared/.env").write_text("FILES_ROOT=files\n")
    with pytest.raises(Stopped, match="has to be a full path"):
        target.make_folders()
    (home / "shared/.env").write_text("FILES_ROOT='/srv/slipway/shared/files'\n")
    target.make_folders()
    assert (home / "shared/.env").stat().st_mode & 0o777 == 0o600
    assert (home / "run/web.sock").readlink() == Path("../current/.host/web.sock")


def test_files_that_open_pages_ask_for_come_along_and_do_not_pile_up(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, names in ((old, ["app.1111.css", "app.0000.css"]), (new, ["app.2222.css"])):
        (folder / "css").mkdir(parents=True)
        for name in names:
            (folder / "css" / name).write_text(name)
        manifest = {"paths": {"css/app.css": f"css/{names[0]}"}}
        (folder / "staticfiles.json").write_text(json.dumps(manifest))
    (old / "css/app.1111.css.gz").write_text("packed")
    assert carry(old, new) == 2
    assert sorted(each.name for each in (new / "css").iterdir()) == [
        "app.1111.css",
        "app.1111.css.gz",
        "app.2222.css",
    ]
    assert carry(old, new) == 0
    assert carry(tmp_path / "nowhere", new) == 0
