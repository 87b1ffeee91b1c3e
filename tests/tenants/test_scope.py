"""The scope: which tenant the running code works for."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from apps.tenants.models import Tenant
from apps.tenants.scope import NoTenant, current_tenant, require_tenant, tenant_scope

ACME, GLOBEX = Tenant(pk=1, name="Acme"), Tenant(pk=2, name="Globex")


def test_outside_of_every_scope_there_is_no_tenant() -> None:
    assert current_tenant() is None
    with pytest.raises(NoTenant):
        require_tenant()


def test_scopes_nest_and_each_restores_the_one_before() -> None:
    with tenant_scope(ACME):
        with tenant_scope(GLOBEX):
            assert require_tenant() is GLOBEX
        assert require_tenant() is ACME
    assert current_tenant() is None


def test_a_scope_ends_with_an_exception_too() -> None:
    with pytest.raises(ZeroDivisionError), tenant_scope(ACME):
        raise ZeroDivisionError
    assert current_tenant() is None


@pytest.mark.parametrize("nobody", [None, Tenant(name="Not saved")])
def test_a_scope_needs_a_saved_tenant(nobody: Any) -> None:
    with pytest.raises(NoTenant), tenant_scope(nobody):
        pass


def test_another_thread_does_not_see_the_scope() -> None:
    with tenant_scope(ACME), ThreadPoolExecutor() as pool:
        assert pool.submit(current_tenant).result() is None
