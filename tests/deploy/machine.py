"""A machine on loopback as docs/deploy.md makes one, and a founder's checkout to ship from.

PostgreSQL, Valkey, nginx and supervisord are real. The smoke test is the least one: its own suite
proves the real one, and here only matters what a deploy does with its verdict.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import psycopg

from apps.launch.plan import Environment
from deploy.host.building import WHICH, key_of
from deploy.host.nginx import site
from dev.portal import Portal, with_database
from dev.valkey import free_port
from tests.launch.world.fork import Fork, git
from tests.world.nginx import Nginx

DESPITE = ("--despite", "a machine on loopback")
LONGEST = 300  # seconds that a verb may take before it counts as hung
PLAN = """
[[environments]]
name = "production"
url = "{url}"
platform = "host"
folder = "{folder}"
supervisor = "supervisord"
"""
SMOKE = """
import sys
from http.client import HTTPSConnection
from urllib.parse import urlsplit
from deploy.host.ready import OnSocket
where = urlsplit(sys.argv[1])
near = [word.removeprefix("unix:") for word in sys.argv if word.startswith("unix:")]
asked = OnSocket(near[0]) if near else HTTPSConnection(where.hostname, where.port)
asked.request("GET", "/robots.txt", headers={"Host": where.netloc, "X-Forwarded-Proto": "https"})
answer = asked.getresponse()
print(answer.status, answer.read())
sys.exit(answer.status != 200)
"""


class Machine(Portal):
    """The machine, inside a `with` block."""

    def __init__(self, *, servers: Mapping[str, str], folder: Path) -> None:
        super().__init__(servers=servers, folder=folder)
        # Not below the folder: the path of a Unix socket has to be short.
        self.home = Path(tempfile.mkdtemp(prefix="machine-"))
        self.fork = Fork(folder / "product")
        self.typed: list[tuple[str, ...]] = []
        self.nginx = Nginx(self.edge(), folder=folder / "nginx", port=self.port)

    def environment(self, settings: str = "production") -> dict[str, str]:
        made = {
            **super().environment(settings),
            "CLIENT_ADDRESS_FROM": "host",
            "FILES_ROOT": str(self.home / "shared/files"),
            "WEB_CONCURRENCY": "1",
            # A folder of this machine: where the backups of a release go is not looked at here.
            "BACKUP_URL": f"file://{self.home}/backups",
            "BACKUP_RECIPIENTS": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        }
        for name in ("RELEASE", "PORT", "GUNICORN_CMD_ARGS", "DEV_MAIL_DIR"):
            del made[name]
        return made

    def fill(self) -> None:
        """Write what the machine is given once, and commit what is shipped first."""
        self.make_checkout()
        self.lend_environment()
        shared = self.home / "shared"
        shared.mkdir()
        own = {"PATH", "HOME", "ENV_FILE"}
        lines = [f"{name}='{text}'" for name, text in self.environment().items() if name not in own]
        (shared / ".env").write_text("\n".join([*lines, ""]))

    def make_checkout(self) -> None:
        """Commit what is shipped first, with a plan that says where."""
        self.fork.make()
        self.fork.plan.write_text(f"{self.fork.plan.read_text()}\n{self.place()}")
        (self.fork.folder / "deploy/smoke.py").write_text(SMOKE)
        self.fork.commit("Ship it to a machine")

    def place(self) -> str:
        """Where production is, as launch.toml says it."""
        return PLAN.format(url=self.url, folder=self.home)

    def lend_environment(self) -> None:
        """Spare the machine the packages: it finds the suite's own, under the name that it asks."""
        said = subprocess.run(
            ["sh", "dev/python", "-c", WHICH],
            cwd=self.fork.folder,
            env=self.operator(),
            check=True,
            capture_output=True,
            text=True,
        )
        environments = self.home / "environments"
        environments.mkdir()
        (environments / key_of(self.fork.folder, said.stdout)).symlink_to(sys.prefix)

    def edge(self) -> str:
        """The site that docs/deploy.md has made, on this machine's port and certificate."""
        place = Environment(name="production", url=self.url, folder=str(self.home))
        text = re.sub(r"listen \[::\].*;", "", site(place))
        text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
        text = text.replace("listen 443 ", f"listen 127.0.0.1:{self.port} ")
        text = re.sub(
            r"ssl_certificate .*;", f"ssl_certificate {self.folder}/certificate.pem;", text
        )
        text = re.sub(
            r"ssl_certificate_key .*;", f"ssl_certificate_key {self.folder}/key.pem;", text
        )
        text = text.replace("proxy_set_header Host $host;", "proxy_set_header Host $http_host;")
        return f"events {{}}\nhttp {{\naccess_log off;\n{text}\n}}"

    def _start(self) -> None:
        self.nginx.folder.mkdir()
        self.nginx.start()

    def stop(self) -> None:
        self.nginx.stop()
        pid = self.home / "run/supervisord.pid"
        if pid.exists():
            supervisor = psutil.Process(int(pid.read_text()))
            family = [supervisor, *supervisor.children(recursive=True)]
            # At once, as nobody judges their end; first whoever would start the others again.
            for each in family:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            psutil.wait_procs(family, timeout=30)
        super().stop()
        shutil.rmtree(self.home)

    def commit(self, **files: tuple[str, str]) -> str:
        """Commit a change to each file, old text by new; the commit's short name."""
        for name, (old, new) in files.items():
            path = self.fork.folder / name
            text = path.read_text()
            assert old in text, name
            path.write_text(text.replace(old, new))
        self.fork.commit("Change it")
        return git(self.fork.folder, "rev-parse", "--short=7", "HEAD").strip()

    @property
    def ca(self) -> str:
        path = self.folder / "ca.pem"
        if not path.exists():
            self.authority.cert_pem.write_to_path(str(path))
        return str(path)

    def operator(self) -> dict[str, str]:
        """The variables of whoever ships: none of the product's."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        account = {"SMOKE_EMAIL": "smoke@harbourside.co", "SMOKE_PASSWORD": "of-no-account"}
        return {"PATH": path, "HOME": str(self.folder), "SSL_CERT_FILE": self.ca, **account}

    def sql(self, statement: str) -> None:
        """Say something to the database as its owner."""
        url = with_database(self.servers["DATABASE_OWNER_URL"], self.database)
        with psycopg.connect(url) as connection:
            connection.execute(statement.encode())

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Type a verb."""
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", *words],
            cwd=self.fork.folder,
            env=self.operator(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def type(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Type a verb and wait for its end."""
        self.typed.append(words)
        with self.begin(*words) as process:
            out, err = process.communicate(timeout=LONGEST)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def status(self) -> dict[str, Any]:
        """What `deploy/status --json` says."""
        told: dict[str, Any] = json.loads(self.type("status", "--json").stdout)
        return told

    def live(self) -> str:
        """The release that answers behind nginx."""
        return str(json.loads(self.ask("/healthz"))["release"])

    def ask(self, page: str) -> str:
        """A page's text. Raises URLError where it is not answered with 200."""
        context = ssl.create_default_context(cafile=self.ca)
        with urlopen(f"{self.url}{page}", timeout=10, context=context) as answer:
            return str(answer.read().decode())

    @contextmanager
    def asked_all_the_time(self) -> Iterator[list[str]]:
        """Ask for pages until the block ends; the list has what went wrong."""
        wrong: list[str] = []
        over = threading.Event()

        def go() -> None:
            while not over.is_set():
                try:
                    over.wait(0.05)
                    self.ask("/robots.txt")
                except (URLError, OSError) as error:
                    wrong.append(str(error))

        threads = [threading.Thread(target=go) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield wrong
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def main_processes(self) -> list[str]:
        """The kind and release of each process that the supervisor has."""
        supervisor = psutil.Process(int((self.home / "run/supervisord.pid").read_text()))
        words = {"web": "gunicorn", "worker": " worker ", "beat": " beat "}
        lines = [(" ".join(each.cmdline()), each.cwd()) for each in supervisor.children()]
        return sorted(
            f"{kind} {Path(folder).name.rpartition('-')[2]}"
            for line, folder in lines
            for kind, word in words.items()
            if word in line
        )
