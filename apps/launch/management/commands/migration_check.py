"""``manage.py migration_check``: can the migrations run beside the release that still serves?"""

import sys
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.launch.arguments import USAGE
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.linted import linted
from apps.launch.gathering.migrations import migrations
from apps.launch.gathering.released import since
from apps.launch.unsafe import as_json, as_text, verdict
from config.env import BASE_DIR


class Command(BaseCommand):
    """Judge the migrations' files; without --sql it asks no database, and it writes nothing.

    Leaves with 0 if they are safe, with 1 if one is not, and with 2 if it could not be asked.
    """

    help = "Whether the migrations can run beside the release that still serves."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--since", metavar="COMMIT", help="judge what this release does not have yet")
        add("--despite", metavar="REASON", default="", help="say what is unsafe and leave with 0")
        add("--sql", action="store_true", help="also run them on a database, and ask squawk")
        add("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        despite = options["despite"].strip()
        if options["despite"] and not despite:
            raise CommandError("--despite wants a reason", returncode=USAGE)
        found = migrations()
        limits = settings.DATABASE_TIMEOUTS
        try:
            released = since(options["since"], found, BASE_DIR) if options["since"] else None
            second = partial(linted, found, together=bool(released)) if options["sql"] else None
            said = verdict(found, limits, since=released, despite=despite, second=second)
        except Unasked as reason:
            raise CommandError(str(reason), returncode=USAGE) from None
        self.stdout.write(as_json(said) if options["json"] else as_text(said))
        if not said.passes:
            sys.exit(1)
