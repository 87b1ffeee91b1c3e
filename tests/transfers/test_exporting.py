"""The files themselves: every byte of a CSV, every value of a line, every cell of a workbook."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db.models import (
    BooleanField,
    DecimalField,
    Expression,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Length

from apps.accounts.models import User
from apps.clients.models import Client
from apps.clients.transfers import CLIENTS
from apps.jobs.runner import JobRefused
from apps.tenants.guard import UnscopedQuery
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.transfers import columns as beside
from apps.transfers import workbooks
from apps.transfers.copying import write_csv, write_jsonl
from apps.transfers.workbooks import write_xlsx
from tests.transfers.conftest import add_client, add_clients

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
Columns = Mapping[str, str | Expression]


def csv_of(rows: QuerySet[Any], columns: Columns) -> bytes:
    target = io.BytesIO()
    write_csv(rows, replace(CLIENTS, columns=columns), target, lambda done: None)
    return target.getvalue()


def workbook(rows: QuerySet[Any], columns: Columns) -> zipfile.ZipFile:
    target = io.BytesIO()
    write_xlsx(rows, replace(CLIENTS, columns=columns), target, lambda done: None)
    return zipfile.ZipFile(target)


@pytest.fixture(params=["xlsxwriter", "rustpy-xlsxwriter"])
def writer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two that write workbooks; what one gives, the other does."""
    assert workbooks.IS_QUICK, "the extra is installed with the suite"
    if request.param == "xlsxwriter":
        monkeypatch.setattr(workbooks, "IS_QUICK", False)
    return str(request.param)


def lines_of(rows: QuerySet[Any], columns: Columns) -> list[str]:
    target = io.BytesIO()
    count = write_jsonl(rows, replace(CLIENTS, columns=columns), target, lambda done: None)
    lines = target.getvalue().decode().splitlines()
    assert len(lines) == count
    return lines


def cells(book: zipfile.ZipFile) -> list[tuple[str, str, str]]:
    """The cells under the header: place, type (inlineStr is text, n a number) and value.

    A whole number has no point here, whichever way it is written.
    """
    root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    found = [
        (cell.get("r", ""), cell.get("t", "n"), "".join(cell.itertext()).removesuffix(".0"))
        for cell in root.iter(f"{SHEET}c")
    ]
    return [each for each in found if not re.fullmatch("[A-Z]+1", each[0])]


def test_a_csv_holds_the_columns_in_their_order_and_the_rows_as_they_came(
    acme: Tenant, make_user: Any
) -> None:
    owner: User = make_user("ada@example.com")
    created = datetime(2026, 3, 1, 8, 5, 9, 123456, tzinfo=UTC)
    add_client(acme, "Zebra", email="z@example.com", owner=owner, created_at=created)
    add_client(acme, "Aldgate", last_contact_on=date(2026, 1, 31), created_at=created)
    assert csv_of(acme.clients.all(), CLIENTS.columns) == (
        b"name,email,phone,city,status,owner,last_contact_on,created_at\n"
        b"Zebra,z@example.com,,,lead,ada@example.com,,2026-03-01 08:05:09\n"
        b"Aldgate,,,,lead,,2026-01-31,2026-03-01 08:05:09\n"
    )


def test_values_are_quoted_where_they_must_be_and_keep_their_letters(acme: Tenant) -> None:
    for name in [
        "Smith, Jones",
        'The "Blue" Door',
        "Two\nlines",
        "株式会社さくら",
        "100%",
        " pad ",
    ]:
        add_client(acme, name)
    assert csv_of(acme.clients.all(), {"name": "name"}).decode() == (
        'name\n"Smith, Jones"\n"The ""Blue"" Door"\n"Two\nlines"\n株式会社さくら\n100%\n pad \n'
    )


def test_formulas_are_guarded_in_text_and_numbers_are_left_alone(acme: Tenant) -> None:
    add_client(acme, "=1+1", phone="+44 20 7946", city="@home")
    columns = {"name": "name", "phone": "phone", "city": "city", "below": Length("name") * -1}
    assert csv_of(acme.clients.all(), columns).splitlines()[1] == b"'=1+1,'+44 20 7946,'@home,-4"


def test_truths_are_yes_and_no(acme: Tenant) -> None:
    add_client(acme, "Current")
    add_client(acme, "Gone", archived_at=datetime(2026, 1, 1, tzinfo=UTC))
    gone = ExpressionWrapper(Q(archived_at__isnull=False), BooleanField())
    unknown = Value(None, BooleanField())
    columns = {"name": "name", "gone": gone, "unknown": unknown}
    assert csv_of(acme.clients.all(), columns).splitlines()[1:] == [b"Current,no,", b"Gone,yes,"]
    book = workbook(acme.clients.all(), {"gone": gone})
    assert [value for _, _, value in cells(book)] == ["no", "yes"]


def test_a_column_name_is_quoted_like_a_value(acme: Tenant) -> None:
    assert csv_of(acme.clients.all(), {"name, first": "name"}) == b'"name, first"\n'


@pytest.mark.parametrize("nobody", [Q(name="nobody"), Q(pk__in=[])])
def test_no_rows_give_the_column_names_alone(acme: Tenant, nobody: Q) -> None:
    add_clients(acme, 2)
    assert csv_of(acme.clients.filter(nobody), {"name": "name"}) == b"name\n"
    assert cells(workbook(acme.clients.filter(nobody), {"name": "name"})) == []


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_jsonl])
def test_rows_are_counted_and_told_on_the_way(
    write: Any, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "TELL_EVERY", 10)
    add_clients(acme, 35)
    told: list[int] = []
    assert write(acme.clients.all(), CLIENTS, io.BytesIO(), told.append) == 35
    assert told == [10, 20, 30]


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_jsonl])
def test_all_is_read_in_a_fixed_number_of_queries(
    write: Any, acme: Tenant, django_assert_max_num_queries: Any
) -> None:
    add_clients(acme, 30)
    with django_assert_max_num_queries(1):
        write(acme.clients.all(), CLIENTS, io.BytesIO(), lambda done: None)


def test_json_lines_hold_numbers_truths_nothing_and_times_as_programs_read_them(
    acme: Tenant,
) -> None:
    created = datetime(2026, 3, 1, 8, 5, 9, 123456, tzinfo=UTC)
    add_client(acme, "Acme", last_contact_on=date(2026, 3, 1), created_at=created)
    columns = {
        "name": "name",
        "email": "email",
        "letters": Length("name"),
        "half": Value(Decimal("0.50"), DecimalField(max_digits=4, decimal_places=2)),
        "gone": ExpressionWrapper(Q(archived_at__isnull=False), BooleanField()),
        "last contact": "last_contact_on",
        "created": "created_at",
        "owner": "owner__email",
    }
    assert lines_of(acme.clients.all(), columns) == [
        '{"name":"Acme","email":"","letters":4,"half":0.50,"gone":false,'
        '"last contact":"2026-03-01","created":"2026-03-01T08:05:09.123456Z","owner":null}'
    ]


def test_json_lines_keep_every_letter_and_no_name_of_a_column_breaks_them(acme: Tenant) -> None:
    texts = [
        'say "hi"',
        "back\\slash\\n",
        "two\nlines\r",
        "=1+1",
        "\x01\x02\x1f\t",
        "\\.",
        "株式会社",
        "",
    ]
    for text in texts:
        add_client(acme, text)
    odd = 'a "name", {0} 100% %s'
    assert [json.loads(line) for line in lines_of(acme.clients.all(), {odd: "name"})] == [
        {odd: text} for text in texts
    ]


def test_a_column_whose_name_would_be_cut_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match="takes 63 bytes at most"):
        replace(CLIENTS, columns={"é" * 32: "name"})


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_jsonl])
def test_rows_that_name_no_tenant_cannot_leave(write: Any, acme: Tenant, globex: Tenant) -> None:
    add_client(globex, "Denmark Dairy")
    with tenant_scope(acme), pytest.raises(UnscopedQuery):
        write(Client.objects.all(), CLIENTS, io.BytesIO(), lambda done: None)


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_jsonl])
def test_past_the_guard_the_database_still_lets_only_its_own_rows_leave(
    write: Any, acme: Tenant, globex: Tenant
) -> None:
    add_client(acme, "Aldgate Interiors")
    add_client(globex, "Denmark Dairy")
    everyone = Client._base_manager.all()
    with tenant_scope(acme):
        assert write(everyone, CLIENTS, io.BytesIO(), lambda done: None) == 1


def test_a_workbook_holds_text_as_text_whatever_it_looks_like(writer: str, acme: Tenant) -> None:
    add_client(acme, "=1+1", phone="+44", city="https://evil.example")
    add_client(acme, "{=SUM(A1)}", phone="0044", city="internal:Sheet!A1")
    columns = {"name": "name", "phone": "phone", "city": "city"}
    book = workbook(acme.clients.all(), columns)
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert cells(book) == [
        ("A2", "inlineStr", "=1+1"),
        ("B2", "inlineStr", "+44"),
        ("C2", "inlineStr", "https://evil.example"),
        ("A3", "inlineStr", "{=SUM(A1)}"),
        ("B3", "inlineStr", "0044"),
        ("C3", "inlineStr", "internal:Sheet!A1"),
    ]


def test_a_workbook_holds_dates_and_numbers_as_such(writer: str, acme: Tenant) -> None:
    created = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    add_client(acme, "Acme", last_contact_on=date(2026, 3, 1), created_at=created)
    columns = {
        "contact": "last_contact_on",
        "created": "created_at",
        "letters": Length("name"),
        "nothing": F("archived_at"),
    }
    found = cells(workbook(acme.clients.all(), columns))
    # Excel counts days from the beginning of 1900; 1 March 2026 is day 46,082.
    assert found == [("A2", "n", "46082"), ("B2", "n", "46082.5"), ("C2", "n", "4")]


def test_a_workbooks_dates_are_shown_as_dates_below_bold_names_that_stay_in_view(
    writer: str, acme: Tenant
) -> None:
    created = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
    add_client(acme, "Acme", last_contact_on=date(2026, 3, 1), created_at=created)
    book = workbook(
        acme.clients.all(), {"name": "name", "contact": "last_contact_on", "made": "created_at"}
    )
    assert [shown_as(book, place) for place in ("A2", "B2", "C2")] == [
        ("", False),
        ("yyyy-mm-dd", False),
        ("yyyy-mm-dd hh:mm:ss", False),
    ]
    assert all(shown_as(book, place)[1] for place in ("A1", "B1", "C1"))
    [pane] = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{SHEET}pane")
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    seconds = float({place: value for place, _, value in cells(book)}["C2"]) % 1 * 86400
    assert round(seconds, 3) == 12 * 3600 + 30 * 60 + 15


def shown_as(book: zipfile.ZipFile, place: str) -> tuple[str, bool]:
    """How a cell's number is shown, and whether it is bold."""
    styles = ElementTree.fromstring(book.read("xl/styles.xml"))
    formats = {
        each.get("numFmtId"): each.get("formatCode", "") for each in styles.iter(f"{SHEET}numFmt")
    }
    bold = [font.find(f"{SHEET}b") is not None for font in styles.iter(f"{SHEET}font")]
    [styled] = styles.iter(f"{SHEET}cellXfs")
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    [cell] = [each for each in sheet.iter(f"{SHEET}c") if each.get("r") == place]
    style = styled[int(cell.get("s", 0))]
    return formats.get(style.get("numFmtId"), ""), bold[int(style.get("fontId", 0))]


def test_a_workbook_keeps_what_is_older_than_excels_calendar_and_odd_letters(
    writer: str, acme: Tenant
) -> None:
    long_ago = datetime(1890, 5, 1, 6, 0, tzinfo=UTC)
    add_client(acme, "a<b>&\x01_x0041_", last_contact_on=date(1890, 5, 1), created_at=long_ago)
    columns = {
        "name": "name",
        "contact": "last_contact_on",
        "created": "created_at",
        "endless": Value(float("inf"), FloatField()),
    }
    assert [value for _, _, value in cells(workbook(acme.clients.all(), columns))] == [
        "a<b>&_x0001__x005F_x0041_",
        "1890-05-01",
        "1890-05-01 06:00:00",
        "inf",
    ]


def test_a_workbook_of_many_rows_holds_each_once_in_order(writer: str, acme: Tenant) -> None:
    add_clients(acme, 4500)
    found = cells(workbook(acme.clients.all(), {"name": "name"}))
    assert [value for _, _, value in found] == [f"Client {n}" for n in range(1, 4501)]


def test_what_excel_cannot_hold_is_refused_and_not_cut(
    writer: str, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_clients(acme, 3)
    monkeypatch.setattr(workbooks, "CELL_LENGTH", 5)
    with pytest.raises(JobRefused, match="Export as CSV"):
        workbook(acme.clients.all(), {"name": "name"})
    monkeypatch.setattr(workbooks, "SHEET_ROWS", 3)
    with pytest.raises(JobRefused, match="2 rows at most"):
        workbook(acme.clients.all(), {"letters": Length("name")})
