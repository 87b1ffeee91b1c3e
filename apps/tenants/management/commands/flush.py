"""Django's flush, run as the role that owns the tables: TRUNCATE is the owner's alone."""

from typing import Any

from django.core.management.commands.flush import Command as FlushCommand

from apps.core.owner import as_owner


class Command(FlushCommand):
    """Empty the tables as the owner."""

    def handle(self, **options: Any) -> None:
        with as_owner():
            super().handle(**options)
