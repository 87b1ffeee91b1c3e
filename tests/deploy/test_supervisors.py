"""What systemd is given, and how what it and supervisord say is read."""

import os
from pathlib import Path

import pytest

from deploy.host.layout import Layout
from deploy.host.shell import Shell
from deploy.host.supervisors import Supervisord, Systemd
from deploy.target import Process

NAME = "20261128T120000Z-4f2c91a"
LAYOUT = Layout("/srv/slipway")


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
