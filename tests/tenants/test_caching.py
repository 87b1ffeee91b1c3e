"""What is kept for one tenant: under which key, and until when."""

from typing import Any

import pytest

from apps.tenants.caching import forget, remember, tenant_key
from apps.tenants.models import Tenant
from apps.tenants.scope import NoTenant


def test_a_key_carries_its_tenant(acme: Tenant, globex: Tenant) -> None:
    assert tenant_key(acme, "figures") != tenant_key(globex, "figures")
    assert str(acme.pk) in tenant_key(acme, "figures")


@pytest.mark.parametrize("nobody", [None, Tenant(name="Not saved")])
def test_a_key_without_a_tenant_is_refused(nobody: Tenant | None) -> None:
    with pytest.raises(NoTenant, match="figures"):
        tenant_key(nobody, "figures")


def test_a_value_is_computed_once_until_it_is_forgotten(acme: Tenant, globex: Tenant) -> None:
    values = iter([1, 2, 3])
    assert remember(acme, "next", lambda: next(values)) == 1
    assert remember(acme, "next", lambda: next(values)) == 1
    assert remember(globex, "next", lambda: next(values)) == 2
    forget(acme, "next")
    assert remember(acme, "next", lambda: next(values)) == 3


def test_while_redis_is_away_a_value_is_kept_by_the_process(acme: Tenant, settings: Any) -> None:
    down = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": down}
    values = iter([1, 2])
    assert remember(acme, "next", lambda: next(values)) == 1
    assert remember(acme, "next", lambda: next(values)) == 1
    forget(acme, "next")
    assert remember(acme, "next", lambda: next(values)) == 2


def test_an_error_of_the_computing_is_not_taken_for_the_caches(acme: Tenant) -> None:
    def fail() -> int:
        raise ConnectionError("the bank is closed")

    with pytest.raises(ConnectionError, match="bank"):
        remember(acme, "next", fail)
