"""What keeps the processes running: systemd, or supervisord where there is none.

Both start a process by the script that its release has for it, made from the Procfile's line when
the release was sent, so that no line is said twice and an old release starts as it always did.
"""

import inspect
import re
from collections.abc import Callable
from typing import Protocol

from deploy.host import stopping
from deploy.host.layout import NAME, Layout
from deploy.host.shell import Shell, last_lines
from deploy.target import Process, Stopped

# Longer than gunicorn's and the worker's own time to finish; after it, they are killed.
SECONDS_TO_STOP = 60
LINES = 30  # of a process's log that are shown


class Supervisor(Protocol):
    """Starts, stops and lists processes; each has a kind (web, worker, beat) and a release."""

    def install(self, kinds: list[str]) -> None:
        """Make ready for processes of these kinds; again changes nothing."""

    def start(self, kind: str, release: str) -> None:
        """Start a process, now and whenever the machine starts; nothing if it runs."""

    def stop(self, kind: str, release: str) -> None:
        """Stop a process gracefully and for good; returns once it has ended."""

    def forget(self, all_but: str) -> None:
        """Let no process start by itself that is not of this release; a kill may have left some."""

    def running(self) -> list[Process]:
        """Every process that it knows, well or not."""

    def words(self, kind: str, release: str) -> str:
        """The last lines that a process wrote."""


UNIT = """\
# Made by deploy/: one instance for each release that runs. Changes here are overwritten.
[Unit]
Description=%p of release %i
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/bin/sh {folder}/releases/%i/.host/{kind}
# To the main process alone: a worker lets its children finish what they do.
KillMode=mixed
TimeoutStopSec={seconds}
Restart=always
RestartSec=1
NoNewPrivileges=yes

[Install]
WantedBy={wanted}
"""


class Systemd:
    """A template unit for each kind of process; root's own, or those of the user that signs in.

    The user's outlive a sign-out only if they linger: `loginctl enable-linger` (loginctl(1)).
    """

    def __init__(self, shell: Shell, layout: Layout, environment: str) -> None:
        self.shell, self.layout = shell, layout
        self.prefix = f"slipway-{environment}"
        self.is_root = shell.must("Asking who signs in", "id -u").strip() == "0"

    @property
    def command(self) -> str:
        if self.is_root:
            return "systemctl"
        # Some ways in, such as cron, do not say where the user's own systemd listens.
        return "XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl --user"

    def unit(self, kind: str, release: str = "") -> str:
        return f"{self.prefix}-{kind}@{release}.service"

    def text(self, kind: str) -> str:
        """A template unit's file."""
        wanted = "multi-user.target" if self.is_root else "default.target"
        return UNIT.format(
            folder=self.layout.folder, kind=kind, seconds=SECONDS_TO_STOP, wanted=wanted
        )

    def folder(self) -> str:
        """Where its units lie."""
        if self.is_root:
            return "/etc/systemd/system"
        script = 'mkdir -p "$HOME/.config/systemd/user"; echo "$HOME/.config/systemd/user"'
        return self.shell.must("Finding the user's units", script).strip()

    def install(self, kinds: list[str]) -> None:
        folder = self.folder()
        for kind in kinds:
            self.shell.write(f"{folder}/{self.unit(kind)}", self.text(kind))
        self.shell.must("Reading the units", f"{self.command} daemon-reload")

    def start(self, kind: str, release: str) -> None:
        script = f'{self.command} enable --quiet --now "$1"'
        self.shell.must(f"Starting {kind}", script, self.unit(kind, release))

    def stop(self, kind: str, release: str) -> None:
        script = (
            f'{self.command} disable --quiet --now "$1"; {self.command} reset-failed "$1" || true'
        )
        self.shell.must(f"Stopping {kind}", script, self.unit(kind, release))

    def forget(self, all_but: str) -> None:
        script = f"""
            for link in "$1"/*.wants/{self.prefix}-*@*.service; do
                case $link in *"@$2.service") continue ;; esac
                [ ! -L "$link" ] || {self.command} disable --quiet "${{link##*/}}"
            done
        """
        self.shell.must("Disabling units", script, self.folder(), all_but)

    def running(self) -> list[Process]:
        script = f'{self.command} list-units --all --plain --no-legend "$1"'
        text = self.shell.must("Asking systemd", script, f"{self.prefix}-*@*.service")
        return [found for line in text.splitlines() if (found := self.process(line))]

    def process(self, line: str) -> Process | None:
        """One line of list-units: unit, load, active, sub, description."""
        unit, _, active, sub, *_ = [*line.split(), "", "", "", ""]
        match = re.fullmatch(rf"{self.prefix}-(\w+)@({NAME.pattern})\.service", unit)
        if not match or (active, sub) == ("inactive", "dead"):
            return None
        return Process(name=match[1], release=match[2], state=sub, is_well=active == "active")

    def words(self, kind: str, release: str) -> str:
        whose = "" if self.is_root else "--user"
        script = f'journalctl {whose} --no-pager --output cat --lines {LINES} --unit "$1" || true'
        return self.shell.must("Reading the journal", script, self.unit(kind, release))


CONFIGURATION = """\
; Made by deploy/. Each process that has to run has a file beside this one.
[unix_http_server]
file={folder}/run/supervisor.sock
chmod=0700

[supervisord]
directory={folder}
pidfile={folder}/run/supervisord.pid
logfile={folder}/logs/supervisord.log
childlogdir={folder}/logs
nodaemon=false
umask=022

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{folder}/run/supervisor.sock

[include]
files={folder}/supervisor/*.ini
"""
PROGRAM = """\
[program:{kind}-{release}]
command=/bin/sh {folder}/releases/{release}/.host/{kind}
autostart=true
autorestart=true
startsecs=1
startretries=5
stopsignal=TERM
stopwaitsecs={seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={folder}/logs/{kind}-{release}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=1
"""


class Supervisord:
    """A supervisord of the environment's own, with a file for each process that has to run.

    The files are what counts: `update` starts what has one and stops what has none any more, also
    where an earlier deploy was killed between the two.
    """

    def __init__(self, shell: Shell, layout: Layout, environment: str) -> None:
        self.shell, self.layout = shell, layout
        self.folder = f"{layout.folder}/supervisor"
        self.file = f"{self.folder}/supervisord.conf"

    def control(self, *words: str) -> str:
        """Ask supervisorctl; its answer, whatever its status, which 3 says of what is stopped."""
        done = self.shell.run([self.shell.tool("supervisorctl"), "-c", self.file, *words])
        return done.text

    def install(self, kinds: list[str]) -> None:
        wanted = CONFIGURATION.format(folder=self.layout.folder)
        script = 'mkdir -p "$1/supervisor" "$1/logs" "$1/run"'
        self.shell.must("Making folders", script, self.layout.folder)
        self.shell.write(self.file, wanted)
        if not self.control("pid").strip().isdigit():
            script = '"$1" -c "$2"'
            self.shell.must(
                "Starting supervisord", script, self.shell.tool("supervisord"), self.file
            )

    def start(self, kind: str, release: str) -> None:
        text = PROGRAM.format(
            kind=kind, release=release, folder=self.layout.folder, seconds=SECONDS_TO_STOP
        )
        self.shell.write(f"{self.folder}/{kind}-{release}.ini", text)
        self.control("update", f"{kind}-{release}")
        self.control("start", f"{kind}-{release}")  # what had given up begins again

    def stop(self, kind: str, release: str) -> None:
        socket, name = f"{self.layout.folder}/run/supervisor.sock", f"{kind}-{release}"
        stopped = self.shell.run(
            [self.shell.tool("python3"), "-", socket, name], text=inspect.getsource(stopping)
        )
        if stopped.status:
            raise Stopped(f"Stopping {name}", last_lines(stopped.text), "")
        script = 'rm -f "$1" "$2" "$2.1"'
        log = f"{self.layout.folder}/logs/{kind}-{release}.log"
        self.shell.must("Removing", script, f"{self.folder}/{kind}-{release}.ini", log)
        self.control("update", f"{kind}-{release}")

    def forget(self, all_but: str) -> None:
        script = """
            for file in "$1"/*Z-*.ini; do
                case $file in *"-$2.ini") ;; *) rm -f "$file" ;; esac
            done
        """
        self.shell.must("Removing what was left", script, self.folder, all_but)
        self.control("update")

    def running(self) -> list[Process]:
        lines = self.control("status").splitlines()
        return [found for line in lines if (found := self.process(line))]

    def process(self, line: str) -> Process | None:
        """One line of status: name, state, and what there is to say of it."""
        match = re.match(rf"(\w+)-({NAME.pattern})\s+([A-Z]+)", line)
        if not match:
            return None
        return Process(
            name=match[1],
            release=match[2],
            state=match[3].lower(),
            is_well=match[3] in {"RUNNING", "STARTING"},
        )

    def words(self, kind: str, release: str) -> str:
        log = f"{self.layout.folder}/logs/{kind}-{release}.log"
        script = f'tail -n {LINES} "$1" 2>/dev/null || true'
        return self.shell.must("Reading the log", script, log)


KINDS: dict[str, Callable[[Shell, Layout, str], Supervisor]] = {
    "systemd": Systemd,
    "supervisord": Supervisord,
}
