"""How many rows each table has: in the database, and in what a dump of it really holds."""

import re
from collections.abc import Iterable

from apps.ops.backups import BackupFailed
from apps.ops.backups.server import Connection

# Tables of the schema public, without those that an extension brought.
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname), n.nspname = 'public'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND (n.nspname = 'public' OR pg_has_role(c.relowner, 'USAGE'))
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
LARGE_OBJECTS = "SELECT count(*) FROM pg_largeobject_metadata"
COPY = re.compile(rb"COPY (\S.*?) (?:\(.*\) )?FROM stdin;\n")
Counts = dict[str, int]


def count(opened: Connection) -> Counts:
    """Count every table's rows as the connection sees them.

    Raises BackupFailed for what a dump would leave out: tables elsewhere, large objects.
    """
    tables = opened.execute(TABLES).fetchall()
    elsewhere = [name for name, in_public in tables if not in_public]
    if elsewhere:
        raise BackupFailed(f"Tables outside of the schema public: {', '.join(elsewhere)}")
    row = opened.execute(LARGE_OBJECTS).fetchone()
    if row and row[0]:
        raise BackupFailed(f"{row[0]} large objects, which a backup does not take along")
    counts: Counts = {}
    for name, _ in tables:
        # The server itself quoted the name.
        found = opened.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608
        counts[name] = found[0] if found else 0
    return counts


def count_copied(lines: Iterable[bytes]) -> Counts:
    """Count the rows in the SQL that pg_restore makes of a dump; a row is a line there."""
    counts: Counts = {}
    table, rows = "", 0
    for line in lines:
        if table:
            if line == b"\\.\n":
                counts[table], table = rows, ""
            else:
                rows += 1
        elif line.startswith(b"COPY ") and (begun := COPY.fullmatch(line)):
            table, rows = begun[1].decode(), 0
    return counts


def differences(wanted: Counts, found: Counts) -> list[str]:
    """Say each table whose rows differ: "public.clients_client: 12 rows, not 40"."""
    return [
        f"{name}: {found.get(name, 'no')} rows, not {wanted.get(name, 'any')}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
