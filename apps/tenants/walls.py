"""Walls 3 and 4, raised in the database for every tenant-owned table: row-level security, keys.

`manage.py migrate` raises them as the owner after the migrations, so that a new model has its
walls by inheriting TenantModel, with nothing to remember. Raising is idempotent: what stands is
left alone, and no table is locked for it.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import ForeignKey

from apps.tenants.base import TenantModel

FUNCTIONS = """
CREATE OR REPLACE FUNCTION slipway_tenant() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT nullif(current_setting('slipway.tenant', true), '')::bigint$$;
CREATE OR REPLACE FUNCTION slipway_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT coalesce(current_setting('slipway.platform', true), '') = 'on'$$;
"""
# In a sub-select each function is called once a statement, not once a row.
VISIBLE = "tenant_id = (SELECT slipway_tenant()) OR (SELECT slipway_platform())"


@dataclass(frozen=True)
class Reference:
    """A foreign key from one tenant-owned table to another."""

    table: str
    column: str
    parent: str

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}_same_tenant"[:63]


def references(model: type[TenantModel]) -> list[Reference]:
    """The model's foreign keys to tenant-owned models."""
    return [
        Reference(model._meta.db_table, field.column, field.related_model._meta.db_table)
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and issubclass(field.related_model, TenantModel)
    ]


def raise_walls() -> None:
    """Raise what does not stand yet; run it as the tables' owner."""
    models = TenantModel.tenant_models()
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        models = [model for model in models if model._meta.db_table in existing]
        cursor.execute(FUNCTIONS)
        for model in models:
            raise_row_security(cursor, model._meta.db_table)
        for reference in (each for model in models for each in references(model)):
            if reference.parent in existing:
                raise_same_tenant_key(cursor, reference)


def raise_row_security(cursor: CursorWrapper, table: str) -> None:
    """Show and take rows of the scope's tenant alone; an owner is exempt unless it runs all."""
    quoted = connection.ops.quote_name(table)
    cursor.execute(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
        [quoted],
    )
    enabled, forced = cursor.fetchone()
    single_role = not settings.DATABASE_OWNER_URL
    if not enabled:
        cursor.execute(f"ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY")
    if forced != single_role:
        cursor.execute(
            f"ALTER TABLE {quoted} {'' if single_role else 'NO '}FORCE ROW LEVEL SECURITY"
        )
    cursor.execute(
        "SELECT 1 FROM pg_policies WHERE tablename = %s AND policyname = 'tenant'", [table]
    )
    if cursor.fetchone() is None:
        cursor.execute(f"CREATE POLICY tenant ON {quoted} USING ({VISIBLE}) WITH CHECK ({VISIBLE})")


def raise_same_tenant_key(cursor: CursorWrapper, reference: Reference) -> None:
    """Hold a reference inside its tenant: PostgreSQL checks foreign keys without row security."""
    quote = connection.ops.quote_name
    table, parent = quote(reference.table), quote(reference.parent)
    unique = f"{reference.parent}_tenant_and_id"[:63]
    if not stands(cursor, parent, unique):
        cursor.execute(
            f"ALTER TABLE {parent} ADD CONSTRAINT {quote(unique)} UNIQUE (tenant_id, id)"
        )
    if not stands(cursor, table, reference.name):
        cursor.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {quote(reference.name)} "
            f"FOREIGN KEY (tenant_id, {quote(reference.column)}) "
            f"REFERENCES {parent} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
        )


def stands(cursor: CursorWrapper, quoted_table: str, constraint: str) -> bool:
    """Whether the table has a constraint of that name."""
    cursor.execute(
        "SELECT 1 FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
        [quoted_table, constraint],
    )
    return cursor.fetchone() is not None
