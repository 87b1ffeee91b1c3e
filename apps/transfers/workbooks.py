"""Excel workbooks, a row at a time: by xlsxwriter, or the quicker rustpy-xlsxwriter if it is there.

Both get the same cells, which PostgreSQL has made ready: text, numbers, and for dates and times
the number of days that Excel shows as such.
"""

import math
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import IO, Any

from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    Expression,
    F,
    Field,
    FloatField,
    Func,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, NullIf

from apps.jobs.runner import JobRefused
from apps.transfers import columns
from apps.transfers.columns import NUMBERS, Tell, columns_of, fields_of
from apps.transfers.copying import yes_or_no
from apps.transfers.registry import Resource
from apps.transfers.scratch import scratch

# The writers are imported where they write: 2 and 3 MiB, for workbooks alone. The quicker one is an
# extra (requirements/excel.in).
IS_QUICK = find_spec("rustpy_xlsxwriter") is not None

# What Excel itself can hold: https://support.microsoft.com/office/1672b34d (specifications).
SHEET_ROWS = 1_048_576
CELL_LENGTH = 32_767
# Excel counts 29 February 1900, which never was; its days are right from the one after.
FIRST_DAY = 61
DATE, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"

Cell = str | float | None


class Days(Func):
    """Days since the last but one of 1899, from which Excel counts: of a date, or a time in UTC."""

    output_field = FloatField()

    def __init__(self, value: Any, field: Field) -> None:
        super().__init__(value)
        self.template = (
            "(EXTRACT(EPOCH FROM %(expressions)s) / 86400.0 + 25569)::double precision"
            if isinstance(field, DateTimeField)
            else "(%(expressions)s - DATE '1899-12-30')::double precision"
        )


def write_xlsx(rows: QuerySet[Any], resource: Resource, target: IO[bytes], tell: Tell) -> int:
    """Write the rows as an Excel workbook and return how many; text stays text, never a formula.

    `tell` hears how many rows are done. Raises JobRefused where Excel could not hold them.
    """
    rows = columns_of(rows, resource)
    fields = list(fields_of(rows).values())
    lines = Lines(rows, fields, tell)
    name = sheet_name(resource)
    formats = [number_format(field) for field in fields]
    write = write_quickly if IS_QUICK else write_plainly
    write(lines, name, dict(zip(resource.columns, formats, strict=True)), target)
    return lines.count


class Lines:
    """The rows as cells, and how many have been taken."""

    def __init__(self, rows: QuerySet[Any], fields: list[Field], tell: Tell) -> None:
        self.rows, self.fields, self.tell = rows, fields, tell
        self.count = 0

    def __iter__(self) -> Iterator[list[Cell]]:
        """Raises JobRefused for what Excel cannot hold."""
        names = fields_of(self.rows)
        shown = {f"shown_{name}": in_excel(F(name), field) for name, field in names.items()}
        dated = [isinstance(field, DateField) for field in self.fields]
        rows = self.rows.annotate(**shown).values_list(*shown)
        for number, values in enumerate(rows.iterator(chunk_size=200), start=1):
            if number >= SHEET_ROWS:
                raise JobRefused(f"Excel holds {SHEET_ROWS - 1:,} rows at most. Export as CSV.")
            yield [cell(value, is_date) for value, is_date in zip(values, dated, strict=True)]
            self.count = number
            if number % columns.TELL_EVERY == 0:
                self.tell(number)


def in_excel(column: Any, field: Field) -> Expression:
    """A column as text or as a number; nothing for empty text."""
    if isinstance(field, DateField):  # as are times, to Django
        return Days(column, field)
    if isinstance(field, BooleanField):
        return yes_or_no(column)
    if isinstance(field, NUMBERS):
        return Cast(column, FloatField())
    text = column if isinstance(field, CharField | TextField) else Cast(column, TextField())
    return NullIf(text, Value(""), output_field=TextField())


def cell(value: Cell, is_date: bool) -> Cell:
    """One value as a cell takes it. Raises JobRefused for text that no cell can hold."""
    if value is None:
        return None
    if isinstance(value, str):
        if len(value) > CELL_LENGTH:
            raise JobRefused(f"A cell of Excel holds {CELL_LENGTH:,} characters. Export as CSV.")
        return value
    if is_date and value < FIRST_DAY:
        return text_of(value)
    return value if math.isfinite(value) else str(value)


def text_of(days: float) -> str:
    """A date or time before Excel's first as people read it."""
    moment = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=days)
    return f"{moment:%Y-%m-%d}" if days.is_integer() else f"{moment:%Y-%m-%d %H:%M:%S}"


def number_format(field: Field) -> str:
    """How a column's numbers are shown; "" for as they are."""
    if isinstance(field, DateTimeField):
        return MOMENT
    return DATE if isinstance(field, DateField) else ""


def sheet_name(resource: Resource) -> str:
    """The name of the sheet, within Excel's rules for one."""
    return re.sub(r"[][:*?/\\']", " ", resource.nouns.capitalize())[:31]


def write_plainly(
    lines: Iterable[list[Cell]], name: str, formats: Mapping[str, str], target: IO[bytes]
) -> None:
    """By xlsxwriter, which leaves its files to whoever kills it: hence the folder."""
    import xlsxwriter

    with scratch() as folder:
        options = {"constant_memory": True, "tmpdir": str(folder), "use_zip64": True}
        with xlsxwriter.Workbook(target, options) as book:
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            bold = book.add_format({"bold": True})
            for column, title in enumerate(formats):
                sheet.write_string(0, column, title, bold)
            shown = [
                book.add_format({"num_format": each}) if each else None for each in formats.values()
            ]
            for row, values in enumerate(lines, start=1):
                for column, value in enumerate(values):
                    if isinstance(value, str):
                        sheet.write_string(row, column, value)
                    elif value is not None:
                        sheet.write_number(row, column, value, shown[column])


def write_quickly(
    lines: Iterable[list[Cell]], name: str, formats: Mapping[str, str], target: IO[bytes]
) -> None:
    """By rustpy-xlsxwriter, which keeps memory constant where it writes to a path."""
    import rustpy_xlsxwriter as accelerator

    titles = list(formats)
    shown = {
        title: accelerator.Format().set_num_format(each) for title, each in formats.items() if each
    }
    with scratch() as folder:
        path = folder / "workbook.xlsx"
        accelerator.write_worksheet(
            (dict(zip(titles, values, strict=True)) for values in lines),
            path,
            sheet_name=name,
            freeze_row=1,
            bold_headers=True,
            column_formats=shown,
        )
        with path.open("rb") as written:
            shutil.copyfileobj(written, target)
