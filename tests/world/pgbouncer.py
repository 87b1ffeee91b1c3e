"""A pgbouncer in transaction mode before the test's PostgreSQL, with fewer connections than asked.

It is the pooler that providers put before a database. The binary comes from the system's package.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from dev import state
from dev.valkey import free_port
from tests.world.waiting import wait_until

# Debian keeps it where only root looks.
PLACES = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])

# Nothing but the mode and the size is set: this is what a provider's pooler takes and refuses.
SETTINGS = """\
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = trust
auth_file = {people}
pool_mode = transaction
default_pool_size = {size}
admin_users = {user}
"""


class Pgbouncer:
    """One that runs until `close`; `servers` are those given, the runtime role's through it.

    All databases of the server can be asked for, each over `size` connections. The owner's way
    stays direct. Raises AssertionError where it is not installed or does not start.
    """

    def __init__(self, servers: Mapping[str, str], folder: Path, *, size: int) -> None:
        program = shutil.which("pgbouncer", path=PLACES)
        assert program, "This proof needs pgbouncer. Install it: apt-get install pgbouncer"
        server, port = urlsplit(servers["DATABASE_URL"]), free_port()
        through = server._replace(netloc=f"{server.username}@127.0.0.1:{port}").geturl()
        self.servers = {**servers, "DATABASE_URL": through}
        self.log = folder / "pgbouncer.log"
        settings, people = folder / "pgbouncer.ini", folder / "pgbouncer.people"
        people.write_text(f'"{server.username}" "{unquote(server.password or "")}"\n')
        settings.write_text(
            SETTINGS.format(
                host=unquote(server.hostname or ""),
                port=server.port or 5432,
                listen_port=port,
                people=people,
                size=size,
                user=server.username,
            )
        )
        # It refuses to run as root, and becomes the user that PostgreSQL runs as there.
        account = state.database_account()
        become = ["--user", account.pw_name] if account else []
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([program, *become, settings], stdout=log, stderr=log)
        wait_until(lambda: self.is_up() or self.has_ended(), "pgbouncer neither starts nor ends")
        assert self.is_up(), self.log.read_text()

    def is_up(self) -> bool:
        return "process up" in self.log.read_text()

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def reconnect(self) -> None:
        """Have it open its connections to the server anew, as an operator would."""
        console = urlsplit(self.servers["DATABASE_URL"])._replace(path="/pgbouncer").geturl()
        with psycopg.connect(console, autocommit=True) as connection:
            connection.execute("RECONNECT")

    def close(self) -> None:
        """End it, and with it its connections to the server."""
        self.process.terminate()
        self.process.wait(10)
