"""Walls 2 to 4: what the database itself refuses, with the ORM's guard out of the way."""

import pytest
from django.core.checks import run_checks
from django.db import IntegrityError, ProgrammingError, connection, transaction

from apps.audit.models import Crossing
from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant
from apps.tenants.scope import outside, platform_scope, tenant_scope
from apps.tenants.sentinel import OutsideScope
from apps.tenants.walls import references

MODELS = sorted(TenantModel.tenant_models(), key=lambda model: model._meta.label)


def rows(sql: str, *params: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_tenant_table_has_its_walls(db: None, model: type[TenantModel]) -> None:
    table = model._meta.db_table
    [(enabled,)] = rows("SELECT relrowsecurity FROM pg_class WHERE relname = %s", table)
    [(using, check)] = rows("SELECT qual, with_check FROM pg_policies WHERE tablename = %s", table)
    assert enabled
    assert "slipway_tenant()" in str(using)
    assert using == check
    for reference in references(model):
        [(definition,)] = rows(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s",
            reference.name,
        )
        assert definition == (
            f"FOREIGN KEY (tenant_id, {reference.column}) "
            f"REFERENCES {reference.parent}(tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
        )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_unique_rule_and_index_of_a_tenant_table_leads_with_the_tenant(
    db: None, model: type[TenantModel]
) -> None:
    found = rows(
        """
        SELECT i.indexrelid::regclass::text, i.indisunique, am.amname,
               (SELECT attname FROM pg_attribute
                WHERE attrelid = i.indrelid AND attnum = i.indkey[0])
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
        WHERE i.indrelid = %s::regclass AND NOT i.indisprimary
        """,
        model._meta.db_table,
    )
    one_to_one = {field.column for field in model._meta.concrete_fields if field.one_to_one}
    foreign_keys = {field.column for field in model._meta.concrete_fields if field.is_relation}
    for name, unique, method, first in found:
        if unique:
            assert first == "tenant_id" or first in one_to_one, name
        elif method == "btree":
            assert first == "tenant_id" or first in foreign_keys, name


def test_raw_sql_inside_a_scope_sees_its_tenant_alone(acme: Tenant, globex: Tenant) -> None:
    with tenant_scope(acme):
        assert rows("SELECT DISTINCT tenant_id FROM audit_event") == [(acme.pk,)]
        assert rows("SELECT count(*) FROM audit_event WHERE tenant_id = %s", globex.pk) == [(0,)]


def test_a_row_for_another_tenant_is_refused_by_the_database(acme: Tenant, globex: Tenant) -> None:
    insert = (
        "INSERT INTO audit_event (tenant_id, actor_name, action, target_type, target_id, "
        "target_name, details, request_id, at) VALUES (%s, 'x', 'x', '', '', '', '{}', '', now())"
    )
    with (
        tenant_scope(acme),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(insert, [globex.pk])


def test_sql_on_a_tenants_table_outside_every_scope_raises(acme: Tenant) -> None:
    with outside(), pytest.raises(OutsideScope, match="audit_event"):
        rows("SELECT count(*) FROM audit_event")


@pytest.mark.django_db(transaction=True)
def test_sql_on_a_tenants_table_outside_a_transaction_raises() -> None:
    tenant = Tenant.objects.create(name="Acme", slug="acme")
    with tenant_scope(tenant), pytest.raises(OutsideScope, match="atomic"):
        rows("SELECT count(*) FROM audit_event")


def test_a_scope_inside_a_transaction_ends_with_its_block(acme: Tenant, globex: Tenant) -> None:
    def visible() -> set[object]:
        return {tenant for (tenant,) in rows("SELECT DISTINCT tenant_id FROM audit_event")}

    with tenant_scope(acme):
        with tenant_scope(globex):
            assert visible() == {globex.pk}
        assert visible() == {acme.pk}
        with pytest.raises(ZeroDivisionError), transaction.atomic(), tenant_scope(globex):
            raise ZeroDivisionError
        assert visible() == {acme.pk}


def test_the_role_that_runs_the_suite_is_held_by_every_wall(db: None) -> None:
    with outside():
        assert run_checks(tags=["database"], databases=["default"]) == []


def test_a_reference_to_another_tenants_row_is_refused_by_the_database(
    acme: Tenant, globex: Tenant
) -> None:
    theirs = globex.clients.create(name="Theirs")
    insert = (
        "INSERT INTO clients_note (tenant_id, client_id, body, created_at) "
        "VALUES (%s, %s, 'x', now())"
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with (
            tenant_scope(acme),
            pytest.raises(IntegrityError, match="same_tenant"),
            transaction.atomic(),
        ):
            cursor.execute(insert, [acme.pk, theirs.pk])


def test_a_platform_scope_leaves_its_reason_behind(acme: Tenant) -> None:
    with outside(), platform_scope(reason="Count what every workspace keeps"):
        pass
    assert Crossing.objects.get().reason == "Count what every workspace keeps"
