"""What is written beside a backup, after it: what it holds, and how to know it for whole."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from apps.ops.backups import BackupFailed

FORMAT = 1
MADE_BY = "slipway backup"  # what lacks this was made by somebody else, and is left alone


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A backup, described. Two files carry its name: NAME.dump.age and NAME.json."""

    name: str
    environment: str
    release: str
    began: datetime  # the moment that the data is of
    seconds: float
    server: str  # the version of PostgreSQL
    dumped_by: int  # the major version of pg_dump, which pg_restore must be of at least
    extensions: dict[str, str]  # to the schema of each
    migrations: list[str]
    tables: dict[str, int]  # to the rows of each
    recipients: list[str]
    size: int
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.name}.dump.age"

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def to_json(self) -> bytes:
        """The manifest as it is stored."""
        told = asdict(self) | {"began": self.began.isoformat()}
        return json.dumps({"made_by": MADE_BY, "format": FORMAT, **told}, indent=2).encode()


def manifest_file(name: str) -> str:
    return f"{name}.json"


def name_of(environment: str, began: datetime) -> str:
    """A backup's name: whose it is and when, so that names sort by time."""
    return f"backup-{environment}-{began.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def from_json(text: bytes) -> Manifest | None:
    """Read a manifest; None for what is none of ours.

    Raises BackupFailed for one of ours that cannot be read, or that is of a later format.
    """
    try:
        told: dict[str, Any] = json.loads(text)
        if told.get("made_by") != MADE_BY:
            return None
    except (ValueError, AttributeError):
        return None
    if told.get("format") != FORMAT:
        raise BackupFailed(f"The manifest is of format {told.get('format')}; this reads {FORMAT}")
    try:
        values = {one.name: told[one.name] for one in fields(Manifest)}
        return Manifest(**values | {"began": datetime.fromisoformat(values["began"])})
    except (KeyError, ValueError, TypeError) as error:
        raise BackupFailed(f"A manifest cannot be read: {error!r}") from None
