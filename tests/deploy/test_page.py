"""docs/deploy.md: each of its commands is one that was run, and does what it says there."""

import os
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
ON_A_COPY = BASE_DIR / "tests/deploy/on_a_copy.sh"
PAGE = (BASE_DIR / "docs/deploy.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
VERBS = [shlex.split(line.removeprefix("deploy/")) for line in LINES if line.startswith("deploy/")]
# Heroku's own commands are compared in tests/deploy/platforms/test_verbs.py.
ELSEWHERE = ("deploy/", "python -m", "mkdir", "touch", "chmod", "heroku")
AS_ROOT = [line for line in LINES if not line.startswith(ELSEWHERE)]
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]


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


def as_root() -> list[str]:
    """What makes a command root's; skips where nothing does."""
    words = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    try:
        subprocess.run([*words, *NAMESPACES, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs Linux, and root or sudo without a password, to make a copy of it")
    return words


def test_root_prepares_the_machine_as_the_page_says(tmp_path: Path) -> None:
    assert [line.split()[0] for line in AS_ROOT] == [
        "apt-get",
        "adduser",
        "adduser",
        "install",
        "loginctl",
    ]
    look = """
        stat --format='%U:%G %a' /srv/slipway
        id --name --groups www-data
        ls /var/lib/systemd/linger
        command -v nginx
        command -v pg_dump
        python3 -m venv --without-pip /srv/slipway/venv && echo made
    """
    done = subprocess.run(
        [*as_root(), *NAMESPACES, "sh", str(ON_A_COPY), str(tmp_path)],
        input="\n".join(["{", *AS_ROOT, "} >&2", look]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder, groups, lingering, nginx, pg_dump, made = done.stdout.splitlines()
    assert folder == "deploy:deploy 750"
    assert groups.split() == ["www-data", "deploy"], "nginx reaches the product's socket"
    assert lingering == "deploy", "the user's processes run when nobody is signed in"
    assert (nginx, pg_dump, made) == ("/usr/sbin/nginx", "/usr/bin/pg_dump", "made")
