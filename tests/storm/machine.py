"""The machine that the storm hits: servers of its own, and the product's processes on them.

Whatever ends is started again, as a platform does. Nothing here decides when something ends.
"""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psutil

from config.env import BASE_DIR
from dev.postgres import DATABASE, Postgres, find_binaries
from dev.servers import ThrowAway
from dev.valkey import find_binary, free_port
from tests.storm.handlers import AT_WORK
from tests.world.crowd import Person, hear_crowd
from tests.world.processes import command_of

TENANTS = 3
EFFECTS = """
CREATE TABLE storm_effect (
    id bigserial PRIMARY KEY, number int NOT NULL, job bigint NOT NULL, attempt int NOT NULL
);
CREATE TABLE storm_end (number int NOT NULL);
GRANT INSERT ON storm_effect, storm_end TO slipway_app;
GRANT USAGE ON storm_effect_id_seq TO slipway_app;
"""
FOUND = f"""
import json
from dataclasses import asdict
from tests.world.crowd import found
print(json.dumps([asdict(found(f"Tenant {{number}}")) for number in range({TENANTS})]))
"""
LOOK = 0.1  # seconds between two looks at how many jobs are done, and at what has ended


class Cluster(Postgres):
    """A PostgreSQL that keeps what it said it keeps, through a crash as well."""

    def crash(self) -> None:
        """End it as a crash does, and start it again: it has to recover from its log."""
        assert self.process
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        self.launch(find_binaries(self.account))


class Servers(ThrowAway):
    """The cluster and a Valkey that keeps nothing, in a folder that goes with them."""

    def __init__(self) -> None:
        super().__init__({})
        thrown_away = self.postgres
        self.postgres = self.cluster = Cluster(
            home=thrown_away.home, socket_folder=thrown_away.socket_folder, log=thrown_away.log
        )

    def kill_broker(self) -> None:
        """End Valkey as a power cut does, and start it again on the same port, empty."""
        assert self.valkey.process
        self.valkey.process.kill()
        self.valkey.process.wait()
        self.valkey.launch(find_binary())


class Part:
    """A process of the Procfile's that is started again whenever it has ended."""

    def __init__(self, name: str, command: str, *, log: IO[bytes], env: dict[str, str]) -> None:
        self.name, self.command, self.log, self.env = name, command, log, env
        self.starts = 0
        self.groups: list[int] = []
        self.start()

    def start(self) -> None:
        """Start it, in a group of its own."""
        self.process = subprocess.Popen(
            shlex.split(self.command),
            cwd=BASE_DIR,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.groups.append(self.process.pid)
        self.starts += 1

    def look(self) -> None:
        """Start it again if it has ended."""
        if self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        """End the whole of it, as a power cut does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill_first(self) -> None:
        """End the process that was started, and leave those that it started to themselves."""
        self.process.kill()

    def children(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def end(self) -> None:
        """End each of its lives at once: what they have done is on record by then."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class AtWork:
    """A pool process, and the attempt at a job that it is in the middle of."""

    process: psutil.Process
    job: int
    attempt: int


class Machine:
    """Servers, mail server and processes, inside a `with` block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers = Servers()
        self.record = folder / "postbox.jsonl"
        self.web_port = free_port()
        self.parts: dict[str, Part] = {}
        self.people: list[Person] = []
        self._looking, self._look_again_at, self._done = threading.Lock(), 0.0, 0
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._restart, daemon=True)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.addresses = self.servers.start()
            stack.callback(self.servers.stop)
            self._start_postbox(stack)
            self._fill()
            log = stack.enter_context((self.folder / "processes.log").open("wb"))
            for name, command in self._commands().items():
                part = Part(name, command, log=log, env=self.environment())
                self.parts[name] = part
                stack.callback(part.end)
            stack.callback(self._stop_watching)
            self._watch.start()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def workers(self) -> list[Part]:
        return [part for name, part in self.parts.items() if name.startswith("worker")]

    def environment(self) -> dict[str, str]:
        """The variables of every process."""
        return {
            **os.environ,
            **self.addresses,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ENV_FILE": os.devnull,
            "CLIENT_ADDRESS_FROM": "host",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "FILES_ROOT": str(self.folder / "files"),
            "WEB_CONCURRENCY": "2",
            "WORKER_CONCURRENCY": "2",
        }

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database as its superuser, beyond all walls."""
        with self.servers.cluster.connect(DATABASE) as connection:
            answer = connection.execute(query.encode())
            return answer.fetchall() if answer.description else []

    def done(self) -> int:
        """How many jobs were done a moment ago."""
        with self._looking:
            if time.monotonic() >= self._look_again_at:
                self._done = int(self.sql("SELECT count(*) FROM storm_effect")[0][0])
                self._look_again_at = time.monotonic() + LOOK
            return self._done

    def at_work(self) -> list[AtWork]:
        """The pool processes that are in the middle of a long job."""
        sessions = self.sql(
            "SELECT application_name FROM pg_stat_activity"
            f" WHERE application_name LIKE '{AT_WORK}%'"
        )
        found = []
        for (name,) in sessions:
            pid, job, attempt = map(int, name.removeprefix(AT_WORK).split())
            with suppress(psutil.NoSuchProcess):
                found.append(AtWork(psutil.Process(pid), job, attempt))
        return found

    def is_overtaken(self, busy: AtWork) -> bool:
        """Whether another attempt has done the job that a process is still at."""
        query = f"SELECT state, attempts FROM jobs_job WHERE id = {busy.job}"
        state, attempts = self.sql(query)[0]
        return bool(state == "succeeded" and attempts > busy.attempt)

    def _commands(self) -> dict[str, str]:
        """The Procfile's lines for the product in the storm: web, two workers, the scheduler."""
        web = command_of("web").replace("config.wsgi", "tests.storm.wsgi")
        worker, beat = (
            command_of(name).replace("--app config", "--app tests.storm.worker")
            for name in ("worker", "beat")
        )
        return {
            "web": f"{web} --bind 127.0.0.1:{self.web_port}",
            "worker 1": f"{worker} --hostname one@%h",
            "worker 2": f"{worker} --hostname two@%h",
            "beat": beat,
        }

    def _start_postbox(self, stack: ExitStack) -> None:
        postbox = subprocess.Popen(
            [sys.executable, "-m", "tests.storm.postbox", str(self.record)],
            cwd=BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(postbox.wait)
        stack.callback(postbox.kill)
        assert postbox.stdout
        stack.enter_context(postbox.stdout)
        self.mail_port = int(postbox.stdout.readline())

    def _fill(self) -> None:
        """Make the tables, and the people of three workspaces."""
        self._manage("migrate", "--verbosity", "0")
        self.sql(EFFECTS)
        self.people = hear_crowd(self._manage("shell", "--verbosity", "0", "--command", FOUND))

    def _manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=BASE_DIR,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _restart(self) -> None:
        while not self._ending.wait(LOOK):
            for part in self.parts.values():
                part.look()

    def _stop_watching(self) -> None:
        self._ending.set()
        self._watch.join()
