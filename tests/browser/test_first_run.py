"""The README's first command, as a newcomer types it: a fresh clone and an empty home."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser

from dev.valkey import free_port
from tests.browser.journey import person, whole_journey

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.prove, pytest.mark.browser, pytest.mark.xdist_group("browser")]


class FirstRun:
    """`make run` in a clone of its own, from the first line printed to Ctrl-C."""

    READY_SECONDS = 240

    def __init__(self, folder: Path) -> None:
        self.clone, self.port = folder / "my portal", free_port()
        self.url = f"http://localhost:{self.port}"
        home = folder / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(self.clone)], check=True)
        kept = ("PATH", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PYENV_ROOT")
        names = [n for n in os.environ if n in kept or n.startswith(("PIP_", "UV_"))]
        self.env = {name: os.environ[name] for name in names} | {"HOME": str(home)}
        self.process = subprocess.Popen(
            ["make", "run", f"PORT={self.port}"],
            cwd=self.clone,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.printed: list[str] = []
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as printed:
            for line in printed:
                self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, words: str) -> None:
        """Read what is printed until a line has `words` in it."""
        while True:
            line = self.lines.get(timeout=self.READY_SECONDS)
            assert line is not None, "make run ended:\n" + "".join(self.printed)
            self.printed.append(line)
            if words in line:
                return

    def stop(self) -> None:
        """Press Ctrl-C, which a terminal sends to make and to all that it runs."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(30)

    def left(self) -> list[str]:
        """The command lines of processes that still run in the clone."""
        return [
            " ".join(process.info["cmdline"] or [])
            for process in psutil.process_iter(["cwd", "cmdline"])
            if (process.info["cwd"] or "").startswith(str(self.clone))
        ]


class DevelopmentSite:
    """A portal that `make run` started; its mail is read where a developer reads it."""

    def __init__(self, run: FirstRun, chromium: Browser) -> None:
        self.url, self.chromium = run.url, chromium
        printed = subprocess.run(
            [".venv/bin/python", "manage.py", "seed", "--logins", "--json"],
            cwd=run.clone,
            env=run.env,
            check=True,
            capture_output=True,
            text=True,
        )
        self.password: str = json.loads(printed.stdout)[0]["password"]

    def read_mail(self, to: str, subject: str) -> str:
        reader = person(self, self.chromium)
        reader.go("/dev/mail/")
        mail = reader.page.get_by_role("row").filter(has_text=to).filter(has_text=subject)
        mail.first.get_by_role("link").first.click()
        text = reader.page.locator("pre").first.inner_text()
        reader.context.close()
        return text


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstRun]:
    folder = tmp_path_factory.mktemp("first-run")
    run = FirstRun(folder)
    try:
        run.wait_for("Ctrl-C")
        yield run
    finally:
        run.stop()
        subprocess.run(["make", "reset", "FORCE=1"], cwd=run.clone, env=run.env, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_newcomer_gets_from_clone_to_a_colleague_at_work(
    first_run: FirstRun, chromium: Browser, tmp_path: Path
) -> None:
    whole_journey(DevelopmentSite(first_run, chromium), chromium, tmp_path)
    first_run.stop()
    assert first_run.left() == []
