"""docs/deploy.md: each of its commands is one that was run, and does what it says there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import BASE_DIR
from tests.deploy.conftest import Journey
from tests.deploy.machine import DESPITE, Machine

pytestmark = [pytest.mark.prove, pytest.mark.xdist_group("machine")]
PAGE = (BASE_DIR / "docs/deploy.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
VERBS = [shlex.split(line.removeprefix("deploy/")) for line in LINES if line.startswith("deploy/")]
# What makes a user and puts packages in place is read by a shell and not carried out: a test must
# not change the machine that it runs on.
AS_ROOT = {"apt-get", "adduser", "install", "loginctl"}


def test_every_verb_of_the_page_was_typed(machine: Machine, journey: Journey) -> None:
    for words in (["status"], ["status", "--json"], ["deploy", "--dry-run", *DESPITE]):
        assert machine.type(*words).returncode == 0
    for words in (["backup"], ["restore", "--help"]):
        assert machine.type(*words).stdout, "the command's own words come back"
    assert len(VERBS) > 6
    for verb, *flags in VERBS:
        wanted = {flag for flag in flags if flag.startswith("-")}
        assert any(typed[0] == verb and wanted <= set(typed) for typed in machine.typed), (
            f"deploy/{verb} {flags}"
        )


def test_the_folder_is_made_as_the_page_says(tmp_path: Path) -> None:
    found = [line for line in LINES if line.split()[0] in {"mkdir", "touch", "chmod"}]
    script = "\n".join(found).replace("/srv/slipway", str(tmp_path))
    subprocess.run(["sh", "-euc", script], check=True)
    assert (tmp_path / "shared/.env").stat().st_mode & 0o777 == 0o600


def test_nginxs_site_is_made_as_the_page_says(machine: Machine, tmp_path: Path) -> None:
    (line,) = [line for line in LINES if line.startswith("python -m deploy.host.nginx")]
    command = line.replace("python", shlex.quote(sys.executable), 1)
    out = tmp_path / "slipway-production.conf"
    command = command.replace("slipway-production.conf", shlex.quote(str(out)))
    subprocess.run(["sh", "-euc", command], cwd=machine.fork.folder, check=True)
    assert f"server unix:{machine.home}/run/web.sock fail_timeout=0;" in out.read_text()


def test_the_rest_are_commands_of_root_that_a_shell_can_read() -> None:
    rest = [
        line
        for line in LINES
        if not line.startswith(("deploy/", "python -m", "mkdir", "touch", "chmod"))
    ]
    # Heroku's own are compared in tests/deploy/platforms/test_verbs.py.
    assert {line.split()[0] for line in rest} == {*AS_ROOT, "heroku"}
    subprocess.run(["sh", "-n"], input="\n".join(rest), text=True, check=True)
