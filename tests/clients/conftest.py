"""What the tests of clients share: a quick way to a client."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.clients.models import Client
from apps.tenants.models import Tenant


@pytest.fixture
def make_client(acme: Tenant) -> Callable[..., Client]:
    """Make a client, in Acme unless told otherwise: ``make_client("Aldgate", city="Leeds")``."""

    def make(name: str = "Aldgate Interiors", tenant: Tenant = acme, **fields: Any) -> Client:
        client: Client = tenant.clients.create(name=name, **fields)
        return client

    return make
