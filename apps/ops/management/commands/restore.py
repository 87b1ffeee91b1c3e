"""``manage.py restore``: brings a backup back, or tries it beside the product."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.ops.backups import BackupFailed, sealing
from apps.ops.backups.drilling import drill
from apps.ops.backups.manifest import Manifest
from apps.ops.backups.restoring import Restore, provided
from apps.ops.backups.shelf import Shelf
from apps.ops.backups.store import the_store


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty database of the server that DATABASE_OWNER_URL (with one "
        "role, DATABASE_URL) leads to, or try it (--drill). See docs/backups.md."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="which backup; without it, the newest")
        parser.add_argument(
            "--into", metavar="DATABASE", default="", help="the database's name; made if missing"
        )
        parser.add_argument(
            "--replace",
            metavar="DATABASE",
            default="",
            help="its name once more: drop what is in it",
        )
        parser.add_argument(
            "--drill",
            action="store_true",
            help="restore into a database that is made and dropped for it, look, and record it",
        )
        parser.add_argument(
            "--identity",
            metavar="FILE",
            default=settings.BACKUP_IDENTITY,
            help="the file with the private key, or - for standard input; else BACKUP_IDENTITY",
        )
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, **options: Any) -> None:
        into = options["into"]
        if "://" in into:
            raise CommandError(
                "--into takes a database's name. Server and login come from DATABASE_OWNER_URL or "
                "DATABASE_URL, since a password on a command line is seen by others."
            )
        if not (into or options["drill"]):
            raise CommandError("Say where: --into DATABASE, or --drill to try it.")
        if options["drill"] and options["replace"]:
            raise CommandError("A drill replaces nothing.")
        try:
            keys = sealing.identities(options["identity"])
            shelf = Shelf(the_store())
            manifest = chosen(shelf, options["name"])
            if options["drill"]:
                record = drill(shelf, manifest, keys, into=into)
                self.show_drill(record, as_json=options["json"])
            else:
                Restore(shelf, manifest, keys, provided(into)).run(replace=options["replace"])
                self.show(manifest, into, as_json=options["json"])
        except BackupFailed as failure:
            raise CommandError(str(failure)) from None

    def show(self, manifest: Manifest, database: str, *, as_json: bool) -> None:
        if as_json:
            told = {"backup": manifest.name, "database": database, "rows": manifest.rows}
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(
            f"{manifest.name} is restored into {database}: {len(manifest.tables)} tables, "
            f"{manifest.rows:,} rows, as many as were dumped; the walls stand.\n"
            "What was written after the backup is not in it, and jobs that waited then wait "
            "again: look at them (manage.py jobs) before you start the worker."
        )

    def show_drill(self, record: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(record))
            return
        self.stdout.write(
            f"{record['backup']} was restored in {record['seconds']:g} s: {record['rows']:,} rows "
            f"in {record['tables']} tables, as many as were dumped; the walls stand; "
            f"{', '.join(record['seen'])} answer.\n"
            "Recorded beside the backups, where launch_check finds it; by hand:\n"
            f"  evidence.restore_drill = {{ at = {record['at'].replace('+00:00', 'Z')}, "
            f'by = "restore --drill", note = "{record["seconds"]:g} s, {record["backup"]}" }}'
        )


def chosen(shelf: Shelf, name: str | None) -> Manifest:
    """The backup of that name, or this environment's newest. Raises BackupFailed."""
    if name:
        return shelf.named(name)
    newest = shelf.newest(settings.ENVIRONMENT)
    if newest is None:
        raise BackupFailed(f"There is no backup of {settings.ENVIRONMENT} at {shelf.store.url}")
    return newest
