"""The pages of one client: adding, reading, editing, archiving, deleting, notes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.clients.forms import ClientForm
from apps.clients.models import Client
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

NEW = "/t/acme/clients/new/"
VALID = {"name": "Aldgate", "status": "lead"}
Make = Callable[..., Client]
AsRole = Callable[[Role], Browser]
Join = Callable[..., Membership]


@pytest.fixture
def member(as_role: AsRole) -> Browser:
    return as_role(Role.MEMBER)


def edit(browser: Browser, client: Client, **changes: Any) -> Any:
    """Post the edit form as it would be filled in for `client`, with `changes`."""
    fields = {"name": client.name, "email": client.email, "city": client.city}
    given = {**fields, "status": client.status, "version": client.version, **changes}
    return browser.post(f"{client.get_absolute_url()}edit/", given)


def test_a_member_adds_a_client(acme: Tenant, member: Browser) -> None:
    owner = acme.memberships.get(role=Role.OWNER).user
    given = {
        "name": "Aldgate",
        "email": "hello@aldgate.example",
        "phone": "+44 20 555 0101",
        "city": "London",
        "status": "active",
        "owner": owner.pk,
        "last_contact_on": "2026-02-01",
    }
    response = member.post(NEW, given, follow=True)
    client = acme.clients.get()
    assert response.redirect_chain == [(client.get_absolute_url(), 302)]
    page = response.content.decode()
    for shown in ("Aldgate is added.", "hello@aldgate.example", "London", "1 February 2026"):
        assert shown in page
    assert acme.events.latest("pk").sentence == "added Aldgate"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"email": "no address"}, "Enter a valid email address."),
        ({"status": "gone"}, "not one of the available choices"),
        ({"last_contact_on": "yesterday"}, "Enter a valid date."),
        ({"owner": "99999"}, "not one of the available choices"),
    ],
)
def test_a_mistake_is_explained_and_the_input_kept(
    acme: Tenant, member: Browser, given: dict[str, str], error: str
) -> None:
    page = member.post(NEW, {**VALID, "city": "São Paulo", **given}).content.decode()
    assert error in page
    assert "São Paulo" in page
    assert "<title>Error: " in page
    assert not acme.clients.exists()


def test_only_members_can_own_a_client(
    acme: Tenant, globex: Tenant, join: Join, member: Browser
) -> None:
    outsider = globex.memberships.get().user
    suspended = join(acme, Role.MEMBER, name="Gone")
    suspended.suspended_at = suspended.created_at
    suspended.save()
    for stranger in (outsider, suspended.user):
        response = member.post(NEW, {**VALID, "owner": stranger.pk})
        assert "not one of the available choices" in response.content.decode()
        assert stranger.display_name not in response.content.decode()
    assert not acme.clients.exists()


def test_an_owner_who_left_stays_until_somebody_chooses_another(
    acme: Tenant, join: Join, member: Browser, make_client: Make
) -> None:
    leaver = join(acme, Role.MEMBER, name="Leaver")
    client = make_client("Aldgate", owner=leaver.user)
    leaver.delete()
    edit(member, client, owner=leaver.user.pk, city="Leeds")
    client.refresh_from_db()
    assert (client.owner, client.city) == (leaver.user, "Leeds")


def test_an_address_that_another_client_has_is_refused_beside_the_field(
    acme: Tenant, globex: Tenant, member: Browser, make_client: Make
) -> None:
    make_client(email="hello@aldgate.example")
    page = member.post(NEW, {**VALID, "email": "HELLO@aldgate.example"}).content.decode()
    assert page.count("Another client has this e-mail address.") == 2  # summary and field
    assert acme.clients.count() == 1


def test_an_address_of_another_workspaces_client_is_free(
    acme: Tenant, globex: Tenant, member: Browser, make_client: Make
) -> None:
    make_client(tenant=globex, email="hello@aldgate.example")
    member.post(NEW, {**VALID, "email": "hello@aldgate.example"})
    assert acme.clients.get().email == "hello@aldgate.example"


def test_a_client_keeps_its_own_address(member: Browser, make_client: Make) -> None:
    client = make_client(email="hello@aldgate.example")
    assert edit(member, client, city="Leeds").status_code == 302


def test_an_address_taken_between_check_and_save_is_refused_beside_the_field(
    acme: Tenant, make_client: Make
) -> None:
    form = ClientForm({**VALID, "email": "hello@aldgate.example"}, tenant=acme)
    assert form.is_valid()
    make_client(email="Hello@aldgate.example")
    assert not form.store(by=acme.memberships.get().user)
    assert form.errors["email"] == ["Another client has this e-mail address."]
    assert acme.clients.count() == 1


def test_an_edit_over_somebody_elses_shows_theirs_and_keeps_the_input(
    acme: Tenant, member: Browser, make_client: Make
) -> None:
    client = make_client("Aldgate", city="Leeds")
    first_seen = client.version
    edit(member, client, city="London", status="active")
    page = edit(member, client, city="Lyon", version=first_seen).content.decode()
    assert "Somebody changed this client while you were editing." in page
    assert "Stored now: London" in page
    assert "Stored now: Active" in page
    assert 'value="Lyon"' in page
    stored = acme.clients.get()
    assert stored.city == "London"
    assert f'name="version" value="{stored.version}"' in page
    edit(member, client, city="Lyon", version=stored.version)
    assert acme.clients.get().city == "Lyon"


@pytest.mark.parametrize("version", ["", "junk", "2020-01-01T00:00:00+00:00"])
def test_an_edit_that_cannot_say_what_it_saw_is_refused(
    acme: Tenant, member: Browser, make_client: Make, version: str
) -> None:
    client = make_client(city="Leeds")
    assert edit(member, client, city="Lyon", version=version).status_code == 200
    assert acme.clients.get().city == "Leeds"


def test_a_client_is_archived_and_restored(
    acme: Tenant, member: Browser, make_client: Make
) -> None:
    client = make_client("Aldgate")
    page = member.post(f"{client.get_absolute_url()}archival/", follow=True).content.decode()
    assert "Aldgate is archived." in page
    assert "archival/delete/" in page
    assert not acme.clients.active().exists()
    page = member.post(f"{client.get_absolute_url()}archival/delete/", follow=True)
    assert "Aldgate is back in the list." in page.content.decode()
    assert acme.clients.active().exists()


@pytest.mark.parametrize(
    ("notes", "goes"), [(0, ""), (1, "With it goes 1 note."), (2, "With it go 2 notes.")]
)
def test_deleting_asks_first_and_says_what_goes_with_it(
    acme: Tenant, as_role: AsRole, make_client: Make, notes: int, goes: str
) -> None:
    admin = as_role(Role.ADMIN)
    client = make_client("Aldgate")
    for number in range(notes):
        client.add_note(by=acme.memberships.first().user, body=f"Note {number}")
    page = admin.get(f"{client.get_absolute_url()}delete/").content.decode()
    assert "Delete Aldgate?" in page
    assert f"{goes} This cannot be undone.".strip() in page
    assert acme.clients.exists()
    response = admin.post(f"{client.get_absolute_url()}delete/", follow=True)
    assert "Aldgate is deleted." in response.content.decode()
    assert not acme.clients.exists()


def test_a_note_is_added_and_shown_as_it_was_written(
    acme: Tenant, member: Browser, make_client: Make
) -> None:
    client = make_client()
    response = member.post(
        f"{client.get_absolute_url()}notes/", {"body": "Called.\n<b>Twice</b>"}, follow=True
    )
    assert "Called.\n&lt;b&gt;Twice&lt;/b&gt;" in response.content.decode().replace("\r\n", "\n")
    assert client.notes.get().author.display_name == "Member"


def test_an_empty_note_is_explained(member: Browser, make_client: Make) -> None:
    client = make_client()
    response = member.post(f"{client.get_absolute_url()}notes/", {"body": "  "})
    assert "This field is required." in response.content.decode()
    assert not client.notes.exists()


def test_a_note_outlives_its_author(acme: Tenant, member: Browser, make_client: Make) -> None:
    client = make_client()
    client.notes.create(tenant=acme, author=None, body="They called.")
    page = member.get(client.get_absolute_url()).content.decode()
    assert "They called." in page
    assert "Somebody who left" in page


def test_notes_come_newest_first_in_pages(acme: Tenant, member: Browser, make_client: Make) -> None:
    client = make_client()
    author = acme.memberships.first().user
    for number in range(12):
        client.add_note(by=author, body=f"Note number {number:02}.")
    page = member.get(client.get_absolute_url()).content.decode()
    assert page.index("number 11.") < page.index("number 02.")
    assert "number 01." not in page
    assert "1\N{EN DASH}10 of 12" in page


def test_the_page_tells_what_was_done_with_this_client_alone(
    acme: Tenant, member: Browser, make_client: Make
) -> None:
    by = acme.memberships.first().user
    client, other = make_client("Aldgate"), make_client("Brightwater")
    client.archive(by=by)
    other.archive(by=by)
    page = member.get(client.get_absolute_url()).content.decode()
    assert "archived Aldgate" in page
    assert "archived Brightwater" not in page


def test_the_page_takes_as_many_queries_for_30_notes_as_for_2(
    acme: Tenant, member: Browser, make_client: Make
) -> None:
    owner = acme.memberships.get(role=Role.OWNER).user
    client = make_client(owner=owner)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert member.get(client.get_absolute_url()).status_code == 200
        return len(captured)

    client.add_note(by=owner, body="One")
    client.add_note(by=owner, body="Two")
    few = queries()
    for number in range(28):
        client.add_note(by=owner, body=f"Note {number}")
    assert queries() == few
