"""Wall 2: SQL that names a tenant's table outside a scope, or outside a transaction, raises.

Row-level security would answer such SQL with no rows at all, and a mistake would look like an
empty page. The owner of the tables, who migrates them, is let through.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from apps.core.owner import acting_as_owner
from apps.tenants.scope import OUTSIDE, current_scope


class OutsideScope(RuntimeError):
    """SQL names a tenant's table where no tenant's rows can be seen."""


@cache
def tenant_tables() -> re.Pattern[str]:
    """What finds the name of a tenant-owned table in SQL, quoted or not."""
    from apps.tenants.base import TenantModel

    names = "|".join(sorted(model._meta.db_table for model in TenantModel.tenant_models()))
    return re.compile(rf"\b(?:{names})\b")


def refuse_outside(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Ask a statement before it is executed. Raises OutsideScope."""
    outside = current_scope() == OUTSIDE
    if outside or not context["connection"].in_atomic_block:
        found = None if acting_as_owner() else tenant_tables().search(str(sql))
        if found:
            lack = "tenant_scope(tenant)" if outside else "transaction.atomic()"
            raise OutsideScope(f"SQL on {found[0]} needs {lack} around it")
    return execute(sql, params, many, context)
