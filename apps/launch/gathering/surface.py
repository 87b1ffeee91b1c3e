"""Reads routes, limits and models of this process, and asks the database for its walls."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.backends.utils import CursorWrapper
from django_ratelimit.core import _split_rate

from apps.core.later import itself
from apps.core.limits import LIMITS
from apps.core.surface import routes
from apps.launch.facts.database import Database
from apps.launch.facts.surface import Counted, Door, Surface, TenantTable
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import ask
from apps.launch.gathering.database import asking_the_database
from apps.tenants.base import TenantModel
from apps.tenants.checks import every_manager_is_guarded
from apps.tenants.walls import references

OPEN_TO_ALL = {"AllowAny", "IsAuthenticatedOrReadOnly", "DjangoModelPermissionsOrAnonReadOnly"}
TABLES = """
    SELECT
        c.relname,
        c.relrowsecurity,
        c.relforcerowsecurity,
        pg_has_role(current_user, c.relowner, 'MEMBER'),
        EXISTS (
            SELECT 1 FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname
            AND p.qual IS NOT NULL AND p.with_check IS NOT NULL
        ),
        EXISTS (
            SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
            AND a.attnum = i.indkey[0] AND a.attname = 'tenant_id'
        )
    FROM pg_class c
    WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace
    ORDER BY c.relname
"""
KEYS = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND cardinality(conkey) = 2
"""


def surface(database: Database | Unasked) -> Surface:
    """Read the process, and ask the database for what it has, if it answered before."""
    return Surface(
        doors=tuple(doors()),
        limits=tuple(counted()),
        engine=settings.DATABASES["default"]["ENGINE"],
        unguarded=tuple(str(message.msg) for message in every_manager_is_guarded()),
        tables=(database if isinstance(database, Unasked) else ask("The database", tenant_tables)),
    )


def doors() -> Iterator[Door]:
    """Every route, with whom its view lets in."""
    for route in routes():
        # As Django REST framework's as_view leaves it.
        api: Any = getattr(itself(route.view), "cls", None)
        is_api = hasattr(api, "permission_classes")
        yield Door(
            path=f"/{route.path}",
            name=route.name,
            is_declared=route.access is not None,
            is_open=not getattr(route.view, "login_required", True),
            is_api=is_api,
            asks=not is_api or not all(map(admits_all, api.permission_classes)),
        )


def admits_all(permission: Any) -> bool:
    """Whether an API's permission lets strangers in, be it only to read."""
    if hasattr(permission, "op1_class"):  # made by & or |
        sides = [admits_all(permission.op1_class), admits_all(permission.op2_class)]
        return any(sides) if permission.operator_class.__name__ == "OR" else all(sides)
    return getattr(permission, "__name__", "") in OPEN_TO_ALL


def counted() -> Iterator[Counted]:
    """Every line of apps/core/limits.py, its rate read as the limiter reads it."""
    for route, limits in LIMITS.items():
        for limit in limits:
            count, seconds = _split_rate(limit.rate)
            yield Counted(
                route=route,
                count=count,
                seconds=seconds,
                by=limit.by.value,
                methods=limit.methods,
            )


def tenant_tables() -> tuple[TenantTable, ...]:
    """Ask the catalogue for each tenant-owned table; those yet to be migrated are left out.

    Raises Unasked where none of them is there.
    """
    models = TenantModel.tenant_models()
    with asking_the_database() as connection, connection.cursor() as cursor:
        cursor.execute(TABLES, [[model._meta.db_table for model in models]])
        rows = cursor.fetchall()
        keys = same_tenant_keys(cursor)
    if models and not rows:
        raise Unasked("The database has none of the tables yet: python manage.py migrate")
    names = {name for name, *_ in rows}
    loose: dict[str, list[str]] = {}
    for reference in (each for model in models for each in references(model)):
        if reference.parent in names and (reference.table, reference.name) not in keys:
            loose.setdefault(reference.table, []).append(reference.column)
    return tuple(
        TenantTable(
            name=name,
            row_security=row_security,
            forced=forced,
            owned=owned,
            policed=policed,
            loose=tuple(loose.get(name, ())),
            led=led,
        )
        for name, row_security, forced, owned, policed, led in rows
    )


def same_tenant_keys(cursor: CursorWrapper) -> set[tuple[str, str]]:
    """Table and name of every foreign key over two columns."""
    cursor.execute(KEYS)
    return {(table.strip('"'), name) for table, name in cursor.fetchall()}
