"""Takes a backup: one snapshot counted and dumped, proved, encrypted and stored as it streams."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from django.conf import settings
from psycopg import IsolationLevel

from apps.ops.backups import BackupFailed, sealing
from apps.ops.backups.counting import Counts, count, count_copied, differences
from apps.ops.backups.manifest import Manifest, manifest_file, name_of
from apps.ops.backups.piping import Program, started
from apps.ops.backups.server import Connection, Server, owners_server, program, version
from apps.ops.backups.store import Store
from apps.tenants.scope import platform_scope

log = structlog.get_logger("slipway.ops")
REASON = "A backup of the whole database"
MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY id"
EXTENSIONS = """
SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql' ORDER BY 1
"""


def take(store: Store) -> Manifest:
    """Take a backup into `store`; return its manifest, which is stored last.

    Raises BackupFailed; then nothing is left that looks like a backup. Walls: the owner is let
    through them, or, with one role, the setting that the platform's scope sets; whether that was
    so is proved by the rows that the dump turns out to hold.
    """
    sealing.recipients()  # before anything is asked of anyone
    began = datetime.now(UTC)
    clock = time.monotonic()
    # Entered for its record: the dump goes over connections of its own.
    with platform_scope(reason=REASON):
        manifest = dumped(store, owners_server(), began)
    finished = Manifest(**vars(manifest) | {"seconds": round(time.monotonic() - clock, 1)})
    store.put(manifest_file(finished.name), finished.to_json())
    log.info("backup.taken", backup=finished.name, rows=finished.rows, bytes=finished.size)
    return finished


def dumped(store: Store, server: Server, began: datetime) -> Manifest:
    """Dump one snapshot into the store, and say what it holds. Raises BackupFailed."""
    name = name_of(settings.ENVIRONMENT, began)
    with server.connected() as opened, snapshot(opened) as identifier:
        counts = count(opened)
        major = opened.info.server_version // 10_000
        pg_dump, pg_restore = (program(one, at_least=major) for one in ("pg_dump", "pg_restore"))
        command = [
            str(pg_dump),
            "--format=custom",
            "--schema=public",
            f"--snapshot={identifier}",
            # By default it would fail at a wall that holds the owner too. With this it sees what
            # the setting shows, which is everything, and the proof finds whatever it is not.
            "--enable-row-security",
        ]
        proof = [str(pg_restore), "--data-only", "--file=-"]
        with (
            store.writing(f"{name}.dump.age") as writer,
            started(command, server) as dumping,
            started(proof, server) as proving,
        ):
            sealing.seal(Dump(dumping, proving, counts), writer)
        return Manifest(
            name=name,
            environment=settings.ENVIRONMENT,
            release=settings.RELEASE,
            began=began,
            seconds=0,
            server=opened.info.parameter_status("server_version") or str(major),
            dumped_by=version(pg_dump),
            extensions=dict(opened.execute(EXTENSIONS).fetchall()),
            migrations=[row[0] for row in opened.execute(MIGRATIONS).fetchall()],
            tables=counts,
            recipients=list(settings.BACKUP_RECIPIENTS),
            size=writer.size,
            sha256=writer.sum.hexdigest(),
        )


@contextmanager
def snapshot(opened: Connection) -> Iterator[str]:
    """Hold the moment that everything is read at; only one backup is taken at a time."""
    opened.isolation_level = IsolationLevel.REPEATABLE_READ
    opened.read_only = True
    with opened.transaction():
        row = opened.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext('slipway.backup')), pg_export_snapshot()"
        ).fetchone()
        if row is None or not row[0]:
            raise BackupFailed("Another backup is being taken; wait for it, or end it")
        yield row[1]


class Dump:
    """pg_dump's output, to be read to its end; there, what was read is proved by its rows.

    While it is read, pg_restore makes SQL of it again, of which the rows are counted, so that the
    proof is of what was stored and not of what was meant to be.
    """

    def __init__(self, dumping: Program, proving: Program, counts: Counts) -> None:
        self.dumping = dumping
        self.proving = proving
        self.counts = counts
        self.found: Counts = {}
        self.failure: BackupFailed | None = None
        self.at_end = False
        # In a thread of its own, so that no pipe fills up.
        self.counting = threading.Thread(target=self.count, daemon=True)
        self.counting.start()

    def count(self) -> None:
        self.found = count_copied(self.proving.stdout)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, and none only at the end, once everything is proved.

        Raises OSError, as the library that reads expects it; `failure` has what is to be said.
        """
        try:
            chunk = self.dumping.stdout.read(size)
            if chunk:
                self.feed(chunk)
            elif not self.at_end:
                self.at_end = True
                self.prove()
        except BackupFailed as failure:
            self.failure = failure
            raise OSError from failure
        return chunk

    def feed(self, chunk: bytes) -> None:
        try:
            self.proving.write(chunk)
        except BrokenPipeError:
            self.proving.end()
            raise BackupFailed("pg_restore stopped reading the dump") from None

    def prove(self) -> None:
        """Raise BackupFailed unless the dump is whole and has every row."""
        self.dumping.end()
        self.proving.stdin.close()
        self.counting.join()
        self.proving.end()
        if missing := differences(self.counts, self.found):
            raise BackupFailed(
                "The dump does not hold what the database does, so it is no backup: "
                + "; ".join(missing[:5])
            )
