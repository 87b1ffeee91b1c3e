"""Wall 1: a query on a tenant's rows that does not name exactly one tenant cannot be compiled.

Every execution of the ORM passes through ``Query.get_compiler``, so the guard stands there
instead of before a list of methods. A query is let through when its own top-level WHERE holds,
AND-ed and not negated, an exact match of the base table's tenant column with a plain value; inside
a scope that value has to be the scope's tenant. What Django itself does on behalf of rows that it
holds (forward relations, ``save``, ``refresh_from_db``, cascades) goes through the plain base
manager.

These hooks are Django's own, not its public API: they live in this module alone, and the attack
list in tests/tenants/test_guard.py runs on every supported Django.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

from django.db import models
from django.db.models import sql
from django.db.models.expressions import Col, Value
from django.db.models.lookups import Exact
from django.db.models.sql.where import AND, WhereNode

from apps.tenants.scope import current_scope, current_tenant

Row = TypeVar("Row", bound=models.Model)


class UnscopedQuery(RuntimeError):
    """A query does not name the one tenant whose rows it means."""


class CrossTenantWrite(RuntimeError):
    """A row would come to stand in, or point into, another tenant."""


def required(query: sql.Query) -> Iterator[Any]:
    """The values that the query's WHERE requires of the base table's own tenant column."""
    pending: list[Any] = [query.where]
    while pending:
        node = pending.pop()
        if isinstance(node, WhereNode):
            if not node.negated and (node.connector == AND or len(node.children) == 1):
                pending.extend(node.children)
        elif (
            isinstance(node, Exact)
            and isinstance(node.lhs, Col)
            and node.lhs.alias == query.base_table
            and node.lhs.target.attname == "tenant_id"
        ):
            if isinstance(node.rhs, Value):  # as the validation of a constraint writes it
                yield node.rhs.value
            elif node.rhs_is_direct_value():
                yield node.rhs


def refuse_unscoped(query: sql.Query) -> None:
    """Raise UnscopedQuery unless `query` names one tenant, and the scope's if there is one."""
    if query.combinator or query.is_empty() or current_scope().platform:
        return  # each part of a union is compiled, and asked, for itself
    assert query.model
    named, scope, name = set(required(query)), current_tenant(), query.model._meta.object_name
    if len(named) != 1 or None in named:
        raise UnscopedQuery(
            f"This query on {name} does not name its tenant. Reach it through one: "
            f"request.tenant.{query.model._meta.model_name}s, or {name}.objects.filter(tenant=…)."
        )
    if scope is not None and named != {scope.pk}:
        raise UnscopedQuery(
            f"This query on {name} names tenant {named.pop()}, but the scope is of {scope.pk}."
        )


class Guarded:
    """Mixed into Django's query classes: compile only what names its tenant."""

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        refuse_unscoped(self)  # type: ignore[arg-type]  # mixed into a Query
        return super().get_compiler(*args, **kwargs)  # type: ignore[misc]  # as above

    def chain(self, klass: type[sql.Query] | None = None) -> Any:
        """Stay guarded as the query becomes an UPDATE, a DELETE or an aggregate."""
        turned_into = guarded(klass) if klass else None  # type: ignore[arg-type]  # classes hash
        return super().chain(turned_into)  # type: ignore[misc]  # as above


@lru_cache
def guarded(klass: type[sql.Query]) -> type[sql.Query]:
    """`klass` with the guard before it."""
    if issubclass(klass, Guarded):
        return klass
    return type(f"Guarded{klass.__name__}", (Guarded, klass), {})


class TenantQuerySet(models.QuerySet[Row]):
    """Rows of one tenant; the base of every tenant-owned model's QuerySet."""

    def __init__(self, model: Any = None, query: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, query or guarded(sql.Query)(model), *args, **kwargs)

    def _add_hints(self, **hints: Any) -> None:
        """Reverse managers and prefetches hand over the row they start from: stay in its tenant."""
        super()._add_hints(**hints)  # type: ignore[misc]  # no stub
        tenant_id = getattr(hints.get("instance"), "tenant_id", None)
        if tenant_id is not None:
            self.query.add_q(models.Q(tenant_id=tenant_id))

    def _raw_delete(self, using: str | None) -> int:
        """Fast deletion sets the query's class directly, so it is asked here."""
        refuse_unscoped(self.query)
        return super()._raw_delete(using)

    def update(self, **values: Any) -> int:
        for name, value in values.items():
            refuse_foreign(self.model, name, value, set(required(self.query)))
        return super().update(**values)

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        rows = list(objs)
        for row in rows:
            refuse_to_cross(row)
        return super().bulk_create(rows, *args, **kwargs)


def refuse_foreign(model: type[models.Model], name: str, value: Any, tenants: set[Any]) -> None:
    """Raise CrossTenantWrite if setting field `name` to `value` would leave `tenants`."""
    if name in {"tenant", "tenant_id"}:
        target = getattr(value, "pk", value)
    else:
        target = getattr(value, "tenant_id", None)
    if target is not None and target not in tenants:
        raise CrossTenantWrite(
            f"Setting {model._meta.object_name}.{name} would cross from tenant "
            f"{', '.join(map(str, tenants))} into tenant {target}."
        )


def refuse_to_cross(row: Any) -> None:
    """Raise CrossTenantWrite if `row` stands outside the scope or holds another tenant's row."""
    scope, model = current_tenant(), type(row)
    if scope is not None:
        refuse_foreign(model, "tenant", row.tenant_id, {scope.pk})
    for field in model._meta.concrete_fields:
        if field.is_relation and field.is_cached(row):
            refuse_foreign(model, field.name, field.get_cached_value(row), {row.tenant_id})
