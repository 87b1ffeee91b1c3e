"""``manage.py release``: the release phase, which a platform runs at each deploy and rollback."""

import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from json import dumps as as_text
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from apps.ops.release import Released, Stopped, release
from apps.ops.release_lock import Busy, Unsuitable

VERSION = 1  # of the JSON
EXITS = {Stopped: 1, Busy: 3, Unsuitable: 4}


class Command(BaseCommand):
    help = (
        "Migrate and collect static files, one release at a time; run again, or by older code than "
        "the database, it changes nothing. Exit codes: 0 ready; 1 failed; 2 usage; 3 busy, another "
        "release or a locked table, so try again; 4 the database cannot be released to"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object in place of words")

    def handle(self, *, json: bool, **options: Any) -> None:
        began = time.monotonic()
        try:
            done = release(OutputWrapper(sys.stderr) if json else self.stdout)
        except (Stopped, Busy, Unsuitable) as failure:
            if json:
                told = {"outcome": type(failure).__name__.lower(), "error": str(failure)}
                self.stdout.write(as_json(told, began))
            raise CommandError(str(failure), returncode=EXITS[type(failure)]) from failure
        self.stdout.write(as_json(asdict(done), began) if json else as_words(done, began))


def as_json(told: dict[str, Any], began: float) -> str:
    head = {"version": VERSION, "release": settings.RELEASE}
    return as_text({**head, **told, "took": round(time.monotonic() - began, 2)}, indent=2)


def as_words(done: Released, began: float) -> str:
    """What a person who watches the deploy wants to know, a sentence each."""
    count = len(done.unknown)
    said = {
        "behind": f"The database is of a newer release: it has {count} migration"
        f"{'s' if count > 1 else ''} that this code does not know ({', '.join(done.unknown)}). "
        "Nothing was changed; expand-then-contract migrations let this code run on it.",
        "nothing to do": "Nothing to migrate.",
        "released": f"Applied: {', '.join(done.applied)}.",
    }[done.outcome]
    if done.unknown and done.outcome != "behind":
        said += f" The database also has what this code does not know: {', '.join(done.unknown)}."
    return (
        f"{said} Static files: {done.static_files}. "
        f"Release {settings.RELEASE} is ready, after {time.monotonic() - began:.1f} s."
    )
