"""The tenant middleware: who is let in, and what becomes of what a request wrote."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.tenants.middleware import StreamedTooLate
from apps.tenants.models import Membership, Tenant
from apps.tenants.models.membership import MENU_SIZE
from apps.tenants.roles import Role
from apps.tenants.scope import current_tenant
from tests.conftest import Browser
from tests.tenants import probe_urls

pytestmark = pytest.mark.urls("tests.tenants.probe_urls")

SignIn = Callable[[User], Browser]


@pytest.fixture
def member(acme: Tenant, join: Callable[..., Membership], sign_in: SignIn) -> Browser:
    """A viewer of Acme, in a browser that answers with a page where a view crashes."""
    probe_urls.seen.clear()
    browser = sign_in(join(acme, Role.VIEWER).user)
    browser.raise_request_exception = False
    return browser


def answer(browser: Browser, method: str, path: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers, but for the request's ID."""
    response: Any = browser.generic(method, path)
    headers = dict(response.headers)
    seen = headers.pop("X-Request-ID")
    return response.status_code, response.content.decode().replace(seen, "ID"), headers


def was_kept(tenant: Tenant) -> bool:
    tenant.refresh_from_db()
    return tenant.name == probe_urls.MARK


# Who is let in


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["", "members/", "settings/", "no/such/page/"])
def test_an_outsider_cannot_tell_a_workspace_from_one_that_never_was(
    method: str, path: str, acme: Tenant, globex: Tenant, sign_in: SignIn
) -> None:
    browser = sign_in(globex.memberships.get().user)
    theirs = answer(browser, method, f"/t/acme/{path}")
    assert theirs == answer(browser, method, f"/t/never-was/{path}")
    assert theirs[0] == 404


def test_an_outsider_sees_the_same_404_as_for_a_page_that_is_not_there(
    acme: Tenant, globex: Tenant, sign_in: SignIn
) -> None:
    browser = sign_in(globex.memberships.get().user)
    theirs = answer(browser, "GET", "/t/acme/members/")
    assert theirs == answer(browser, "GET", "/t/globex/no/such/page/")
    assert theirs == answer(browser, "GET", "/t/globex/clients/999/")
    assert theirs[:2] == answer(browser, "GET", "/no/such/page/")[:2]
    assert "Acme" not in theirs[1]


def test_a_suspended_member_is_an_outsider(acme: Tenant, globex: Tenant, sign_in: SignIn) -> None:
    user = globex.memberships.get().user
    acme.memberships.create(user=user, role=Role.OWNER, suspended_at=timezone.now())
    browser = sign_in(user)
    assert answer(browser, "GET", "/t/acme/members/") == answer(browser, "GET", "/t/no/members/")
    assert "Acme" not in browser.get("/t/globex/members/").content.decode()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_signed_out_are_asked_to_sign_in_whether_or_not_the_workspace_exists(
    method: str, acme: Tenant, anonymous: Browser
) -> None:
    real = answer(anonymous, method, "/t/acme/members/")
    never = answer(anonymous, method, "/t/never-was/members/")
    assert (real[0], real[2].pop("Location")) == (302, "/accounts/login/?next=/t/acme/members/")
    assert never[2].pop("Location") == "/accounts/login/?next=/t/never-was/members/"
    assert real == never


def test_somebody_whose_account_is_closed_is_signed_out(acme: Tenant, sign_in: SignIn) -> None:
    browser = sign_in(acme.memberships.get().user)
    User.objects.update(is_active=False)
    response: Any = browser.get("/t/acme/members/")
    assert response.headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", ["/t/ACME/members/", "/t/acme%20/members/", "/t//members/"])
def test_only_the_exact_address_opens_the_workspace(
    path: str, acme: Tenant, member: Browser
) -> None:
    assert member.get(path).status_code == 404


def test_the_way_in_costs_one_query_beside_session_and_person(member: Browser) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert member.get("/t/acme/probe/smallest/").content == b"Acme"
    tables = [re.search(r'FROM "(\w+)"', query["sql"]) for query in queries.captured_queries]
    assert [found[1] for found in tables if found] == [
        "django_session",
        "accounts_user",
        "tenants_membership",
    ]


def test_somebody_in_very_many_workspaces_enters_each_of_them(
    acme: Tenant, member: Browser
) -> None:
    user = acme.memberships.get(role=Role.VIEWER).user
    crowd = Tenant.objects.bulk_create(
        [Tenant(name=f"A {number}", slug=f"a-{number}") for number in range(MENU_SIZE + 5)]
    )
    Membership.objects.bulk_create([Membership(tenant=each, user=user) for each in crowd])
    assert member.get("/t/acme/probe/smallest/").content == b"Acme"
    assert member.get(f"/t/{crowd[-1].slug}/probe/smallest/").status_code == 200
    assert member.get("/t/globex/probe/smallest/").status_code == 404


# What becomes of what a request wrote


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("how", "status_and_kept"),
    [
        ("200", (200, True)),
        ("redirect", (302, True)),
        ("file", (200, True)),
        ("422", (422, True)),
        ("http404", (404, False)),
        ("denied", (403, False)),
        ("bad", (400, False)),
        ("crash", (500, False)),
        ("500", (500, False)),
        ("503", (503, False)),
        ("stream", (500, False)),
    ],
)
def test_a_request_in_a_workspace_is_one_transaction(
    how: str, status_and_kept: tuple[int, bool], method: str, acme: Tenant, member: Browser
) -> None:
    response = member.generic(method, f"/t/acme/probe/{how}/")
    assert (response.status_code, was_kept(acme)) == status_and_kept
    assert probe_urls.seen == [(True, acme)]
    assert current_tenant() is None


@pytest.mark.parametrize(
    ("how", "status", "kept"),
    [("200", 200, True), ("http404", 404, False), ("crash", 500, False), ("503", 503, False)],
)
def test_a_write_outside_of_workspaces_is_one_transaction_too(
    how: str, status: int, kept: bool, acme: Tenant, anonymous: Browser
) -> None:
    anonymous.raise_request_exception = False
    response = anonymous.post(f"/probe/{how}/")
    assert (response.status_code, was_kept(acme)) == (status, kept)


@pytest.mark.django_db(transaction=True)
def test_outside_of_workspaces_a_page_that_only_reads_opens_no_transaction(
    acme: Tenant, anonymous: Browser
) -> None:
    probe_urls.seen.clear()
    anonymous.get("/probe/200/")
    anonymous.post("/probe/200/")
    assert probe_urls.seen == [(False, None), (True, None)]


def test_what_renders_after_the_view_is_in_the_scope_and_the_transaction(
    acme: Tenant, member: Browser
) -> None:
    assert member.get("/t/acme/probe/late/well/").content == b"Acme"
    assert was_kept(acme)
    assert probe_urls.seen == [(True, acme)]


def test_a_template_that_breaks_rolls_back(acme: Tenant, member: Browser) -> None:
    assert member.get("/t/acme/probe/late/crash/").status_code == 500
    assert not was_kept(acme)
    assert current_tenant() is None


def test_a_stream_is_refused_with_the_way_on(acme: Tenant, member: Browser) -> None:
    member.raise_request_exception = True
    with pytest.raises(StreamedTooLate, match="Write the file in a job"):
        member.get("/t/acme/probe/stream/")
    assert "streamed" not in probe_urls.seen


# Methods


def test_head_answers_like_get_without_a_body(member: Browser) -> None:
    get, head = member.get("/t/acme/members/"), member.head("/t/acme/members/")
    assert (head.status_code, head.content) == (200, b"")
    assert get.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_method_that_was_not_declared_is_405(method: str, member: Browser) -> None:
    response: Any = member.generic(method, "/t/acme/members/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"


def test_a_role_that_is_too_low_is_403(member: Browser) -> None:
    assert member.get("/t/acme/settings/").status_code == 403
    assert member.post("/t/acme/settings/").status_code == 403
    assert member.put("/t/acme/settings/").status_code == 405
