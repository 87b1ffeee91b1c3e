"""The lock that lets one release at a time change the database, on the connection that migrates.

It is the session's own lock: it ends with the session, however the process that held it ended, and
not before a statement of that process's has. So a release that was killed holds up the next one
until the database has put away what it left.
"""

import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from apps.core.owner import as_owner

KEY = (int.from_bytes(b"slip"), int.from_bytes(b"rele"))
PAUSE = 0.5  # seconds between two tries
HOLDER = """
SELECT a.application_name, a.pid, a.backend_start
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
WHERE l.locktype = 'advisory' AND l.granted AND (l.classid, l.objid, l.objsubid) = (%s, %s, 2)
"""


class Busy(Exception):
    """Somebody else has what this release needs; another try may do."""


class Unsuitable(Exception):
    """The database cannot be released to over this connection, or does not answer."""


@contextmanager
def lone_release() -> Iterator[float]:
    """Act as the owner, alone and under a release's limits; yields the seconds that it waited.

    Raises Busy, with who holds the lock, after RELEASE_WAIT, and Unsuitable through a pooler, which
    would hand lock and limits on to the next client.
    """
    with as_owner():
        refuse_pooler()
        limit_session()
        began = time.monotonic()
        take_lock(until=began + settings.RELEASE_WAIT)
        try:
            yield time.monotonic() - began
        finally:
            # With the session ends the lock.
            connection.close()


def refuse_pooler() -> None:
    """Raise Unsuitable unless the session that answers is the one that was connected to.

    PostgreSQL tells a client which of its processes answers (the protocol's BackendKeyData); a
    pooler tells a number of its own.
    """
    try:
        connection.ensure_connection()
    except DatabaseError as failure:
        raise Unsuitable(f"The database does not let the release in: {first_line(failure)}") from (
            failure
        )
    driver: Any = connection.connection
    if ask("SELECT pg_backend_pid()")[0][0] != driver.info.backend_pid:
        raise Unsuitable(
            "A connection pooler stands between this release and the database, and would hand the "
            "release's lock and limits to others. Set DATABASE_OWNER_URL to the address of the "
            "database itself."
        )


def limit_session() -> None:
    """Give this session a release's limits and its name, and have the database notice our end."""
    host = socket.gethostname()[:20]
    wanted = {
        "application_name": f"release {settings.RELEASE[:12]} on {host}, process {os.getpid()}",
        "lock_timeout": f"{settings.RELEASE_LOCK_TIMEOUT}s",
        "statement_timeout": f"{settings.RELEASE_STATEMENT_TIMEOUT}s",
        # Where the machine that released is gone without a word, within a minute; the usual is two
        # hours, for which nobody else could release.
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
    for name, value in wanted.items():
        ask("SELECT set_config(%s, %s, false)", name, value)
    # Ends a statement whose client is gone. PostgreSQL 14 knows it on Linux alone.
    with suppress(DatabaseError):
        ask("SELECT set_config('client_connection_check_interval', '2s', false)")


def take_lock(*, until: float) -> None:
    """Take the lock, or raise Busy at `until`.

    It asks again and again: a session that waited inside one statement would be waited for by the
    CREATE INDEX CONCURRENTLY of the release that it waits for.
    """
    while not ask("SELECT pg_try_advisory_lock(%s, %s)", *KEY)[0][0]:
        if time.monotonic() >= until:
            raise Busy(
                f"Another release is under way: {holder()}. This one waited for "
                f"{settings.RELEASE_WAIT} s (RELEASE_WAIT). Let that one end, then run it again."
            )
        time.sleep(PAUSE * random.uniform(0.5, 1.5))  # noqa: S311  (a pause is no secret)


def holder() -> str:
    """Who holds the lock and since when, as far as this role may see it."""
    for name, pid, since in ask(HOLDER, *KEY):
        return f"{name or 'of another role'}, database process {pid}, since {since:%H:%M:%S %Z}"
    return "it ended just now"


def ask(statement: str, *values: str | int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def first_line(failure: BaseException) -> str:
    """What went wrong, in one line."""
    return (str(failure).strip().splitlines() or [type(failure).__name__])[0]
