"""Undoing an import: what goes, what comes back, what is left alone, who may, and until when."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.clients.models import Client
from apps.jobs.models import Job
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from apps.transfers.models import Import
from apps.transfers.services import purge_expired
from tests.conftest import Browser
from tests.transfers.conftest import add_client

BringIn = Callable[..., Import]


@pytest.fixture
def known(acme: Tenant) -> Client:
    return add_client(
        acme, "Aldgate", email="a@example.com", phone="1", last_contact_on="2026-01-31"
    )


@pytest.fixture
def each(known: Client, bring_in: BringIn) -> Import:
    """An import that added two clients and updated one."""
    return bring_in(
        "name,email,phone,last_contact_on\nAldgate & Sons,A@example.com,2,2026-02-28\n"
        "New,n@example.com,3,\nOther,,4,\n",
        mode="update",
    )


@pytest.fixture
def undo(do_jobs: Callable[[], int]) -> Callable[[Import], Import]:
    def do(each: Import) -> Import:
        assert each.ask_to_undo(by=each.created_by)
        do_jobs()
        each.refresh_from_db()
        assert each.undoing
        assert each.undoing.state == "succeeded", each.undoing.traceback
        return each

    return do


def facts(client: Client) -> tuple[str, ...]:
    client.refresh_from_db()
    return client.name, client.email, client.phone, str(client.last_contact_on)


def test_what_was_added_goes_and_what_was_updated_is_as_before(
    acme: Tenant, globex: Tenant, known: Client, each: Import, undo: Callable[[Import], Import]
) -> None:
    add_client(globex, "Next door", email="n@example.com")
    assert facts(known) == ("Aldgate & Sons", "A@example.com", "2", "2026-02-28")
    version = known.version
    undo(each)
    assert facts(known) == ("Aldgate", "a@example.com", "1", "2026-01-31")
    assert known.version != version
    assert (acme.clients.count(), globex.clients.count()) == (1, 1)
    assert each.summary == "Undone: 2 deleted, 1 restored"
    assert acme.events.get(action="import.undone").sentence == (
        "undid the import of clients.csv: 2 deleted, 1 restored"
    )
    assert not acme.importtraces.exists()


def test_what_somebody_touched_since_is_left_alone_and_named(
    *,
    acme: Tenant,
    owner: User,
    known: Client,
    each: Import,
    browser: Browser,
    undo: Callable[[Import], Import],
) -> None:
    known.refresh_from_db()
    known.city = "Leeds"
    known.change(by=owner, version=known.version)
    acme.clients.get(name="New").add_note(by=owner, body="Called")
    acme.clients.get(name="Other").remove(by=owner)
    undo(each)
    assert each.undone["left"] == {
        "is in use since": 1,
        "was changed since": 1,
        "was deleted since": 1,
    }
    assert each.summary == "Undone: 0 deleted, 0 restored, 3 left alone"
    assert facts(known)[0] == "Aldgate & Sons"
    assert acme.clients.get(name="New").notes.count() == 1
    page = browser.get(each.get_absolute_url()).content.decode()
    assert "is in use since" in page
    assert known.get_absolute_url() in page


def test_a_former_value_that_is_taken_by_now_is_left_alone(
    acme: Tenant, known: Client, each: Import, undo: Callable[[Import], Import]
) -> None:
    Client.objects.filter(tenant=acme, pk=known.pk).update(email="else@example.com")
    add_client(acme, "Quicker", email="a@example.com")
    undo(each)
    assert each.undone["restored"] == 0
    assert facts(known)[1] == "else@example.com"


def test_it_is_asked_on_a_page_confirmed_and_done_once(
    acme: Tenant, each: Import, browser: Browser, do_jobs: Callable[[], int]
) -> None:
    url = reverse("import_undoing_create", args=["acme", each.pk])
    assert url in browser.get(each.get_absolute_url()).content.decode()
    page = browser.get(url).content.decode()
    assert "It deletes 2 clients that it added, and gives 1 client the former values back" in page
    assert acme.clients.count() == 3
    assert browser.post(url).status_code == 302
    assert not each.ask_to_undo(by=each.created_by)
    assert "Undoing of the import" in browser.get(each.get_absolute_url()).content.decode()
    do_jobs()
    assert acme.clients.count() == 1
    page = browser.get(each.get_absolute_url()).content.decode()
    assert "Undone: 2 deleted, 1 restored" in page
    assert url not in page
    assert "cannot be undone" in browser.post(url, follow=True).content.decode()
    assert acme.jobs.filter(kind="transfers.undo").count() == 1


def test_after_a_day_it_is_too_late_and_nothing_is_remembered(
    acme: Tenant, each: Import, browser: Browser
) -> None:
    assert purge_expired() == 0
    assert acme.importtraces.exists()
    long_ago = timezone.now() - timedelta(hours=24, seconds=1)
    Job.objects.update(finished_at=long_ago)
    acme.importtraces.update(made_at=long_ago)
    assert not Import.objects.get(tenant=acme, pk=each.pk).ask_to_undo(by=each.created_by)
    assert "Undo this import" not in browser.get(each.get_absolute_url()).content.decode()
    purge_expired()
    assert not acme.importtraces.exists()


def test_a_member_undoes_an_import_of_their_own_and_an_admin_any(
    acme: Tenant,
    each: Import,
    join: Callable[..., Membership],
    sign_in: Callable[[User], Browser],
) -> None:
    url = reverse("import_undoing_create", args=["acme", each.pk])
    member = sign_in(join(acme, Role.MEMBER).user)
    assert member.get(url).status_code == 403
    assert member.post(url).status_code == 403
    assert "Undo this import" not in member.get(each.get_absolute_url()).content.decode()
    admin = sign_in(join(acme, Role.ADMIN).user)
    assert admin.get(url).status_code == 200


def test_an_import_that_did_nothing_has_nothing_to_undo(acme: Tenant, bring_in: BringIn) -> None:
    each = bring_in("name,email\nBad,nonsense\n")
    assert not each.is_undoable
    assert not each.ask_to_undo(by=each.created_by)
