"""How rows become a file: CSV by PostgreSQL's own COPY, Excel by xlsxwriter; both in a stream."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import xlsxwriter
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    F,
    Field,
    FloatField,
    IntegerField,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.expressions import Case, Expression, ExpressionWrapper, Func, When
from django.db.models.functions import Cast
from django.utils import timezone

from apps.jobs.runner import JobRefused, Run
from apps.transfers.formulas import guarded
from apps.transfers.registry import Resource

if TYPE_CHECKING:
    from apps.transfers.models import Export

Tell = Callable[[int], None]
TELL_EVERY = 500
# What Excel itself can hold: https://support.microsoft.com/office/1672b34d (specifications).
SHEET_ROWS = 1_048_576
CELL_LENGTH = 32_767
NUMBERS = (IntegerField, DecimalField, FloatField)


class ToChar(Func):
    """PostgreSQL's to_char; connections keep UTC, so times are in it."""

    function = "to_char"
    output_field = CharField()


def columns_of(rows: QuerySet[Any], resource: Resource) -> QuerySet[Any]:
    """The rows with the resource's columns beside them, as `column_0` and so on, oldest first."""
    named = {
        f"column_{at}": F(column) if isinstance(column, str) else column
        for at, column in enumerate(resource.columns.values())
    }
    return rows.annotate(**named).order_by("pk")


def as_text(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The columns as a CSV shows them, harmless to spreadsheets."""
    shown = {
        f"shown_{name}": in_csv(F(name), column.output_field)
        for name, column in rows.query.annotations.items()
        if name.startswith("column_")
    }
    return rows.annotate(**shown).values_list(*shown)


def in_csv(column: Any, field: Field) -> Expression:
    """A column as text that people and programs both read, numbers as they are."""
    if isinstance(field, DateTimeField):
        return ToChar(column, Value("YYYY-MM-DD HH24:MI:SS"))
    if isinstance(field, DateField):
        return ToChar(column, Value("YYYY-MM-DD"))
    if isinstance(field, BooleanField):
        return yes_or_no(column)
    if isinstance(field, NUMBERS):
        return Cast(column, field)
    return guarded(
        column if isinstance(field, CharField | TextField) else Cast(column, TextField())
    )


def yes_or_no(column: Any) -> Expression:
    """A truth in words; where nothing is known, nothing."""
    truth = ExpressionWrapper(column, BooleanField())
    yes, no = When(truth, then=Value("yes")), When(~truth, then=Value("no"))
    return Case(yes, no, output_field=CharField())


def write_csv(rows: QuerySet[Any], resource: Resource, target: IO[bytes], tell: Tell) -> int:
    """Write the rows as CSV and return how many: UTF-8 without a byte order mark, RFC 4180 quotes.

    One statement reads one snapshot, and PostgreSQL does the writing; `tell` hears how many rows
    are done.
    """
    target.write(head(resource))
    try:
        query, parameters = as_text(columns_of(rows, resource)).query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as wrapper:
        cursor = wrapper.cursor  # psycopg's own: Django's, in debug mode, takes no parameters here
        with cursor.copy(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", parameters) as copy:
            for number, line in enumerate(copy, start=1):  # PostgreSQL sends a row at a time
                target.write(line)
                if number % TELL_EVERY == 0:
                    tell(number)
        count: int = cursor.rowcount
    return count


def head(resource: Resource) -> bytes:
    """The line of column names."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(resource.columns)
    return line.getvalue().encode()


def write_xlsx(rows: QuerySet[Any], resource: Resource, target: IO[bytes], tell: Tell) -> int:
    """Write the rows as an Excel workbook and return how many; text stays text, never a formula.

    Raises JobRefused where Excel could not hold them.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
        "use_zip64": True,
    }
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet(resource.nouns.capitalize()[:31])
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, list(resource.columns), book.add_format({"bold": True}))
        number = 0
        for number, values in enumerate(cells(columns_of(rows, resource)), start=1):
            if number >= SHEET_ROWS:
                raise JobRefused(f"Excel holds {SHEET_ROWS - 1:,} rows at most. Export as CSV.")
            for column, (value, is_moment) in enumerate(values):
                if value is not None:
                    sheet.write(number, column, value, moment if is_moment else None)
            if number % TELL_EVERY == 0:
                tell(number)
    return number


def cells(rows: QuerySet[Any]) -> Iterator[list[tuple[Any, bool]]]:
    """The rows' values as Excel takes them, each with whether it is a moment."""
    kinds = {
        name: column.output_field
        for name, column in rows.query.annotations.items()
        if name.startswith("column_")
    }
    for values in rows.values_list(*kinds).iterator(chunk_size=2000):
        yield [cell(value, field) for value, field in zip(values, kinds.values(), strict=True)]


def cell(value: Any, field: Field) -> tuple[Any, bool]:
    """One value as Excel takes it. Raises JobRefused for text that no cell can hold."""
    if value is None or value == "":
        return None, False
    if isinstance(field, DateTimeField):
        return timezone.make_naive(value, timezone.get_default_timezone()), True
    if isinstance(field, BooleanField):
        return "yes" if value else "no", False
    if isinstance(field, (*NUMBERS, DateField)):
        return value, False
    if len(text := str(value)) > CELL_LENGTH:
        raise JobRefused(f"A cell of Excel holds {CELL_LENGTH:,} characters. Export as CSV.")
    return text, False


WRITERS = {"csv": write_csv, "xlsx": write_xlsx}


@contextmanager
def written(export: "Export", run: Run) -> Iterator[IO[bytes]]:
    """Write what the export asks for into a file that is gone afterwards; count its rows."""
    rows = export.selection.rows
    run.progress(0, rows.count())
    with TemporaryFile() as content:
        export.rows = WRITERS[export.format](rows, export.resource, content, run.progress)
        run.progress(export.rows, export.rows)
        yield content
