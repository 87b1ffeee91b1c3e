"""Django's migrate, run as the role that owns the tables."""

from typing import Any

from django.core.checks import Tags
from django.core.management.commands.migrate import Command as MigrateCommand

from apps.core.owner import as_owner, grant_to_runtime_role, limit_runtime_role
from apps.tenants.walls import raise_walls


class Command(MigrateCommand):
    """Migrate as the owner, let the runtime role use what stands, limit it, and raise the walls.

    The database is checked afterwards: beforehand, a wall that is yet to be raised would refuse
    the very command that raises it.
    """

    def get_check_kwargs(self, options: dict[str, Any]) -> Any:
        return {**super().get_check_kwargs(options), "databases": None}

    def handle(self, *args: Any, **options: Any) -> None:
        changes = not (options["plan"] or options["check_unapplied"])
        with as_owner():
            super().handle(*args, **options)
            if changes:
                grant_to_runtime_role()
                raise_walls()
                limit_runtime_role()
        if changes and not options["skip_checks"]:
            self.check(tags=[Tags.database], databases=[options["database"]])
