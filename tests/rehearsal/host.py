"""The machine of the rehearsal: versions to ship to it, people on it, and a power that can be cut.

PostgreSQL is the suite's, Valkey and the mail server are its own. What ships there is the product's
own command line, with its own smoke test.
"""

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

import psutil
import psycopg

from dev.portal import with_database
from tests.deploy.machine import Machine
from tests.rehearsal.versions import Versions
from tests.world.crowd import Person, hear_crowd

KINDS = ("web", "worker", "beat")
LONGEST = 600  # seconds that a command may take before it counts as hung
STEP = re.compile(r"^→ (.+)$")
ENDED = re.compile(r"^[✓✗] (.+) (\d+\.\d) s$")
# What every process of a command inherits; no process that the supervisor starts has it.
MARKED = "REHEARSAL_COMMAND"
DESPITE = "a rehearsal on loopback, where no CI has run"
# Somebody who may sign in and write, in a workspace of their own, for the smoke test.
SMOKE = "smoke@harbourside.co"
HIRE = """
from apps.accounts.models import User
from apps.tenants.models import Tenant
user = User.objects.create_user("{email}", "{password}", name="Smoke")
user.emailaddress_set.create(email=user.email, verified=True, primary=True)
Tenant.objects.found(name="Smoke", owner=user)
"""
JOBS = "SELECT state, count(*) FROM jobs_job WHERE kind = 'transfers.export' GROUP BY state"
# It is said of an export in the transaction in which it is done.
EXPORTS = "SELECT count(*) FROM audit_event WHERE action = 'export.created' GROUP BY target_id"


@dataclass
class Command:
    """A command of deploy/ and what came of it; `cut_in` is the step that the power went in."""

    words: tuple[str, ...]
    code: int | None = None
    lines: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cut_in: str = ""

    def __str__(self) -> str:
        how = f"cut in: {self.cut_in}" if self.cut_in else f"exit {self.code}"
        return f"{self.seconds:6.1f} s  {' '.join(self.words[:2])}  {how}"

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def steps(self) -> list[str]:
        """The steps that began, in order."""
        return [found[1] for line in self.lines if (found := STEP.match(line))]

    @property
    def times(self) -> list[tuple[str, float]]:
        """How long each step took that ended."""
        found = [ended for line in self.lines if (ended := ENDED.match(line))]
        return [(each[1], float(each[2])) for each in found]


@dataclass(frozen=True)
class Cut:
    """When the power goes: that many seconds after a step began; the steps count from 0."""

    step: int
    after: float


class Host(Machine):
    """The machine, inside a `with` block; `deploy` and `rollback` are what a person types."""

    def __init__(self, *, servers: Mapping[str, str], folder: Path) -> None:
        super().__init__(servers=servers, folder=folder)
        self.fork = self.versions = Versions(folder / "product", environment=self.place())
        self.password = secrets.token_urlsafe(24)
        self.crowd: list[Person] = []
        self.commands: list[Command] = []

    def make_checkout(self) -> None:
        """Commit every version; the smoke test is the product's own."""
        self.versions.make()

    def deploy(self, version: str, cut: Cut | None = None) -> Command:
        """Type `deploy/deploy COMMIT`."""
        commit = self.versions.commits[version]
        return self.follow("deploy", commit, "--despite", DESPITE, cut=cut)

    def rollback(self) -> Command:
        """Type `deploy/rollback`."""
        return self.follow("rollback")

    def follow(self, *words: str, cut: Cut | None = None) -> Command:
        """Type a command, and wait until it has ended, or until the power is cut."""
        command, mark, began = Command(words), secrets.token_hex(8), time.monotonic()
        self.commands.append(command)
        hung = Timer(LONGEST, kill_all, [mark])
        with subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", *command.words],
            cwd=self.versions.folder,
            env=self.operator() | {MARKED: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            hung.start()
            try:
                self.read(command, process, mark, cut)
            except BaseException:  # such as Ctrl-C
                kill_all(mark)
                raise
            command.code = process.wait()
        hung.cancel()
        command.seconds = time.monotonic() - began
        return command

    def read(
        self, command: Command, process: "subprocess.Popen[str]", mark: str, cut: Cut | None
    ) -> None:
        """Take down what a command says, until it has ended or the power is cut."""
        assert process.stdout
        for line in process.stdout:
            command.lines.append(line.rstrip())
            if cut and len(command.steps) > cut.step:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(cut.after)
                # At once: to find what it started takes a moment, in which it would go on.
                process.kill()
                command.cut_in = command.steps[cut.step]
                kill_all(mark)
                return

    def operator(self) -> dict[str, str]:
        return {**super().operator(), "SMOKE_EMAIL": SMOKE, "SMOKE_PASSWORD": self.password}

    def open_up(self) -> None:
        """Let people in before anything is shipped, and among them whoever tests the smoke."""
        self.manage("migrate", "--verbosity", "0")
        hire = HIRE.format(email=SMOKE, password=self.password)
        told = self.manage(
            *("shell", "--verbosity", "0", "--command"),
            f"{hire}\nfrom tests.world.crowd import tell_crowd\nprint(tell_crowd())",
        )
        self.crowd = hear_crowd(told)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database as its owner, beyond all walls."""
        url = with_database(self.servers["DATABASE_OWNER_URL"], self.database)
        with psycopg.connect(url, options="-c slipway.platform=on") as connection:
            return connection.execute(query.encode()).fetchall()

    def jobs(self) -> dict[str, int]:
        """How many exports there are in each state."""
        return dict(self.sql(JOBS))

    def exports(self) -> list[int]:
        """How often each export was done."""
        return [times for (times,) in self.sql(EXPORTS)]

    def unfinished(self) -> list[str]:
        """What lies in the machine's folder and is neither whole nor in use."""
        releases = {each.name for each in (self.home / "releases").iterdir()}
        whole = {each.parent.parent.name for each in self.home.glob("releases/*/.host/about.json")}
        sockets = {each.name for each in self.home.glob("run/*Z-*.sock")}
        live = (self.home / "current").resolve().name
        links = {each.readlink().name for each in self.home.glob("environments/[!.]*")}
        made = {each.name for each in self.home.glob("environments/.*")}
        programs = {each.stem for each in self.home.glob("supervisor/*.ini")}
        return sorted(
            (releases - whole)
            | (sockets - {f"{live}.sock"})
            | (made - links)
            | (programs - {f"{kind}-{live}" for kind in KINDS})
        )

    def beats(self) -> int:
        """How many schedulers run in the machine's folder, whoever started them."""
        found = 0
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_ours = Path(process.cwd()).is_relative_to(self.home)
                found += is_ours and " beat " in " ".join(process.cmdline())
        return found


def marked(mark: str) -> list[psutil.Process]:
    """Every process that inherited this mark."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARKED) == mark:
                found.append(process)
    return found


def kill_all(mark: str) -> None:
    """End a command and all that it started, as a power cut does: at once, and nobody tidies up."""
    while found := marked(mark):
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=5)
