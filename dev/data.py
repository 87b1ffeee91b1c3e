"""Brings the database of `make run` up to date and prints who may sign in.

One process for both commands, because each start of Django costs more than either takes.
"""

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command


def main() -> None:
    """Migrate, then fill; both change nothing where nothing is missing."""
    try:
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("seed")
    except (CommandError, ImproperlyConfigured) as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
