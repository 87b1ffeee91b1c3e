"""``manage.py fingerprints``: what lets this environment be compared with another, unseen."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.launch.fingerprints import as_toml, fingerprints, guessable, new_salt
from config.env import given


class Command(BaseCommand):
    """Print a table for launch.toml; it writes no file and shows no secret."""

    help = "Print the fingerprints of this environment's secrets and servers for launch.toml."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        values, salt = given(), new_salt()
        self.stdout.write("# Into launch.toml, where launch_check compares others with it.")
        for name in guessable(values):
            self.stdout.write(f"# {name}: too easily guessed to be shown even so; make it longer.")
        prints = fingerprints(values, salt)
        self.stdout.write(as_toml(settings.ENVIRONMENT, prints, salt))
