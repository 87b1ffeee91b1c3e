"""Imports that update what is there: by which key, which fields, and what happens beside them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.clients.models import Client
from apps.tenants.models import Tenant
from apps.transfers.models import Import
from apps.transfers.staging import Staging
from tests.transfers.conftest import add_client

BringIn = Callable[..., Import]


@pytest.fixture
def known(acme: Tenant, owner: User) -> Client:
    return add_client(
        acme, "Aldgate", email="Hello@Aldgate.example", phone="1", city="London", owner=owner
    )


def counts(each: Import) -> tuple[int, int, int, int]:
    return each.added, each.updated, each.unchanged, each.refused


def test_what_is_there_is_updated_and_the_rest_is_added(
    acme: Tenant, globex: Tenant, known: Client, bring_in: BringIn
) -> None:
    theirs = add_client(globex, "Next door", email="hello@aldgate.example")
    before = known.version
    each = bring_in(
        "email,phone,name\nhello@aldgate.EXAMPLE,2,Aldgate\nnew@example.com,3,New\n,4,Nameless\n",
        mode="update",
    )
    assert counts(each) == (2, 1, 0, 0)
    known.refresh_from_db()
    assert (known.phone, known.email, known.city) == ("2", "hello@aldgate.EXAMPLE", "London")
    assert known.version != before
    theirs.refresh_from_db()
    assert theirs.phone == ""
    assert each.summary == "2 added, 1 updated, 0 refused"


def test_a_blank_cell_leaves_what_is_there_even_where_a_new_row_needs_it(
    acme: Tenant, known: Client, bring_in: BringIn
) -> None:
    each = bring_in(
        "name,email,phone,owner\n,hello@aldgate.example,2,\n,new@example.com,3,\n", mode="update"
    )
    assert counts(each) == (0, 1, 0, 1)
    assert each.problems[0]["reason"] == "This field is required."
    known.refresh_from_db()
    assert (known.name, known.phone, known.owner) == ("Aldgate", "2", acme.memberships.get().user)


def test_an_update_needs_no_column_but_the_key(known: Client, bring_in: BringIn) -> None:
    each = bring_in("email,phone\nHello@Aldgate.example,2\nnew@example.com,3\n", mode="update")
    assert counts(each) == (0, 1, 0, 1)
    assert each.problems[0]["reason"] == "Name: This field is required."


def test_what_says_nothing_new_is_not_touched(known: Client, bring_in: BringIn) -> None:
    each = bring_in("name,email\nAldgate,Hello@Aldgate.example\n", mode="update")
    assert counts(each) == (0, 0, 1, 0)
    assert each.summary == "0 added, 0 updated, 1 unchanged, 0 refused"
    version = known.version
    known.refresh_from_db()
    assert known.version == version


def test_an_update_obeys_the_forms_rules(known: Client, bring_in: BringIn) -> None:
    each = bring_in("email,city\nHello@Aldgate.example," + "x" * 101 + "\n", mode="update")
    assert counts(each) == (0, 0, 0, 1)
    assert each.problems[0]["reason"].startswith("Ensure this value has at most 100 characters")


def test_a_second_row_for_one_record_is_refused(known: Client, bring_in: BringIn) -> None:
    each = bring_in(
        "email,phone\nHello@Aldgate.example,2\nhello@aldgate.example,3\n", mode="update"
    )
    assert counts(each) == (0, 1, 0, 1)
    assert each.problems[0]["reason"] == "stands in row 2 as well"


def test_a_colleagues_edit_meanwhile_keeps_what_the_file_does_not_say(
    known: Client, bring_in: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = Staging.pieces

    def edit_meanwhile(staging: Staging, size: int) -> Any:
        Client.objects.filter(tenant=known.tenant, pk=known.pk).update(city="Leeds", phone="9")
        return pieces(staging, size)

    monkeypatch.setattr(Staging, "pieces", edit_meanwhile)
    each = bring_in("email,phone,city\nHello@Aldgate.example,2,London\n", mode="update")
    assert counts(each) == (0, 1, 0, 0)
    known.refresh_from_db()
    assert (known.phone, known.city) == ("2", "Leeds")


def test_a_record_that_somebody_deletes_meanwhile_costs_its_row(
    acme: Tenant, known: Client, bring_in: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = Staging.pieces

    def delete_meanwhile(staging: Staging, size: int) -> Any:
        acme.clients.filter(pk=known.pk).delete()
        return pieces(staging, size)

    monkeypatch.setattr(Staging, "pieces", delete_meanwhile)
    each = bring_in("email,phone\nHello@Aldgate.example,2\n", mode="update")
    assert counts(each) == (0, 0, 0, 1)
    assert each.problems[0]["reason"] == "It was deleted meanwhile."


def test_all_or_nothing_holds_everything_back_for_one_bad_row(
    acme: Tenant, bring_in: BringIn
) -> None:
    each = bring_in("name,email\nGood,\nBad,nonsense\n", is_all_or_nothing=True)
    assert (counts(each), acme.clients.count()) == ((0, 0, 0, 1), 0)
    assert each.summary == "Nothing was imported: 1 of 2 rows are refused"
    assert not acme.events.filter(action="import.finished").exists()
    assert each.refusals
    assert counts(bring_in("name,email\nGood,\n", is_all_or_nothing=True)) == (1, 0, 0, 0)


def test_all_or_nothing_holds_back_for_what_somebody_adds_meanwhile(
    acme: Tenant, bring_in: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = Staging.pieces

    def add_meanwhile(staging: Staging, size: int) -> Any:
        add_client(acme, "Quicker", email="b@example.com")
        return pieces(staging, size)

    monkeypatch.setattr(Staging, "pieces", add_meanwhile)
    file = "name,email\nA,a@example.com\nB,b@example.com\n"
    each = bring_in(file, is_all_or_nothing=True)
    assert (counts(each), acme.clients.exists()) == ((0, 0, 0, 1), False)
    assert not acme.importtraces.exists()


def test_a_rule_that_only_the_database_knows_costs_one_row(
    acme: Tenant, bring_in: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.transfers.texts import Column

    monkeypatch.setattr(Column, "clean", lambda column, text: text)
    monkeypatch.setattr(Column, "hold", lambda column, value: value)
    each = bring_in("name,status\nA,lead\nB,gone\nC,active\n" + "D" * 300 + ",lead\n")
    assert counts(each) == (2, 0, 0, 2)
    assert "known_status" in each.problems[0]["reason"]
    assert each.problems[1]["reason"] == "The database cannot keep this row."


def test_a_trial_writes_nothing_and_says_what_the_import_does(
    acme: Tenant, known: Client, prepare: Callable[..., Import]
) -> None:
    from apps.jobs.runner import attempt

    each = prepare(
        "name,email\nAldgate & Sons,Hello@Aldgate.example\nNew,\nBad,nonsense\n",
        mode="update",
        trial=True,
    )
    assert each.trial
    with connection.execute_wrapper(refuse_writing):
        attempt(each.trial.pk)
    each.refresh_from_db()
    assert each.is_checked, each.trial.traceback
    assert (each.is_draft, counts(each)) == (True, (1, 1, 0, 1))
    assert [(p["row"], p["reason"]) for p in each.problems] == [(4, "Enter a valid email address.")]
    with each.open_refusals() as file:
        assert b"nonsense" in file.read()
    assert acme.clients.get().name == "Aldgate"
    assert not acme.importtraces.exists()
    each.start(each.mapping, by=each.created_by, mode="update")
    attempt(each.job_id)
    said = counts(each)
    each.refresh_from_db()
    assert counts(each) == said


def refuse_writing(execute: Any, statement: str, *rest: Any) -> Any:
    words = statement.lower().split()
    assert words[0] not in {"insert", "update", "delete"} or "clients_client" not in statement
    return execute(statement, *rest)


def test_columns_mean_the_next_time_what_they_meant_the_last(
    acme: Tenant, globex: Tenant, bring_in: BringIn, browser: Any
) -> None:
    from apps.transfers.forms import MappingForm
    from tests.transfers.conftest import draft_of

    bring_in("Firm,Post,city\nAldgate,a@example.com,x\n", ["name", "email", ""])
    form = MappingForm(draft=draft_of(browser, acme, "CITY,post,Firm,phone\n,,b,\n"))
    assert [bound.value() for bound in form.columns] == ["", "email", "name", "phone"]
    assert not globex.columnmemorys.exists()
