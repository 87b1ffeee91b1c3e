"""The checks that every model is guarded, and that the database's walls stand and hold our role.

The second asks the database, so it runs with `migrate` and `check --database default`.
"""

from collections.abc import Sequence

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from apps.core.owner import acting_as_owner
from apps.tenants.base import TenantModel
from apps.tenants.guard import TenantQuerySet

ROLE = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
OPEN_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace AND (
  NOT c.relrowsecurity
  OR (pg_get_userbyid(c.relowner) = current_user AND NOT c.relforcerowsecurity)
  OR NOT EXISTS (
    SELECT 1 FROM pg_policies p
    WHERE p.tablename = c.relname AND p.qual IS NOT NULL AND p.with_check IS NOT NULL
  )
)
"""


@register()
def every_manager_is_guarded(**kwargs: object) -> list[CheckMessage]:
    """Refuse a tenant-owned model whose own QuerySet would go past the guard."""
    return [
        Error(
            f"{model.__name__}.{manager.name} is not guarded.",
            hint="Let its QuerySet inherit TenantQuerySet: apps/tenants/guard.py.",
            obj=model,
            id="slipway.E005",
        )
        for model in TenantModel.tenant_models()
        for manager in model._meta.managers
        if not issubclass(manager._queryset_class, TenantQuerySet)  # type: ignore[attr-defined]  # no stub
    ]


@register(Tags.database)
def the_walls_stand(databases: Sequence[str] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Refuse a role that row-level security does not hold, and a table that it does not guard."""
    if "default" not in (databases or ()) or acting_as_owner():
        return []
    tables = [model._meta.db_table for model in TenantModel.tenant_models()]
    with connections["default"].cursor() as cursor:
        cursor.execute(ROLE)
        role, is_super, bypasses = cursor.fetchone()
        cursor.execute(OPEN_TABLES, [tables])
        unguarded = [name for (name,) in cursor.fetchall()]
    found: list[CheckMessage] = []
    if is_super or bypasses:
        found.append(
            Error(
                f"The database role {role} walks through row-level security.",
                hint="Run as a role that is no superuser and has no BYPASSRLS: docs/tenancy.md.",
                id="slipway.E003",
            )
        )
    found += [
        Error(
            f"Row-level security does not hold {role} on {table}.",
            hint="Run manage.py migrate, which raises the walls: docs/tenancy.md.",
            id="slipway.E004",
        )
        for table in unguarded
    ]
    return found
