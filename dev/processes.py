"""Runs the lines of a Procfile as one: their output under their names, and one end for all.

Knows neither the servers nor the settings. A Procfile runner from the registry was weighed: what
`make run` needs besides starting (output held until all is ready, the last lines of what died, an
end of every process group within seconds) would have been the same code around it.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]  # its types come in a package of their own

from dev import state

LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(\S.*)$", re.MULTILINE)
COLOURS = (36, 33, 32, 35, 34)
LAST = 15


def directly(command: str) -> str:
    """Let a simple command take the place of its shell, so that it gets the signals itself.

    A worker asked to end finishes its task; asked together with its children, it would lose it.
    """
    return command if re.search(r"[;&|\n]", command) else f"exec env {command}"


def pids_beside(log: Path) -> Path:
    """Where it is noted which processes write to a log."""
    return log.with_suffix(".pids")


def end_earlier(log: Path) -> None:
    """End what a run that was killed left behind; whoever calls knows that no other runs."""
    pids = pids_beside(log)
    noted = pids.read_text().split() if pids.exists() else []
    for pid, born in zip(map(int, noted[::2]), map(float, noted[1::2]), strict=False):
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            process = psutil.Process(pid)
            # A process id is used again after a while; with its time of birth it is not.
            if process.create_time() == born:
                state.end(process, signal.SIGTERM, seconds=5)
                os.killpg(pid, signal.SIGKILL)
    pids.unlink(missing_ok=True)


class Processes:
    """The processes of a Procfile, started together and stopped together."""

    def __init__(self, procfile: Path, *, env: Mapping[str, str], folder: Path, log: Path) -> None:
        """Read the lines of `procfile`, to be run in `folder`; all they print goes to `log`."""
        self.commands = dict(LINE.findall(procfile.read_text()))
        self.env = dict(env)
        self.folder = folder
        self.log = log
        self.pids = pids_beside(log)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.last: dict[str, deque[str]] = {name: deque(maxlen=LAST) for name in self.commands}
        self.shown = False
        self.writing = threading.Lock()
        self.readers: list[threading.Thread] = []
        self.kept: IO[str] | None = None

    def start(self) -> None:
        """Start every line, each in a session of its own, which Ctrl-C does not reach."""
        kept = self.kept = self.log.open("w")
        for number, (name, command) in enumerate(self.commands.items()):
            with state.uninterrupted():
                # A Procfile's lines are shell lines.
                process = self.running[name] = subprocess.Popen(  # noqa: S602
                    directly(command),
                    shell=True,
                    cwd=self.folder,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                with suppress(psutil.NoSuchProcess), self.pids.open("a") as pids:
                    pids.write(f"{process.pid} {psutil.Process(process.pid).create_time()!r}\n")
            colour = COLOURS[number % len(COLOURS)]
            reader = threading.Thread(target=self.read, args=(name, process, colour, kept))
            reader.daemon = True
            reader.start()
            self.readers.append(reader)

    def read(self, name: str, process: subprocess.Popen[bytes], colour: int, kept: IO[str]) -> None:
        """Pass on what a process prints, line by line, under its name."""
        prefix = f"{name:<{max(map(len, self.commands))}} |"
        shown = f"\033[{colour}m{prefix}\033[0m" if sys.stdout.isatty() else prefix
        assert process.stdout
        with process.stdout as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace").rstrip()
                with self.writing:
                    self.last[name].append(line)
                    print(prefix, line, file=kept, flush=True)
                    if self.shown:
                        with suppress(OSError):  # the terminal may be gone; the pipe must drain
                            print(shown, line, flush=True)

    def show(self) -> None:
        """From now on, print what the processes say."""
        self.shown = True

    def ended(self) -> str | None:
        """The name of a process that is over, if one is; none of them should be."""
        return next((name for name, each in self.running.items() if each.poll() is not None), None)

    def obituary(self, name: str) -> str:
        """A process's last lines."""
        for reader in self.readers:
            reader.join(0.2)
        return "\n".join(f"  {line}" for line in self.last[name])

    def stop(self, seconds: float = 5) -> None:
        """Ask every process to end, then end what is left of each one's group."""
        self.shown = False
        with state.uninterrupted():
            for process in self.running.values():
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + seconds
            for process in self.running.values():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0, deadline - time.monotonic()))
            for process in self.running.values():
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running = {}
        self.pids.unlink(missing_ok=True)
        for reader in self.readers:
            reader.join(1)
        if self.kept:
            self.kept.close()
