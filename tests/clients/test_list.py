"""The list of clients: searching, filtering, sorting, paging, choosing rows."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.clients.models import Client
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

LIST = "/t/acme/clients/"
BULK = "/t/acme/clients/archivals/"
Make = Callable[..., Client]
AsRole = Callable[[Role], Browser]


def names(browser: Browser, query: str = "") -> list[str]:
    """The clients that the list shows, from top to bottom."""
    body = browser.get(f"{LIST}?{query}").content.decode()
    return [unescape(name) for name in re.findall(r'class="row-link" [^>]*>([^<]*)<', body)]


@pytest.fixture
def member(as_role: AsRole) -> Browser:
    return as_role(Role.MEMBER)


def test_the_list_shows_current_clients_of_this_workspace_alone(
    member: Browser, globex: Tenant, make_client: Make
) -> None:
    make_client("Aldgate")
    make_client("Brightwater", archived_at="2026-01-01T00:00Z")
    make_client("Casa Verde", tenant=globex)
    assert names(member) == ["Aldgate"]
    assert names(member, "archived=yes") == ["Brightwater"]


def test_search_and_filters_narrow_the_list_together(
    acme: Tenant, join: Callable[..., Membership], member: Browser, make_client: Make
) -> None:
    ada = join(acme, Role.MEMBER, name="Ada").user
    make_client("Aldgate", city="Leeds", status="active", owner=ada)
    make_client("Brightwater", city="Leeds", status="active")
    make_client("Casa Verde", city="Leeds", status="lead", owner=ada)
    assert names(member, "q=leeds") == ["Aldgate", "Brightwater", "Casa Verde"]
    assert names(member, "q=leeds&status=active") == ["Aldgate", "Brightwater"]
    assert names(member, f"q=leeds&status=active&owner={ada.pk}") == ["Aldgate"]
    assert names(member, "owner=nobody") == ["Brightwater"]


@pytest.mark.parametrize(
    "query",
    ["status=junk", "owner=99999", "owner=x", "archived=perhaps", "sort=junk", "after=x"],
)
def test_what_makes_no_sense_in_the_query_string_is_ignored(
    member: Browser, make_client: Make, query: str
) -> None:
    make_client("Aldgate")
    assert names(member, query) == ["Aldgate"]
    assert 'aria-invalid="true"' not in member.get(f"{LIST}?{query}").content.decode()


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["aldgate", "Brightwater", "Casa"]),
        ("-name", ["Casa", "Brightwater", "aldgate"]),
        ("city", ["Casa", "Brightwater", "aldgate"]),
        ("status", ["aldgate", "Casa", "Brightwater"]),
        ("-contact", ["Brightwater", "Casa", "aldgate"]),
    ],
)
def test_each_column_sorts_and_says_so(
    member: Browser, make_client: Make, sort: str, expected: list[str]
) -> None:
    make_client("aldgate", city="Zürich", status="active")
    make_client("Brightwater", city="leeds", status="waiting", last_contact_on="2026-02-02")
    make_client("Casa", city="", status="lead", last_contact_on="2026-01-01")
    assert names(member, f"sort={sort}") == expected
    body = member.get(f"{LIST}?sort={sort}").content.decode()
    direction = "descending" if sort.startswith("-") else "ascending"
    assert body.count(f'aria-sort="{direction}"') == body.count("aria-sort=") == 1


def test_pages_keep_the_search(member: Browser, make_client: Make) -> None:
    for number in range(30):
        make_client(f"Client {number:02}", city="Leeds" if number < 28 else "London")
    page = member.get(f"{LIST}?q=leeds").content.decode()
    assert "1\N{EN DASH}25 of 28" in page
    link = unescape(re.search(r'href="([^"]*)" rel="next"', page)[1])  # type: ignore[index]
    assert names(member, link.partition("?")[2]) == ["Client 25", "Client 26", "Client 27"]


def test_the_list_takes_as_many_queries_for_30_clients_as_for_2(
    acme: Tenant, member: Browser, make_client: Make
) -> None:
    owner = acme.memberships.get(role=Role.OWNER).user

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert member.get(LIST).status_code == 200
        return len(captured)

    make_client("One", owner=owner)
    make_client("Two", owner=owner)
    few = queries()
    for number in range(28):
        make_client(f"Client {number}", owner=owner)
    assert queries() == few


def test_an_empty_workspace_says_how_to_begin(as_role: AsRole) -> None:
    page = as_role(Role.MEMBER).get(LIST).content.decode()
    assert "No clients yet" in page
    assert 'href="/t/acme/clients/new/"' in page
    assert 'href="/t/acme/imports/new/clients/"' in page


def test_a_search_without_a_match_leads_back_to_all(member: Browser, make_client: Make) -> None:
    make_client()
    page = member.get(f"{LIST}?q=nothing+like+it").content.decode()
    assert "No client matches" in page
    assert f'href="{LIST}">Show all clients' in page


def test_an_empty_archive_says_what_it_is_for(member: Browser) -> None:
    assert "Nothing is archived" in member.get(f"{LIST}?archived=yes").content.decode()


def test_an_export_holds_what_the_list_shows(member: Browser, make_client: Make) -> None:
    make_client()
    page = member.get(f"{LIST}?q=ald&sort=-name").content.decode()
    assert 'href="/t/acme/exports/new/clients/?q=ald&amp;sort=-name"' in page


def test_a_viewer_sees_nothing_to_write_with(as_role: AsRole, make_client: Make) -> None:
    make_client()
    page = as_role(Role.VIEWER).get(LIST).content.decode()
    assert "Aldgate" in page
    for forbidden in ("clients/new/", "imports/new/", "exports/new/", "archivals/", "checkbox"):
        assert forbidden not in page


def test_names_are_text_and_never_markup(member: Browser, make_client: Make) -> None:
    make_client("<script>alert(1)</script>", city="<b>Leeds</b>")
    page = member.get(LIST).content.decode()
    assert "<script>alert" not in page
    assert "<b>Leeds" not in page


def test_archiving_many_asks_first_and_names_the_count(
    acme: Tenant, member: Browser, make_client: Make
) -> None:
    clients = [make_client(f"Client {number:02}") for number in range(12)]
    chosen = {"client": [client.pk for client in clients]}
    page = member.post(BULK, chosen).content.decode()
    assert "Archive 12 clients?" in page
    assert "Client 00" in page
    assert "and 2 more" in page
    assert acme.clients.active().count() == 12
    confirmed = dict.fromkeys(re.findall(r'name="client" value="(\d+)"', page))
    response = member.post(f"{BULK}?status=lead", {"client": [*confirmed], "confirmed": "yes"})
    assert response["Location"] == f"{LIST}?status=lead"
    assert acme.clients.archived().count() == 12
    assert acme.events.filter(action="client.archived").count() == 12


@pytest.mark.parametrize("chosen", [{}, {"client": "x"}, {"client": "999999999999999999999"}])
def test_archiving_nothing_or_nonsense_is_explained(
    acme: Tenant, member: Browser, make_client: Make, chosen: dict[str, Any]
) -> None:
    make_client()
    response = member.post(BULK, {**chosen, "confirmed": "yes"}, follow=True)
    assert 'role="alert"' in response.content.decode()
    assert acme.clients.active().count() == 1


def test_archiving_many_never_reaches_another_workspace(
    member: Browser, globex: Tenant, make_client: Make
) -> None:
    mine, foreign = make_client(), make_client(tenant=globex)
    member.post(BULK, {"client": [mine.pk, foreign.pk], "confirmed": "yes"})
    foreign.refresh_from_db()
    mine.refresh_from_db()
    assert (mine.archived_at, foreign.archived_at) == (None, None)
