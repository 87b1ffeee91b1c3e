"""``manage.py launch_init``: writes the launch plan."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.launch.gathering import PLAN
from apps.launch.plan import host


class Command(BaseCommand):
    """Write launch.toml; a plan that is there already is left alone."""

    help = "Writes the launch plan, launch.toml."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--canonical", required=True, help="the host that customers see")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = host(options["canonical"])
        except ValueError as reason:
            raise CommandError(f"--canonical {reason}", returncode=2) from None
        if PLAN.exists():
            raise CommandError(f"{PLAN.name} is there already; edit it")
        PLAN.write_text(f'[site]\ncanonical = "{name}"\n', encoding="utf-8")
        self.stdout.write(f"Wrote {PLAN.name}")
