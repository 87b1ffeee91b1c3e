"""Values kept in the cache for one tenant, under keys that carry it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from django.core.cache import cache

from apps.tenants.scope import NoTenant

if TYPE_CHECKING:
    from apps.tenants.models import Tenant

Kept = TypeVar("Kept")


def tenant_key(tenant: "Tenant | None", name: str) -> str:
    """The cache key of `name` in `tenant`; raises NoTenant where a key would be everybody's."""
    if tenant is None or tenant.pk is None:
        raise NoTenant(f"The cache key {name!r} needs a saved tenant")
    return f"tenant:{tenant.pk}:{name}"


def remember(
    tenant: "Tenant", name: str, compute: Callable[[], Kept], *, seconds: int = 60
) -> Kept:
    """The kept value of `name`, or what `compute` returns, which is then kept for `seconds`."""
    key = tenant_key(tenant, name)
    kept: Kept | None = cache.get(key)
    if kept is not None:
        return kept
    value = compute()
    cache.set(key, value, seconds)
    return value


def note(tenants: "Iterable[tuple[Tenant, str]]", *, seconds: int) -> None:
    """Keep for `seconds` that each of these names holds in its tenant; one journey for all."""
    keys = [tenant_key(tenant, name) for tenant, name in tenants]
    if keys:
        cache.set_many(dict.fromkeys(keys, True), seconds)


def is_noted(tenant: "Tenant", name: str) -> bool:
    """Whether the name still holds; no, where the cache cannot say."""
    return bool(cache.get(tenant_key(tenant, name)))


def forget(tenant: "Tenant", name: str) -> None:
    """Drop the kept value; while Redis is away other processes keep theirs until it runs out."""
    cache.delete(tenant_key(tenant, name))
