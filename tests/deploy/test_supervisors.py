"""What systemd is given, what it and supervisord say, and how supervisord stops what it runs."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.host.layout import Layout
from deploy.host.shell import Shell
from deploy.host.supervisors import Supervisord, Systemd
from deploy.target import Process, Stopped
from tests.world.waiting import wait_until

NAME = "20261128T120000Z-4f2c91a"
LAYOUT = Layout("/srv/slipway")
# It says that it has begun, and takes its time to end.
UNHURRIED = """
cd "${0%/*}"
trap 'sleep 2; echo finished >>said; exit 0' TERM
echo begun >said
while :; do sleep 0.1; done
"""


@pytest.fixture
def systemd() -> Systemd:
    return Systemd(Shell(), LAYOUT, "production")


def test_a_unit_starts_what_the_release_has_for_it_and_gives_it_time_to_end(
    systemd: Systemd,
) -> None:
    lines = systemd.text("worker").splitlines()
    assert "ExecStart=/bin/sh /srv/slipway/releases/%i/.host/worker" in lines
    assert "KillMode=mixed" in lines
    assert "TimeoutStopSec=60" in lines


def test_roots_units_come_up_with_the_system_and_a_users_with_the_user(systemd: Systemd) -> None:
    systemd.is_root = True
    assert systemd.text("web").endswith("WantedBy=multi-user.target\n")
    assert systemd.command == "systemctl"
    systemd.is_root = False
    assert systemd.text("web").endswith("WantedBy=default.target\n")
    assert systemd.command.endswith("systemctl --user")


@pytest.mark.parametrize(
    ("active", "sub", "is_well"),
    [
        ("active", "running", True),
        ("activating", "auto-restart", False),
        ("failed", "failed", False),
    ],
)
def test_a_line_of_systemd_is_a_process(
    systemd: Systemd, active: str, sub: str, is_well: bool
) -> None:
    line = f"slipway-production-web@{NAME}.service loaded {active} {sub} web of release"
    expected = Process(name="web", release=NAME, state=sub, is_well=is_well)
    assert systemd.process(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        f"slipway-staging-web@{NAME}.service loaded active running",
        f"slipway-production-web@{NAME}.service loaded inactive dead",
        "nginx.service loaded active running",
        "",
    ],
)
def test_what_is_not_ours_or_has_ended_is_none(systemd: Systemd, line: str) -> None:
    assert systemd.process(line) is None


@pytest.mark.parametrize(
    ("state", "is_well"),
    [("RUNNING", True), ("STARTING", True), ("BACKOFF", False), ("FATAL", False)],
)
def test_a_line_of_supervisord_is_a_process(state: str, is_well: bool) -> None:
    line = f"worker-{NAME}   {state}   pid 42, uptime 0:01:02"
    expected = Process(name="worker", release=NAME, state=state.lower(), is_well=is_well)
    assert Supervisord(Shell(), LAYOUT, "production").process(line) == expected
    assert Supervisord(Shell(), LAYOUT, "production").process("unix:///x no such file") is None


@pytest.fixture
def supervisord() -> Iterator[Supervisord]:
    """A real one, in a folder whose name leaves room for a socket's."""
    with tempfile.TemporaryDirectory(prefix="s-", dir="/tmp") as folder:
        running = Supervisord(Shell(), Layout(folder), "production")
        running.install(["worker"])
        script = Path(folder, "releases", NAME, ".host", "worker")
        script.parent.mkdir(parents=True)
        script.write_text(UNHURRIED)
        yield running
        daemon = psutil.Process(int(running.control("pid")))
        running.control("shutdown")
        daemon.wait(30)


def test_supervisord_rests_while_a_process_takes_its_time_to_end(supervisord: Supervisord) -> None:
    supervisord.start("worker", NAME)
    said = Path(supervisord.layout.release(NAME), ".host", "said")
    wait_until(said.exists, "the process begins")
    daemon = psutil.Process(int(supervisord.control("pid")))
    begun, spent = time.monotonic(), sum(daemon.cpu_times()[:2])
    supervisord.stop("worker", NAME)
    waited, spent = time.monotonic() - begun, sum(daemon.cpu_times()[:2]) - spent
    assert said.read_text().split() == ["begun", "finished"]
    assert supervisord.running() == []
    assert spent < waited / 4


def test_what_has_ended_or_never_was_is_stopped_already(supervisord: Supervisord) -> None:
    supervisord.start("worker", NAME)
    supervisord.control("stop", f"worker-{NAME}")
    supervisord.stop("worker", NAME)
    supervisord.stop("web", NAME)
    assert supervisord.running() == []


def test_a_supervisord_that_nobody_reaches_is_told(tmp_path: Path) -> None:
    nobody = Supervisord(Shell(), Layout(str(tmp_path)), "production")
    with pytest.raises(Stopped, match=f"Stopping worker-{NAME}"):
        nobody.stop("worker", NAME)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a systemctl notes how it is called: systemd itself runs in no test."""
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "asked").touch()
    return tmp_path / "asked"


def test_systemd_is_asked_to_start_now_and_with_the_machine_and_to_stop_for_good(
    systemd: Systemd, asked: Path
) -> None:
    systemd.is_root = True
    systemd.start("web", NAME)
    systemd.stop("web", NAME)
    assert asked.read_text().splitlines() == [
        f"enable --quiet --now slipway-production-web@{NAME}.service",
        f"disable --quiet --now slipway-production-web@{NAME}.service",
        f"reset-failed slipway-production-web@{NAME}.service",
    ]


def test_systemd_forgets_what_a_kill_left_enabled(
    systemd: Systemd, asked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    systemd.is_root = True
    monkeypatch.setattr(Systemd, "folder", lambda self: str(tmp_path))
    (tmp_path / "default.target.wants").mkdir()
    other = "20261127T120000Z-0000000"
    for unit in (systemd.unit("web", NAME), systemd.unit("web", other), "nginx.service"):
        (tmp_path / "default.target.wants" / unit).symlink_to(tmp_path / "web@.service")
    systemd.forget(all_but=NAME)
    assert asked.read_text().splitlines() == [
        f"disable --quiet slipway-production-web@{other}.service"
    ]
