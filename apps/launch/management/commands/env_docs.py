"""``manage.py env_docs``: keeps what is made from declarations in step with them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.launch.env_docs import PAGES
from config.env import BASE_DIR


class Command(BaseCommand):
    """Compare, or with --write make, .env.example and the pages in docs/ that are made."""

    help = "Compare .env.example and pages with what they are made from; --write makes them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="make the files anew")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        for name, make in PAGES.items():
            path, wanted = BASE_DIR / name, make()
            if path.exists() and path.read_text(encoding="utf-8") == wanted:
                continue
            if options["write"]:
                path.write_text(wanted, encoding="utf-8")
                self.stdout.write(f"wrote {name}")
            else:
                stale.append(name)
        if stale:
            raise CommandError(
                f"{' and '.join(stale)} do not say what is declared; "
                "make them with: manage.py env_docs --write"
            )
