"""``manage.py backup``: takes a backup, or looks after those that there are."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from apps.ops.backups import BackupFailed, sealing
from apps.ops.backups.manifest import Manifest
from apps.ops.backups.shelf import Shelf
from apps.ops.backups.store import the_store
from apps.ops.backups.taking import take


class Command(BaseCommand):
    help = (
        "Take an encrypted backup of the database into BACKUP_URL, and delete those that are no "
        "longer kept; or list them, verify one, make a key. See docs/backups.md."
    )
    # A backup must be possible on the day that a check fails.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--list", action="store_true", help="the backups there are")
        instead.add_argument(
            "--verify", metavar="NAME", help="read a whole backup and compare its checksum"
        )
        instead.add_argument(
            "--newer-than",
            metavar="HOURS",
            type=float,
            help="take one only if the newest is older",
        )
        instead.add_argument("--new-key", action="store_true", help="make a key pair; store none")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, **options: Any) -> None:
        try:
            if options["new_key"]:
                self.show_new_key()
                return
            shelf = Shelf(the_store())
            if options["list"]:
                self.show(shelf.backups(), as_json=options["json"])
            elif options["verify"]:
                self.verify(shelf, options["verify"], as_json=options["json"])
            else:
                self.take(shelf, options["newer_than"], as_json=options["json"])
        except BackupFailed as failure:
            raise CommandError(str(failure)) from None

    def take(self, shelf: Shelf, hours: float | None, *, as_json: bool) -> None:
        """Take one, unless `hours` are given and the newest is younger; then tidy up."""
        newest = shelf.newest(settings.ENVIRONMENT) if hours is not None else None
        if newest and timezone.now() - newest.began < timedelta(hours=hours or 0):
            self.show([newest], as_json=as_json, before="Taken before: ")
            return
        manifest = take(shelf.store)
        self.show([manifest], as_json=as_json)
        gone = shelf.tidy(settings.ENVIRONMENT)
        if not as_json:
            if gone:
                self.stdout.write(f"Deleted, as retention has it: {', '.join(gone)}")
            self.stdout.write(
                f"launch_check finds it by itself; by hand:\n"
                f'  evidence.backup = {{ at = {manifest.began:%Y-%m-%dT%H:%M:%SZ}, by = "backup", '
                f'note = "{manifest.name}" }}'
            )

    def verify(self, shelf: Shelf, name: str, *, as_json: bool) -> None:
        manifest = shelf.named(name)
        shelf.verify(manifest)
        self.show([manifest], as_json=as_json, before="Whole: ")

    def show(self, manifests: list[Manifest], *, as_json: bool, before: str = "") -> None:
        if as_json:
            self.stdout.write(json.dumps([json.loads(one.to_json()) for one in manifests]))
        else:
            lines = [before + line(one) for one in manifests]
            self.stdout.write("\n".join(lines) or "There is no backup yet.")

    def show_new_key(self) -> None:
        public, file = sealing.new_key()
        self.stdout.write(
            f"{file}\nKeep these two lines in a file, in two places that are not the platform: a "
            "password manager, and paper in a safe.\nWithout them no backup can be read again; "
            "nobody can make them a second time.\n\nThe platform gets the public half alone:\n"
            f"  BACKUP_RECIPIENTS={public}"
        )


def line(one: Manifest) -> str:
    size = filesizeformat(one.size).replace("\xa0", " ")
    return f"{one.name}  {one.rows:,} rows, {size}, {one.seconds:g} s, release {one.release}"
