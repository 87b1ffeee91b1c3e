"""A client's verbs and the reads of many: what they change, what they tell, what they refuse."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.clients.models import Client, Stale
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role

Make = Callable[..., Client]


@pytest.fixture
def ada(acme: Tenant, join: Callable[..., Membership]) -> User:
    return join(acme, Role.MEMBER, name="Ada").user


def told(tenant: Tenant) -> list[str]:
    """What the tenant's events say, without how it was founded."""
    return [event.sentence for event in tenant.events.order_by("pk")][1:]


def test_adding_a_client_is_told(acme: Tenant, ada: User) -> None:
    Client(tenant=acme, name="Aldgate").add(by=ada)
    assert acme.clients.get().name == "Aldgate"
    assert told(acme) == ["added Aldgate"]


def test_a_change_is_told_by_its_fields_and_keeps_contact_details_to_itself(
    acme: Tenant, ada: User, make_client: Make
) -> None:
    client = make_client("Aldgate", email="old@aldgate.example", phone="+44 1", status="lead")
    client.email, client.phone, client.status, client.owner = "new@x.example", "2", "active", ada
    client.change(by=ada, version=client.version)
    assert told(acme) == [
        "changed the e-mail address, the phone number, the status (Lead to Active) "
        "and the owner (nobody to Ada) of Aldgate"
    ]
    event = acme.events.latest("pk")
    assert event.details["fields"] == ["email", "phone", "status", "owner"]
    assert not {"aldgate.example", "x.example", "+44"} & set(str(event.details).split())
    assert "example" not in str(event.details)


def test_saving_without_a_change_tells_nothing(acme: Tenant, ada: User, make_client: Make) -> None:
    client = make_client()
    before = client.version
    client.change(by=ada, version=before)
    assert told(acme) == []
    assert acme.clients.get().version == before


def test_a_change_to_an_older_version_is_refused(
    acme: Tenant, ada: User, make_client: Make
) -> None:
    client = make_client(city="Leeds")
    version = client.version
    other = acme.clients.get(pk=client.pk)
    other.city = "London"
    other.change(by=ada, version=version)
    client.city = "Lyon"
    with pytest.raises(Stale) as stale:
        client.change(by=ada, version=version)
    assert stale.value.stored.city == "London"
    assert acme.clients.get().city == "London"


def test_archiving_and_restoring_are_told_once_each(
    acme: Tenant, ada: User, make_client: Make
) -> None:
    client = make_client("Aldgate")
    client.archive(by=ada)
    client.archive(by=ada)
    assert list(acme.clients.active()) == []
    assert list(acme.clients.archived()) == [client]
    client.restore(by=ada)
    client.restore(by=ada)
    assert list(acme.clients.active()) == [client]
    assert list(acme.clients.archived()) == []
    assert told(acme) == ["archived Aldgate", "restored Aldgate"]


def test_archiving_makes_an_open_edit_stale(ada: User, make_client: Make) -> None:
    client = make_client()
    version = client.version
    client.archive(by=ada)
    client.city = "Lyon"
    with pytest.raises(Stale):
        client.change(by=ada, version=version)


def test_removing_a_client_takes_its_notes_and_leaves_the_record_of_events(
    acme: Tenant, ada: User, make_client: Make
) -> None:
    client = make_client("Aldgate")
    client.add_note(by=ada, body="They called.")
    client.remove(by=ada)
    assert not acme.clients.exists()
    assert not acme.notes.exists()
    assert told(acme) == ["wrote a note about Aldgate", "deleted Aldgate"]


def test_a_note_belongs_to_its_clients_tenant(
    acme: Tenant, globex: Tenant, ada: User, make_client: Make
) -> None:
    note = make_client(tenant=globex).add_note(by=ada, body="They called.")
    assert note.tenant == globex
    assert not acme.notes.exists()


def test_an_address_is_one_clients_in_a_tenant_however_it_is_written(
    acme: Tenant, globex: Tenant, make_client: Make
) -> None:
    make_client(email="hello@aldgate.example")
    make_client(tenant=globex, email="hello@aldgate.example")
    make_client(email="")
    make_client(email="")
    with pytest.raises(IntegrityError, match="clients_client_one_per_email"), transaction.atomic():
        make_client(email="Hello@Aldgate.example")


def test_a_status_that_nobody_knows_is_refused_by_the_database(make_client: Make) -> None:
    with pytest.raises(IntegrityError, match="clients_client_known_status"), transaction.atomic():
        make_client(status="gone")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aldgate", ["Aldgate Interiors"]),
        ("ALDGATE", ["Aldgate Interiors"]),
        ("info@bright", ["Brightwater 100%"]),
        ("zürich", ["Brightwater 100%"]),
        ("ZÜRICH bright", ["Brightwater 100%"]),
        ("aldgate zürich", []),
        ("100%", ["Brightwater 100%"]),
        ("%", ["Brightwater 100%"]),
        ("_", ["under_score"]),
        ("\\", ["back\\slash"]),
        ("'", ["O'Connor"]),
        ("--", []),
        (
            "   ",
            ["Aldgate Interiors", "Brightwater 100%", "O'Connor", "back\\slash", "under_score"],
        ),
    ],
)
def test_search_finds_every_word_anywhere_and_takes_signs_for_themselves(
    acme: Tenant, make_client: Make, text: str, found: list[str]
) -> None:
    make_client("Aldgate Interiors", city="London")
    make_client("Brightwater 100%", email="info@brightwater.example", city="Zürich")
    make_client("under_score")
    make_client("back\\slash")
    make_client("O'Connor")
    assert sorted(client.name for client in acme.clients.search(text)) == found


def test_search_stays_in_its_tenant(acme: Tenant, globex: Tenant, make_client: Make) -> None:
    make_client("Aldgate", tenant=globex)
    assert not acme.clients.search("aldgate").exists()


def test_the_list_reads_owners_along(
    acme: Tenant, ada: User, make_client: Make, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        make_client(f"Client {number}", owner=ada, last_contact_on=date(2026, 1, 1))
    with django_assert_num_queries(1):
        assert {str(client.owner) for client in acme.clients.for_list()} == {"Ada"}
