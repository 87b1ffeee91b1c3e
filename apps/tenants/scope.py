"""Which tenant the running code works for; nothing else decides it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.tenants.models import Tenant

_current: ContextVar["Tenant | None"] = ContextVar("tenant", default=None)


class NoTenant(RuntimeError):
    """Code that needs a tenant ran outside every scope."""


@contextmanager
def tenant_scope(tenant: "Tenant") -> Iterator["Tenant"]:
    """Work for `tenant` until the block ends; scopes nest, and each restores the one before.

    Raises NoTenant for anything that is not a saved tenant: an empty scope would be no wall.
    """
    if tenant is None or tenant.pk is None:
        raise NoTenant("A tenant scope needs a saved tenant")
    token = _current.set(tenant)
    try:
        yield tenant
    finally:
        _current.reset(token)


def current_tenant() -> "Tenant | None":
    """The tenant of the innermost scope, or None outside of all."""
    return _current.get()


def require_tenant() -> "Tenant":
    """The tenant of the innermost scope; raises NoTenant outside of all."""
    tenant = _current.get()
    if tenant is None:
        raise NoTenant("This needs a tenant: run it inside tenant_scope(tenant)")
    return tenant
