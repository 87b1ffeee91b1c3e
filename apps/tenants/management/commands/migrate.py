"""Django's migrate, run as the role that owns the tables."""

from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand

from apps.core.owner import as_owner, grant_to_runtime_role
from apps.tenants.walls import raise_walls


class Command(MigrateCommand):
    """Migrate as the owner, let the runtime role use what stands, and raise the walls."""

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner():
            super().handle(*args, **options)
            if not (options["plan"] or options["check_unapplied"]):
                grant_to_runtime_role()
                raise_walls()
