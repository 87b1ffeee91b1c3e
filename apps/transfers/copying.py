"""CSV and JSON lines, written by PostgreSQL itself: one COPY, one snapshot, in a stream."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import IO, Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    F,
    Field,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.expressions import Case, Expression, ExpressionWrapper, Func, When
from django.db.models.functions import Cast, TruncSecond
from psycopg.sql import Identifier

from apps.transfers import columns
from apps.transfers.columns import NUMBERS, Tell, columns_of, fields_of
from apps.transfers.formulas import guarded
from apps.transfers.registry import Resource

# One value to a row, and no JSON holds either character: so COPY writes each as it is.
AS_IT_IS = r"FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02'"


class ToChar(Func):
    """PostgreSQL's to_char; connections keep UTC, so times are in it."""

    function = "to_char"
    output_field = CharField()


def write_csv(rows: QuerySet[Any], resource: Resource, target: IO[bytes], tell: Tell) -> int:
    """Write the rows as CSV and return how many: UTF-8 without a byte order mark, RFC 4180 quotes.

    `tell` hears how many rows are done.
    """
    target.write(head(resource))
    rows = columns_of(rows, resource)
    shown = {f"shown_{name}": in_csv(F(name), field) for name, field in fields_of(rows).items()}
    rows = rows.annotate(**shown).values_list(*shown)
    return copied(rows, target, tell, wrap=str, options="FORMAT csv")


def write_jsonl(rows: QuerySet[Any], resource: Resource, target: IO[bytes], tell: Tell) -> int:
    """Write the rows as JSON lines and return how many: an object to a line, UTF-8.

    Numbers, truths and what is missing are JSON's own, times ISO 8601 in UTC, text as it is: no
    spreadsheet runs JSON. `tell` hears how many rows are done.
    """
    rows = columns_of(rows, resource)
    shown = {f"shown_{name}": in_json(F(name), field) for name, field in fields_of(rows).items()}
    rows = rows.annotate(**shown).values_list(*shown)
    names = quoted(list(resource.columns))

    def wrap(query: str) -> str:
        # The query is the ORM's own, and its values stand beside it.
        return f"SELECT row_to_json(line) FROM ({query}) AS line ({names})"  # noqa: S608

    return copied(rows, target, tell, wrap=wrap, options=AS_IT_IS)


def copied(
    rows: QuerySet[Any],
    target: IO[bytes],
    tell: Tell,
    *,
    wrap: Callable[[str], str],
    options: str,
) -> int:
    """Write what COPY makes of the rows, whose query `wrap` puts into another; return how many."""
    try:
        query, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0
    statement = f"COPY ({wrap(query)}) TO STDOUT WITH ({options})"
    with connection.cursor() as wrapper:
        cursor = wrapper.cursor  # psycopg's own: Django's, in debug mode, takes no parameters here
        with cursor.copy(statement, parameters) as copy:
            every, write = columns.TELL_EVERY, target.write
            for number, line in enumerate(copy, start=1):  # PostgreSQL sends a row at a time
                write(line)
                if number % every == 0:
                    tell(number)
        count: int = cursor.rowcount
    return count


def in_csv(column: Any, field: Field) -> Expression:
    """A column as text that people and programs both read, numbers as they are."""
    if isinstance(field, DateTimeField):
        # COPY writes what is left in ISO 8601's order, at a sixth of what to_char costs. So it does
        # with dates: psycopg works with no DateStyle but ISO.
        return TruncSecond(column, tzinfo=UTC)
    if isinstance(field, DateField):
        return Cast(column, field)
    if isinstance(field, BooleanField):
        return yes_or_no(column)
    if isinstance(field, NUMBERS):
        return Cast(column, field)
    return guarded(
        column if isinstance(field, CharField | TextField) else Cast(column, TextField())
    )


def in_json(column: Any, field: Field) -> Any:
    """A column as PostgreSQL turns it into JSON; times in the form that all programs read."""
    if isinstance(field, DateTimeField):
        return ToChar(column, Value('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    return column


def yes_or_no(column: Any) -> Expression:
    """A truth in words; where nothing is known, nothing."""
    truth = ExpressionWrapper(column, BooleanField())
    yes, no = When(truth, then=Value("yes")), When(~truth, then=Value("no"))
    return Case(yes, no, output_field=CharField())


def head(resource: Resource) -> bytes:
    """The line of column names."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(resource.columns)
    return line.getvalue().encode()


def quoted(names: Sequence[str]) -> str:
    """Names as SQL takes them, with what stands for parameters doubled."""
    return ", ".join(Identifier(name).as_string(None).replace("%", "%%") for name in names)
