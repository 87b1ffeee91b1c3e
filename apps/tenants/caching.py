"""Values kept in the cache for one tenant; a cache that is down costs time, never a page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from apps.tenants.scope import NoTenant

if TYPE_CHECKING:
    from apps.tenants.models import Tenant

Kept = TypeVar("Kept")
UNREACHABLE = (RedisError, OSError)
log = structlog.get_logger("slipway.cache")


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
    try:
        kept: Kept | None = cache.get(key)
    except UNREACHABLE as error:
        log.warning("cache.unreachable", key=key, reason=type(error).__name__)
        return compute()
    if kept is not None:
        return kept
    value = compute()
    with tolerance(key):
        cache.set(key, value, seconds)
    return value


def forget(tenant: "Tenant", name: str) -> None:
    """Drop the kept value. While the cache is down nobody reads it, and it runs out by itself."""
    key = tenant_key(tenant, name)
    with tolerance(key):
        cache.delete(key)


@contextmanager
def tolerance(key: str) -> Iterator[None]:
    """Log that the cache cannot be reached, and go on."""
    try:
        yield
    except UNREACHABLE as error:
        log.warning("cache.unreachable", key=key, reason=type(error).__name__)
