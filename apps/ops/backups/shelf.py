"""The backups that the store has: found by their manifests, looked over, tidied."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from apps.ops.backups import BackupFailed, retention
from apps.ops.backups.manifest import Manifest, from_json, manifest_file
from apps.ops.backups.store import Store

log = structlog.get_logger("slipway.ops")
OURS = re.compile(r"backup-(?P<environment>[a-z]+)-(?P<at>\d{8}T\d{6}Z)\.(?P<kind>json|dump\.age)")
DRILL = re.compile(r"drill-(?P<environment>[a-z]+)-\d{8}T\d{6}Z\.json")
ABANDONED = timedelta(days=2)  # longer than a backup takes


@dataclass(frozen=True)
class Shelf:
    """The backups in a store; a dump without a manifest was never finished, and is none."""

    store: Store

    def backups(self, environment: str = "") -> list[Manifest]:
        """All whole backups, the newest first; of one environment, if it is named."""
        return list(self.newest_first(environment))

    def newest(self, environment: str) -> Manifest | None:
        return next(self.newest_first(environment), None)

    def newest_first(self, environment: str = "") -> Iterator[Manifest]:
        """Read one manifest after the other, for as long as somebody wants the next."""
        files = self.store.names()
        found = [match for name in files if (match := OURS.fullmatch(name))]
        for one in sorted(found, key=lambda match: match["at"], reverse=True):
            if one["kind"] == "json" and environment in ("", one["environment"]):
                manifest = from_json(self.store.get(one[0]))
                if manifest and files.get(manifest.file) == manifest.size:
                    yield manifest

    def named(self, name: str) -> Manifest:
        """The backup of that name. Raises BackupFailed if there is none, or no whole one."""
        manifest = from_json(self.store.get(manifest_file(name)))
        if manifest is None or manifest.name != name:
            raise BackupFailed(f"{manifest_file(name)} is no backup's manifest")
        return manifest

    def verify(self, manifest: Manifest) -> None:
        """Read the whole file; raises BackupFailed unless it is byte for byte what was written."""
        total, size = hashlib.sha256(), 0
        for chunk in self.store.read(manifest.file):
            total.update(chunk)
            size += len(chunk)
        if (size, total.hexdigest()) != (manifest.size, manifest.sha256):
            raise BackupFailed(
                f"{manifest.file} is damaged: its checksum or size is not the manifest's. "
                "Use another (backup --list), and take a new one now."
            )

    def tidy(self, environment: str) -> list[str]:
        """Delete what retention no longer keeps, and what was never finished; return the names.

        Only of this environment, and only what a manifest or a name says is ours; never the newest.
        """
        backups = {one.name: one for one in self.backups(environment)}
        keep = retention.kept(
            {name: one.began for name, one in backups.items()}, settings.BACKUP_KEEP
        )
        gone = [name for name in backups if name not in keep]
        for name in gone:
            # The manifest first: what is half deleted must not look like a backup.
            self.store.delete(manifest_file(name))
            self.store.delete(backups[name].file)
        gone += self.sweep(environment, backups)
        for name in gone:
            log.info("backup.deleted", backup=name)
        return gone

    def sweep(self, environment: str, backups: dict[str, Manifest]) -> list[str]:
        """Delete dumps that no manifest followed, once nobody can still be writing them."""
        if not backups:
            return []  # then an unfinished dump may be all that there is
        names = self.store.names()
        abandoned = []
        for name in names:
            one = OURS.fullmatch(name)
            if not one or one["kind"] == "json" or one["environment"] != environment:
                continue
            age = timezone.now() - datetime.strptime(one["at"] + "+0000", "%Y%m%dT%H%M%SZ%z")
            stem = name.removesuffix(".dump.age")
            if age > ABANDONED and manifest_file(stem) not in names:
                self.store.delete(name)
                abandoned.append(stem)
        return abandoned

    def record_drill(self, drill: dict[str, Any], *, environment: str, at: datetime) -> None:
        """Keep that a restore was tried, where the backups are: it outlives the database."""
        name = f"drill-{environment}-{at:%Y%m%dT%H%M%SZ}.json"
        self.store.put(name, json.dumps(drill, indent=2).encode())

    def newest_drill(self, environment: str) -> dict[str, Any] | None:
        """The record of the last restore that was tried and went well."""
        names = [
            name
            for name in self.store.names()
            if (one := DRILL.fullmatch(name)) and one["environment"] == environment
        ]
        if not names:
            return None
        drill: dict[str, Any] = json.loads(self.store.get(max(names)))
        return drill
