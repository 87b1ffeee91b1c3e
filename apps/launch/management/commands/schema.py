"""``manage.py schema``: which migrations the database has, and which took something away."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.launch.facts.migrations import Harm
from apps.launch.gathering.migrations import migrations

VERSION = 1  # of the JSON


class Command(BaseCommand):
    """deploy/rollback asks it whether older code could live with the database as it is."""

    help = "List the migrations: applied or not, and what each took away that older code may need"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object in place of lines")

    def handle(self, *, json: bool, **options: Any) -> None:
        rows = told()
        if json:
            self.stdout.write(as_json(rows))
            return
        for row in rows:
            taken = "not in this code" if row["breaks"] is None else "; ".join(row["breaks"])
            mark = "[X]" if row["applied"] else "[ ]"
            self.stdout.write(f"{mark} {row['name']}{f': {taken}' if taken else ''}")


def told() -> list[dict[str, Any]]:
    """Each migration that this code or the database knows.

    `breaks` is what it takes away that code without it may need, and None where this code does not
    have the migration and so cannot tell.
    """
    loader = MigrationLoader(connection, ignore_no_migrations=True)
    steps = [one for one in migrations().steps if one.harm is Harm.BREAKS]
    return [
        {
            "name": ".".join(key),
            "applied": key in loader.applied_migrations,
            "replaces": [".".join(each) for each in loader.disk_migrations[key].replaces]
            if key in loader.disk_migrations
            else [],
            "breaks": [one.what for one in steps if one.migration == ".".join(key)]
            if key in loader.disk_migrations
            else None,
        }
        for key in sorted({*loader.disk_migrations, *loader.applied_migrations})
    ]


def as_json(rows: list[dict[str, Any]]) -> str:
    return json.dumps({"version": VERSION, "migrations": rows}, indent=2)
