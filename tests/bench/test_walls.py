"""What the walls cost a request: the same page with and without them, in turn."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from apps.clients.models import Client
from apps.core.owner import as_owner
from apps.tenants import guard, scope
from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
PAGE = "/t/acme/clients/"
TENANTS, CLIENTS = 10, 2_000  # of each tenant
TURNS, REQUESTS = 12, 25


@contextmanager
def without_guard() -> Iterator[None]:
    with patch.object(guard, "refuse_unscoped", lambda query: None):
        yield


@contextmanager
def without_row_security() -> Iterator[None]:
    """Neither the policies nor the setting that they read."""
    switch_row_security("DISABLE")
    with patch.object(scope, "tell_database", lambda scope: None):
        yield
    switch_row_security("ENABLE")


@contextmanager
def without_walls() -> Iterator[None]:
    with without_guard(), without_row_security():
        yield


def switch_row_security(to: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        for model in TenantModel.tenant_models():
            cursor.execute(f"ALTER TABLE {model._meta.db_table} {to} ROW LEVEL SECURITY")


def timed(browser: Browser) -> float:
    begun = time.perf_counter()
    assert browser.get(PAGE).status_code == 200
    return time.perf_counter() - begun


def test_walls(
    make_tenant: Callable[..., Tenant],
    sign_in: Callable[..., Browser],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with transaction.atomic():
        tenants = [make_tenant("Acme"), *(make_tenant(f"T{n}") for n in range(1, TENANTS))]
        for tenant in tenants:
            Client.objects.bulk_create(
                Client(tenant=tenant, name=f"Client {number:05}") for number in range(CLIENTS)
            )
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    browser = sign_in(tenants[0].memberships.get(role=Role.OWNER).user)
    ways = {
        "no walls": without_walls,
        "no guard": without_guard,
        "no row-level security": without_row_security,
        "all walls": ExitStack,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            with way():
                timed(browser)  # a new connection's first request is not the walls' affair
                times[name] += [timed(browser) for _ in range(REQUESTS)]
    medians = {name: statistics.median(values) for name, values in times.items()}
    whole = medians["all walls"]
    with capsys.disabled():
        print(f"\nThe client list, median of {TURNS * REQUESTS} requests each way")
        for name, median in medians.items():
            print(f"  {name:<24}{median * 1000:7.2f} ms   all walls are {whole / median:.3f} of it")
