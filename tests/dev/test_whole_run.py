"""`make run` from a fresh clone to Ctrl-C, and again: it answers, and nothing stays behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from dev import state
from dev.valkey import free_port

pytestmark = pytest.mark.prove

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "staticfiles", "screenshots")


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A clone of this tree in a folder with spaces; its environment is this one."""
    root = tmp_path / "my first product"
    shutil.copytree(state.ROOT, root, ignore=LEFT_OUT)
    yield root
    if os.geteuid() == 0:
        shutil.rmtree(state.database_home(root), ignore_errors=True)
    shutil.rmtree(state.socket_folder(root), ignore_errors=True)


@contextmanager
def running(root: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the portal as a person would; yield it with what it printed until it was ready."""
    outside = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "dev"],
        cwd=root,
        env=outside | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    printed = ""
    for line in process.stdout:
        printed += line
        if "Stop with Ctrl-C" in line:
            break
    try:
        yield process, printed
    finally:
        process.terminate()
        process.communicate(timeout=30)


def people_of(root: Path) -> list[psutil.Process]:
    """Every process that works in the clone or on its data."""
    folders = (str(root), str(state.database_home(root)))
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(folders) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_it_starts_answers_stops_and_keeps_its_data(clone: Path) -> None:
    port = free_port()
    with running(clone, port) as (portal, printed):
        assert re.findall(r"^✓ (\w+)", printed, re.MULTILINE) == [
            "servers",
            "database",
            "processes",
        ]
        assert f"http://localhost:{port}/dev/mail/" in printed
        for role in ("owner", "admin", "member", "viewer", "stranger"):
            assert re.search(rf"^  {role}\s+\S+@", printed, re.MULTILINE)
        with urllib.request.urlopen(f"http://localhost:{port}/healthz") as answer:
            assert answer.status == 200
        secrets = (clone / ".env").read_text().split("\n")[:3]
        assert len(people_of(clone)) > 5

        portal.send_signal(signal.SIGINT)
        said, _ = portal.communicate(timeout=60)
        assert portal.returncode == 0
        assert said.rstrip().endswith("Stopped.")
        assert people_of(clone) == []

    port = free_port()
    with running(clone, port) as (portal, printed):
        assert f"http://localhost:{port}" in printed
        assert (clone / ".env").read_text().split("\n")[:3] == secrets
        second = subprocess.run(
            [sys.executable, "-m", "dev"],
            cwd=clone,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert (
            second.stderr == f"✗ Already running here, at http://localhost:{port}; stop it there\n"
        )

        next(each for each in people_of(clone) if "beat" in each.cmdline()).kill()
        said, _ = portal.communicate(timeout=60)
        assert portal.returncode == 1
        assert "beat ended by itself (status -9)" in said
        assert people_of(clone) == []
