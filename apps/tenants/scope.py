"""Which tenant the running code works for; nothing else decides it.

The scope is a ContextVar, so that it follows a request, a task or a coroutine and nothing else;
it tells PostgreSQL by a transaction-local setting, which row-level security reads. A setting of
the session would stay on a pooled connection and show the next client this one's rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from apps.core import events

if TYPE_CHECKING:
    from apps.tenants.models import Tenant


class NoTenant(RuntimeError):
    """Code that needs a tenant ran outside every scope."""


@dataclass(frozen=True)
class Scope:
    """What the running code may see: one tenant's rows, or, with `platform`, all tenants'."""

    tenant: "Tenant | None" = None
    platform: bool = False


OUTSIDE = Scope()
_current: ContextVar[Scope] = ContextVar("scope", default=OUTSIDE)


@contextmanager
def tenant_scope(tenant: "Tenant") -> Iterator["Tenant"]:
    """Work for `tenant` until the block ends; scopes nest, and each restores the one before.

    Raises NoTenant for anything that is not a saved tenant: an empty scope would be no wall.
    """
    if tenant is None or tenant.pk is None:
        raise NoTenant("A tenant scope needs a saved tenant")
    with entered(Scope(tenant=tenant)):
        yield tenant


@contextmanager
def platform_scope(*, reason: str) -> Iterator[None]:
    """See all tenants' rows until the block ends: the one way across, and it is written down.

    Raises ValueError without a reason that a colleague could read in the audit trail.
    """
    if len(reason.strip()) < 10:
        raise ValueError("A platform scope needs a reason, in a sentence")
    events.crossed.send(sender=platform_scope, reason=reason)
    with entered(Scope(platform=True)):
        yield


@contextmanager
def entered(scope: Scope) -> Iterator[None]:
    before = _current.get()
    token = _current.set(scope)
    try:
        tell_database(scope)
        yield
    finally:
        _current.reset(token)
        tell_database(before)


@contextmanager
def outside() -> Iterator[None]:
    """Forget every scope until the block ends: how a request or a job begins."""
    with entered(OUTSIDE):
        yield


def current_scope() -> Scope:
    """The innermost scope, or OUTSIDE."""
    return _current.get()


def current_tenant() -> "Tenant | None":
    """The tenant of the innermost scope, or None outside of all."""
    return _current.get().tenant


def require_tenant() -> "Tenant":
    """The tenant of the innermost scope; raises NoTenant outside of all."""
    tenant = current_tenant()
    if tenant is None:
        raise NoTenant("This needs a tenant: run it inside tenant_scope(tenant)")
    return tenant


def tell_database(scope: Scope) -> None:
    """Set what row-level security reads, until the transaction ends.

    Outside a transaction there is nothing to set: the engine does it as one begins
    (apps/tenants/postgresql), and no tenant's table can be asked before (the sentinel). A
    transaction that has failed answers nothing more, and its end takes the setting along.
    """
    if connection.in_atomic_block and not transaction_has_failed():
        with connection.wrap_database_errors:
            connection.connection.execute(SETTING, parameters(scope))


SETTING = "SELECT set_config('slipway.tenant', %s, true), set_config('slipway.platform', %s, true)"


def parameters(scope: Scope) -> tuple[str, str]:
    """The values of SETTING for a scope."""
    return (str(scope.tenant.pk) if scope.tenant else "", "on" if scope.platform else "")


def transaction_has_failed() -> bool:
    if connection.needs_rollback or connection.connection is None:
        return True
    return connection.connection.info.transaction_status.name == "INERROR"
