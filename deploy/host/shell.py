"""How a command gets to the machine: run here, or over ssh; nothing secret is ever an argument."""

import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.target import Output, Stopped

SSH = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15"]
UNREACHED = 255  # what ssh itself ends with


class Shell:
    """Runs commands on this machine, or on the one that `ssh` names; `options` are more of ssh's.

    What cannot be reached raises Stopped.
    """

    def __init__(self, ssh: str = "", options: tuple[str, ...] = ()) -> None:
        self.ssh, self.options = ssh, options

    def run(self, command: list[str], *, text: str = "") -> Output:
        """Run a command with `text` as its input; its exit status and what it wrote."""
        done = subprocess.run(
            self.there(command),
            check=False,
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output = Output(status=done.returncode, text=done.stdout.decode("utf-8", "replace"))
        if self.ssh and output.status == UNREACHED:
            raise Stopped(
                f"Reaching {self.ssh}",
                output.text.strip() or "ssh says nothing",
                f"see that this works without being asked anything: ssh {self.ssh} true",
            )
        return output

    def must(self, what: str, script: str, *arguments: str, text: str = "") -> str:
        """Run a script of sh with arguments; what it wrote. Raises Stopped where it failed."""
        done = self.run(["sh", "-euc", script, "sh", *arguments], text=text)
        if done.status:
            raise Stopped(what, last_lines(done.text) or f"it ended with {done.status}", "")
        return done.text

    def there(self, command: list[str]) -> list[str]:
        """The command as this machine has to run it: ssh hands one line to a shell over there."""
        if not self.ssh:
            return command
        return [*SSH, *self.options, "--", self.ssh, shlex.join(command)]

    def tool(self, name: str) -> str:
        """A program's name; on this machine, the one in the project's own environment if it is."""
        beside = Path(sys.executable).with_name(name)
        return str(beside) if not self.ssh and beside.exists() else name

    def write(self, path: str, text: str, *, mode: str = "644") -> None:
        """Put a file in place, whole or not at all."""
        script = 'umask 077; cat >"$1.new"; chmod "$2" "$1.new"; mv -T "$1.new" "$1"'
        self.must(f"Writing {path}", script, path, mode, text=text)

    def send(self, folder: Path, to: str) -> None:
        """Copy what is in a folder into one that is there, as tar over standard input."""
        packing = subprocess.Popen(
            ["tar", "-C", str(folder), "-cf", "-", "."], stdout=subprocess.PIPE
        )
        with packing:
            done = subprocess.run(
                self.there(["tar", "-C", to, "-xf", "-", "--no-same-owner"]),
                check=False,
                stdin=packing.stdout,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        if done.returncode or packing.returncode:
            raise Stopped(f"Sending files to {to}", last_lines(done.stdout.decode()), "")

    @contextmanager
    def reach(self, socket: str) -> Iterator[str]:
        """A Unix socket on this machine that leads to the one over there."""
        if not self.ssh:
            yield socket
            return
        with tempfile.TemporaryDirectory() as folder:
            near = Path(folder) / "web.sock"
            options = ("-N", "-o", "ExitOnForwardFailure=yes", "-L", f"{near}:{socket}")
            tunnel = subprocess.Popen(
                [*SSH, *self.options, *options, self.ssh], stdin=subprocess.DEVNULL
            )
            try:
                while not near.exists():
                    if tunnel.poll() is not None:
                        raise Stopped(f"Reaching {socket} on {self.ssh}", "ssh ended", "")
                    time.sleep(0.05)
                yield str(near)
            finally:
                tunnel.terminate()
                tunnel.wait()

    def hold(self, lock: str) -> "subprocess.Popen[bytes] | None":
        """Hold a lock over there until the process that is returned ends; None if it is taken.

        Its input is a pipe from this process: however this one ends, the pipe breaks, and with it
        the lock.
        """
        held = subprocess.Popen(
            self.there(["flock", "-n", lock, "sh", "-c", "echo held; exec cat"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if held.stdout and held.stdout.readline() == b"held\n":
            return held
        release(held)
        return None


def release(held: "subprocess.Popen[bytes]") -> None:
    """Let a lock go, and wait until it is gone."""
    with held:
        if held.stdin:
            held.stdin.close()


def last_lines(text: str, count: int = 15) -> str:
    """The end of what a command wrote, which is where it says what is wrong."""
    return "\n".join(text.strip().splitlines()[-count:])
