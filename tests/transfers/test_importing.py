"""What becomes of the rows of a file: the form's rules, the natural key, batches and bounds."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.clients.models import Client
from apps.clients.transfers import CLIENTS
from apps.jobs.models import Job
from apps.jobs.runner import attempt
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from apps.transfers import importing
from apps.transfers.models import Import
from apps.transfers.staging import Staging
from tests.jobs.conftest import on_record
from tests.transfers.conftest import add_client, table

Halfway = Callable[[int, int], AbstractContextManager[None]]
BringIn = Callable[..., Import]
ALL = "name,email,phone,city,status,owner,last_contact_on"


def reasons(each: Import) -> list[tuple[int, str, str, str]]:
    return [(p["row"], p["column"], p["value"], p["reason"]) for p in each.problems]


def test_every_column_finds_its_field(acme: Tenant, owner: User, bring_in: BringIn) -> None:
    each = bring_in(
        f"{ALL}\nAldgate,hello@aldgate.example,+44 20 7946 0001,London,active,"
        f"{owner.email.upper()},2026-01-31\n"
    )
    assert (each.added, each.refused, each.problems) == (1, 0, [])
    client = acme.clients.get()
    assert [getattr(client, name) for name in Client.EDITABLE] == [
        "Aldgate",
        "hello@aldgate.example",
        "+44 20 7946 0001",
        "London",
        "active",
        owner,
        date(2026, 1, 31),
    ]
    assert client.created_at
    assert client.updated_at


def test_columns_that_are_left_out_leave_the_models_own_values(
    acme: Tenant, bring_in: BringIn
) -> None:
    bring_in("name,status,city\nAldgate,active,London\n", ["name", "", ""])
    client = acme.clients.get()
    assert (client.status, client.city, client.owner) == ("lead", "", None)


@pytest.mark.parametrize(
    ("text", "status"),
    [("active", "active"), ("Active", "active"), (" OVERDUE ", "overdue"), ("", "lead")],
)
def test_a_choice_is_taken_by_value_or_label_and_none_is_the_models_own(
    text: str, status: str, acme: Tenant, bring_in: BringIn
) -> None:
    bring_in(f"name,status\nAldgate,{text}\n")
    assert acme.clients.get().status == status


@pytest.mark.parametrize("text", ["2026-01-31", "31/01/2026"])
def test_a_date_is_taken_as_the_form_takes_it(text: str, acme: Tenant, bring_in: BringIn) -> None:
    bring_in(f"name,last_contact_on\nAldgate,{text}\n")
    assert acme.clients.get().last_contact_on == date(2026, 1, 31)


def test_good_rows_go_in_and_bad_ones_are_reported_with_place_and_reason(
    acme: Tenant, globex: Tenant, bring_in: BringIn
) -> None:
    stranger = globex.memberships.get().user.email
    each = bring_in(
        f"{ALL}\n"
        "Good,,,,,,\n"
        ",no-name@example.com,,,,,\n"
        "Bad address,nonsense,,,,,\n"
        f"{'x' * 201},,,,,,\n"
        "Bad status,,,,gone,,\n"
        f"Stranger,,,,,{stranger},\n"
        "Bad date,,,,,,31.31.2026\n"
        "Two things,nonsense,,,gone,,\n"
        "Too long,,,,,,,,,\n"
        "Also good,,,,,,\n"
    )
    assert (each.added, each.refused) == (2, 8)
    assert set(acme.clients.values_list("name", flat=True)) == {"Good", "Also good"}
    assert reasons(each) == [
        (3, "name", "", "This field is required."),
        (4, "email", "nonsense", "Enter a valid email address."),
        (5, "name", "x" * 200, "Ensure this value has at most 200 characters (it has 201)."),
        (6, "status", "gone", "Select a valid choice. gone is not one of the available choices."),
        (7, "owner", stranger, "was not found in this workspace"),
        (8, "last_contact_on", "31.31.2026", "Enter a valid date."),
        (9, "email", "nonsense", "Enter a valid email address."),
        (9, "status", "gone", "Select a valid choice. gone is not one of the available choices."),
        (10, "", "", "The row has 10 values, but there are 7 columns."),
    ]


def test_somebody_who_left_cannot_own_what_comes_in(
    acme: Tenant, join: Callable[..., Membership], bring_in: BringIn
) -> None:
    left = join(acme, Role.MEMBER)
    acme.memberships.filter(pk=left.pk).delete()
    assert bring_in(f"name,owner\nAldgate,{left.user.email}\n").refused == 1


def test_a_client_that_is_there_already_is_refused_whatever_the_case(
    acme: Tenant, globex: Tenant, bring_in: BringIn
) -> None:
    add_client(acme, "Old", email="Hello@Aldgate.example")
    add_client(globex, "Next door", email="new@example.com")
    each = bring_in("name,email\nAgain,hello@aldgate.EXAMPLE\nNew,new@example.com\nNone,\nNone,\n")
    assert (each.added, each.refused) == (3, 1)
    assert reasons(each) == [(2, "email", "hello@aldgate.EXAMPLE", "is already a client")]


@pytest.mark.parametrize("size", [1000, 1])
def test_of_two_rows_with_one_address_the_first_goes_in(
    size: int, acme: Tenant, bring_in: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", size)
    each = bring_in("name,email\nFirst,a@example.com\nSecond,A@example.com\n")
    assert acme.clients.get().name == "First"
    assert reasons(each) == [(3, "email", "A@example.com", "stands in row 2 as well")]


def test_an_archived_client_counts_as_there(acme: Tenant, bring_in: BringIn) -> None:
    from django.utils import timezone

    add_client(acme, "Old", email="a@example.com", archived_at=timezone.now())
    assert bring_in("name,email\nAgain,a@example.com\n").refused == 1


def test_a_client_that_somebody_adds_meanwhile_costs_one_row_and_not_the_import(
    acme: Tenant, bring_in: BringIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = Staging.pieces

    def add_meanwhile(staging: Staging, size: int) -> Any:
        add_client(acme, "Quicker", email="b@example.com")
        return pieces(staging, size)

    monkeypatch.setattr(Staging, "pieces", add_meanwhile)
    each = bring_in("name,email\nA,a@example.com\nB,b@example.com\nC,c@example.com\n")
    assert (each.added, each.refused) == (2, 1)
    assert reasons(each)[0][0] == 3
    assert "added meanwhile" in reasons(each)[0][3]


def test_the_number_of_queries_grows_by_the_thousand_and_not_by_the_row(
    acme: Tenant, owner: User, prepare: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    def queries(rows: int, stem: str) -> int:
        lines = (f"{stem}{n},{stem}{n}@example.com,active,{owner.email}" for n in range(rows))
        each = prepare("name,email,status,owner\n" + "\n".join(lines))
        assert each.job
        with CaptureQueriesContext(connection) as captured:
            attempt(each.job.pk)
        assert on_record(each.job).state == Job.State.SUCCEEDED
        return len(captured)

    monkeypatch.setattr(importing, "BATCH", 20)
    queries(20, "z")  # what the first mail of a process asks for besides
    one, two, four = queries(20, "a"), queries(40, "b"), queries(80, "c")
    per_batch = two - one
    assert per_batch <= 8
    assert four - two == 2 * per_batch


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_import_leaves_not_a_single_row(
    acme: Tenant, prepare: Callable[..., Import], kept: Callable[[], list[str]], halfway: Halfway
) -> None:
    each = prepare("name,email\n" + "".join(f"Client {n},not an address\n" for n in range(5))
                   + "".join(f"Client {n},\n" for n in range(35)))  # fmt: skip
    assert each.job
    with halfway(each.job.pk, 20):
        with transaction.atomic():
            assert not acme.clients.exists()
        each.job.cancel()
    with transaction.atomic():
        each.refresh_from_db()
        assert on_record(each.job).state == Job.State.CANCELLED
        assert (acme.clients.count(), each.added, each.refused) == (0, 0, 0)
        assert kept() == [each.file.name]
        assert not acme.events.filter(action="import.finished").exists()


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_from_outside_before_anything_is_committed(
    acme: Tenant, prepare: Callable[..., Import], halfway: Halfway
) -> None:
    from tests.world.waiting import wait_until

    each = prepare("name\n" + "".join(f"Client {n}\n" for n in range(40)))
    assert each.job
    job = each.job
    with halfway(job.pk, 20):  # all are checked, which is half of the work
        wait_until(lambda: on_record(job).done == 15, "No progress is seen")
        with transaction.atomic():
            assert (on_record(job).percent, acme.clients.count()) == (37, 0)
    with transaction.atomic():
        assert acme.clients.count() == 40


@pytest.mark.django_db(transaction=True)
def test_a_row_whose_owner_goes_meanwhile_is_refused_and_the_others_come_in(
    acme: Tenant,
    join: Callable[..., Membership],
    prepare: Callable[..., Import],
    halfway: Halfway,
) -> None:
    going = join(acme, Role.MEMBER).user
    owners = [going.email if n == 3 else "" for n in range(20)]
    each = prepare("name,owner\n" + "".join(f"Client {n},{owners[n]}\n" for n in range(20)))
    assert each.job
    with halfway(each.job.pk, 10):  # all are checked
        going.delete()
    with transaction.atomic():
        each.refresh_from_db()
        assert (each.added, each.refused, acme.clients.count()) == (19, 1, 19)
        assert each.problems[0]["row"] == 5
        assert each.problems[0]["reason"] == "The database cannot keep this row."


def test_an_import_that_fails_leaves_nothing_and_succeeds_at_the_next_attempt(
    acme: Tenant, prepare: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    each = prepare("name,email\nGood,\nBad,nonsense\n")
    assert each.job

    def full(*args: object) -> None:
        raise OSError("The disk is full")

    with monkeypatch.context() as failing:
        failing.setattr(Import, "save", full)
        attempt(each.job.pk)
    assert acme.clients.count() == 0
    Job.objects.update(run_after=each.created_at)
    attempt(each.job.pk)
    each.refresh_from_db()
    assert (acme.clients.count(), each.added, each.refused) == (1, 1, 1)
    assert each.refusals.name.endswith("-2.refused.csv")


def test_a_file_that_vanished_is_refused_in_words(
    prepare: Callable[..., Import], files: Any
) -> None:
    each = prepare("name\nAda\n")
    (files / each.file.name).unlink()
    assert each.job
    attempt(each.job.pk)
    job = on_record(each.job)
    assert (job.state, job.error) == ("failed", "The uploaded file is gone. Upload it again.")


def test_the_refused_rows_are_a_file_that_can_be_corrected_and_imported(
    acme: Tenant, bring_in: BringIn
) -> None:
    each = bring_in(
        'name,email,notes\n"=1+1, Ltd",nonsense,"keep\nthis"\nGood,,\n,b@example.com,@x\n',
        ["name", "email", ""],
    )
    with each.open_refusals() as file:
        refused = file.read()
    assert refused.decode() == (
        "Row,name,email,notes,Reason\n"
        '2,"\'=1+1, Ltd",nonsense,"keep\nthis",email: Enter a valid email address.\n'
        "4,,b@example.com,'@x,name: This field is required.\n"
    )
    corrected = refused.decode().replace("nonsense", "a@example.com")
    again = bring_in(corrected, ["", "name", "email", "", ""])
    assert (again.added, again.refused) == (1, 1)
    assert acme.clients.filter(name="=1+1, Ltd", email="a@example.com").exists()
    with again.open_refusals() as file:
        assert file.readline() == b"Row,name,email,notes,Reason\n"


def test_of_many_problems_the_first_fifty_are_shown_and_all_are_in_the_file(
    bring_in: BringIn,
) -> None:
    each = bring_in("name,email\n" + "Bad,nonsense\n" * 120)
    assert (each.refused, len(each.problems)) == (120, Import.SHOWN_PROBLEMS)
    with each.open_refusals() as file:
        assert len(table(file.read())) == 120


def test_an_import_is_one_event_and_the_dashboards_figures_are_fresh(
    acme: Tenant, bring_in: BringIn, django_capture_on_commit_callbacks: Any
) -> None:
    from apps.clients.figures import figures

    assert figures(acme)["all"] == 0
    with django_capture_on_commit_callbacks(execute=True):
        bring_in("name\nAda\nGrace\n")
    assert acme.events.get(action="import.finished").sentence == (
        "imported 2 clients from clients.csv"
    )
    assert not acme.events.filter(action="client.created").exists()
    assert figures(acme)["all"] == 2


def test_what_was_imported_is_exported_byte_for_byte_but_for_the_guard(
    acme: Tenant, owner: User, bring_in: BringIn
) -> None:
    from tests.transfers.test_exporting import csv_of

    columns = {name: CLIENTS.columns[name] for name in ALL.split(",")}
    rows = [
        f"{ALL}\n",
        "Plain,a@example.com,0123,London,active,,2026-01-31\n",
        f'"Smith, ""Jones"" & Co",b@example.com,,Łódź,lead,{owner.email},\n',
        "株式会社さくら,,,,waiting,,\n",
        "O'Connor's,,,,lead,,\n",
    ]
    assert bring_in("".join(rows)).refused == 0
    assert csv_of(acme.clients.all(), columns).decode() == "".join(rows)

    acme.clients.all().delete()
    assert bring_in(f"{ALL}\n=1+1,,+44 20,@home,lead,,\n").refused == 0
    first = csv_of(acme.clients.all(), columns).decode()
    assert first == f"{ALL}\n'=1+1,,'+44 20,'@home,lead,,\n"
    acme.clients.all().delete()
    bring_in(first)
    assert acme.clients.get().name == "=1+1"
    assert csv_of(acme.clients.all(), columns).decode() == first
