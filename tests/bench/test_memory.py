"""What memory each process takes under production's settings, after 500 requests and an export."""

import os
import re
import shlex
from pathlib import Path

import psutil
import pytest
import requests

from apps.clients.management.commands.seed import OWNER, PASSWORD
from config.machine import MIB, PER_PROCESS, THREADS
from dev.portal import Portal

pytestmark = pytest.mark.bench
REQUESTS = 500
PAGES = ("/t/northwind/", "/t/northwind/clients/", "/workspaces/", "/account/", "/no/such/page/")


def sign_in(portal: Portal, session: requests.Session) -> None:
    page = session.get(f"{portal.url}/accounts/login/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"login": OWNER[0], "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    session.post(
        f"{portal.url}/accounts/login/", data=form, headers={"Referer": f"{portal.url}/"}
    ).raise_for_status()


def memory_of(root: int) -> list[tuple[str, int, int]]:
    """The process that was started and those below it: which it is, resident and own bytes."""
    first = psutil.Process(root)
    found = [("first", first), *(("child", one) for one in first.children(recursive=True))]
    return [
        (name, one.memory_info().rss, one.memory_full_info().pss)  # Linux alone tells the latter
        for name, one in found
    ]


def test_what_each_process_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "portal"
    files = ["--certfile", str(folder / "certificate.pem"), "--keyfile", str(folder / "key.pem")]
    arguments = shlex.join([*files, "--threads", str(THREADS)])
    variables = {"GUNICORN_CMD_ARGS": arguments, "WORKER_CONCURRENCY": "2"}
    with (
        Portal(servers=os.environ, folder=folder, variables=variables) as portal,
        requests.Session() as session,
    ):
        portal.authority.cert_pem.write_to_path(str(tmp_path / "root.pem"))
        session.verify, session.trust_env = str(tmp_path / "root.pem"), False
        sign_in(portal, session)
        for number in range(REQUESTS):
            session.get(portal.url + PAGES[number % len(PAGES)])
        portal.manage("send_test_mail", "ada@slipway.example")
        portal.mailbox.wait_for("ada@slipway.example", "test mail")
        assert portal.processes
        running = portal.processes.running
        seen = {name: memory_of(process.pid) for name, process in running.items()}
    with capsys.disabled():
        for name, processes in seen.items():
            print(f"\n{name}: {sum(pss for _, _, pss in processes) / MIB:.0f} MiB in all")
            for what, rss, pss in processes:
                print(f"  {what:<6} resident {rss / MIB:4.0f} MiB, its share {pss / MIB:4.0f} MiB")
    for name in ("web", "worker"):
        assert sum(pss for _, _, pss in seen[name]) < 2 * PER_PROCESS, "two fit 512 MiB"
