"""What a request asked of the database is told to whoever holds the key, and to nobody else."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.signing import TimestampSigner, b62_encode
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.timing import GOOD_FOR, HEADER, signer, ticket
from apps.tenants.models import Tenant
from apps.tenants.roles import Role


class Earlier(TimestampSigner):
    """Signs as it was done some time ago."""

    ago = timedelta()

    def timestamp(self) -> str:
        return b62_encode(int(time.time() - self.ago.total_seconds()))


def ticket_of(ago: timedelta) -> str:
    """A ticket of some time ago."""
    earlier = Earlier(salt=signer().salt)
    earlier.ago = ago
    return earlier.sign("queries")


@pytest.fixture
def page(as_role: Callable[[Role], Browser], acme: Tenant) -> Callable[..., str | None]:
    """Ask for the list of clients with this ticket; what Server-Timing says."""
    browser, url = as_role(Role.MEMBER), reverse("client_list", args=[acme.slug])
    browser.get(url)  # the first visit of an hour notes that the person was here

    def ask(**headers: str) -> str | None:
        response = browser.get(url, headers=headers)
        assert response.status_code == 200
        return response.headers.get("Server-Timing")

    return ask


def test_whoever_holds_the_key_is_told_every_query(page: Callable[..., str | None]) -> None:
    with CaptureQueriesContext(connection) as queries:
        said = page(**{HEADER: ticket()})
    found = re.fullmatch(r'db;dur=\d+\.\d;desc="(\d+)"', said or "")
    assert found
    assert int(found[1]) == len(queries) > 3


def test_a_stranger_is_told_nothing(page: Callable[..., str | None]) -> None:
    assert page() is None


FORGED = {
    "nothing": lambda: "",
    "a word": lambda: "queries",
    "a made-up signature": lambda: "queries:1tZ:AAAA",
    "no ASCII": lambda: "é",
    "another key": lambda: TimestampSigner(key="another", salt=signer().salt).sign("queries"),
    "another purpose": lambda: TimestampSigner(salt="another-purpose").sign("queries"),
    "another text": lambda: ticket().replace("queries", "querieS"),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_wrong_ticket_is_told_nothing(
    page: Callable[..., str | None], forge: Callable[[], str]
) -> None:
    assert page(**{HEADER: forge()}) is None


def test_a_ticket_is_good_for_five_minutes(page: Callable[..., str | None]) -> None:
    assert page(**{HEADER: ticket_of(GOOD_FOR - timedelta(seconds=20))})
    assert page(**{HEADER: ticket_of(GOOD_FOR + timedelta(seconds=1))}) is None


def test_a_former_key_that_still_verifies_will_do(page: Callable[..., str | None]) -> None:
    former = TimestampSigner(key="the-former-key", salt=signer().salt).sign("queries")
    with override_settings(SECRET_KEY_FALLBACKS=["the-former-key"]):
        assert page(**{HEADER: former})


def test_an_error_page_is_told_of_too(acme: Tenant, as_role: Callable[[Role], Browser]) -> None:
    browser = as_role(Role.MEMBER)
    response = browser.get(f"/t/{acme.slug}/clients/999/", headers={HEADER: ticket()})
    assert response.status_code == 404
    assert 'desc="' in response.headers["Server-Timing"]
