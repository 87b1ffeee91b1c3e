"""How an uploaded file is read as a table: encoding, delimiter, header and rows, within bounds.

It knows text and columns; what the values mean is the importer's affair.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, NamedTuple

from apps.transfers.formulas import APOSTROPHE, unguard

MAX_BYTES = 20 * 1024 * 1024  # below MAX_BODY_BYTES, which ends a request before it is read
MAX_ROWS = 1_000_000
MAX_COLUMNS = 100
MAX_VALUE = csv.field_size_limit()  # characters; the limit is the whole process's, so it stays
WORKBOOK = ".xlsx"
LONGEST_LINE = 1_000_000  # characters
ENDINGS = {".csv", ".tsv", ".txt", WORKBOOK}
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
PROTECTED = "EncryptedPackage".encode(
    "utf-16-le"
)  # the stream of an encrypted one, MS-OFFCRYPTO 2.3
DELIMITERS = ",;\t"
CHUNK = 64 * 1024

# What people upload by mistake or otherwise, by its first bytes in small letters; its name and the
# kind that a browser gives it say nothing. Programs and pictures that are not listed hold NULs.
STRANGERS = {
    b"pk\x03\x04": "an Excel workbook or another zipped file. Name a workbook .xlsx.",
    b"pk\x05\x06": "an empty zipped file.",
    OLD_OFFICE: "an old Excel workbook. Save it as .xlsx first.",
    b"%pdf": "a PDF.",
    b"{\\rtf": "a text document. Save it as CSV first.",
    b"<!doctype": "a web page. Save it as CSV first.",
    b"<html": "a web page. Save it as CSV first.",
    b"<?xml": "XML. Save it as CSV first.",
    b"<svg": "a picture.",
    b"\x89png": "a picture.",
    b"\xff\xd8\xff": "a picture.",
    b"gif8": "a picture.",
    b"\x7felf": "a program.",
    b"#!/": "a program.",
    b"\x1f\x8b": "a compressed file. Unpack it first.",
    b"7z\xbc\xaf": "a compressed file. Unpack it first.",
    b"rar!": "a compressed file. Unpack it first.",
    codecs.BOM_UTF16_LE: "in UTF-16. Save it as CSV in UTF-8 first.",
    codecs.BOM_UTF16_BE: "in UTF-16. Save it as CSV in UTF-8 first.",
}


class Unreadable(Exception):
    """The file cannot be read as a table; the message says what is wrong with it and where."""


@dataclass(frozen=True)
class Table:
    """How a file is to be read, what its columns are called, and how many rows it holds.

    A workbook has a `sheet` that is read, and neither encoding nor delimiter; of its rows only
    about the number is known.
    """

    encoding: str
    delimiter: str
    headers: list[str]
    rows: int
    sheet: str = ""
    sheets: tuple[str, ...] = ()


class Row(NamedTuple):
    """A row by its number in the file, where the header is usually row 1, and its values."""

    number: int
    values: list[str]


def inspect(file: IO[bytes], name: str, sheet: str = "") -> Table:
    """Find out how to read the file, reading all of it once. Raises Unreadable.

    Of a workbook the `sheet` is read, or else the first one, and of that only the column names.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in ENDINGS:
        raise Unreadable(
            f"A {ending or 'file without an ending'} cannot be imported. Use .csv or .xlsx."
        )
    size = file.seek(0, io.SEEK_END)
    if size > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 1024**2} MB. Split it.")
    if size == 0:
        raise Unreadable("The file is empty.")
    if ending == WORKBOOK:
        return inspect_workbook(file, sheet)
    refuse_strangers(file)
    encoding = encoding_of(file)
    delimiter = delimiter_of(file, encoding)
    with parsed(file, encoding, delimiter) as rows:
        headers = headers_of(next(rows, None))
        count = sum(1 for _ in bounded(rows))
    if count == 0:
        raise Unreadable("The file has column names but no rows.")
    return Table(encoding, delimiter, headers, count)


@contextmanager
def reading(file: IO[bytes], table: Table) -> Iterator[Iterator[Row]]:
    """The rows under the header, one at a time, as many values in each as there are columns.

    A row with more keeps them all, so that whoever reads it can say so. An apostrophe that was put
    before a formula by an export is taken off.
    """
    width = len(table.headers)
    if table.sheet:
        rows = bounded(rows_of_workbook(file, table.sheet))
        yield (Row(each.number, filled(each.values, width)) for each in rows)
        return
    with parsed(file, table.encoding, table.delimiter) as rows:
        next(rows, None)
        yield (Row(row.number, filled(unguarded(row.values), width)) for row in rows)


def unguarded(values: list[str]) -> list[str]:
    """The values without what an export put before formulas."""
    return [unguard(value) if value[:1] == APOSTROPHE else value for value in values]


def filled(values: list[str], width: int) -> list[str]:
    """As many values as there are columns, or more."""
    return values if len(values) >= width else values + [""] * (width - len(values))


def inspect_workbook(file: IO[bytes], sheet: str) -> Table:
    """Find out what a workbook holds, and what the columns of a sheet are called."""
    from apps.transfers.sheets import Workbook

    refuse_what_is_no_workbook(file)
    book = Workbook(file)
    sheet = sheet or next(iter(book.sheets))
    rows = book.rows(sheet)
    headers = headers_of(next(rows, None))
    if next(rows, None) is None:
        raise Unreadable(f"The sheet “{sheet}” has column names but no rows.")
    return Table("", "", headers, max(1, book.about(sheet) - 1), sheet, tuple(book.sheets))


def refuse_what_is_no_workbook(file: IO[bytes]) -> None:
    """Raise Unreadable unless the file is zipped, as a workbook is."""
    file.seek(0)
    start = file.read(8)
    if start.startswith(b"PK\x03\x04"):
        return
    if start.startswith(OLD_OFFICE):
        if any(PROTECTED in piece for piece in chunks(file)):
            raise Unreadable("The workbook is protected with a password. Save it without one.")
        raise Unreadable(f"This file is {STRANGERS[OLD_OFFICE]}")
    raise Unreadable("This file is called .xlsx, but is no Excel workbook.")


def rows_of_workbook(file: IO[bytes], sheet: str) -> Iterator[Row]:
    """The rows under the header of a sheet. Iterating raises Unreadable."""
    from apps.transfers.sheets import Workbook

    rows = Workbook(file).rows(sheet)
    next(rows, None)
    yield from rows


def refuse_strangers(file: IO[bytes]) -> None:
    """Raise Unreadable for a file that is no text at all."""
    file.seek(0)
    start = file.read(64).removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for mark, what in STRANGERS.items():
        if start.startswith(mark):
            raise Unreadable(f"This file is {what}")
    line = 1
    for chunk in chunks(file):
        at = chunk.find(b"\0")
        if at >= 0:
            line += chunk.count(b"\n", 0, at)
            raise Unreadable(f"Line {line} holds a NUL character, so this is no text file.")
        line += chunk.count(b"\n")


def encoding_of(file: IO[bytes]) -> str:
    """UTF-8, with or without a byte order mark, or Windows-1252. Raises Unreadable."""
    file.seek(0)
    marked = file.read(3) == codecs.BOM_UTF8
    for encoding in ["utf-8-sig"] if marked else ["utf-8", "cp1252"]:
        line = undecodable_line(file, encoding)
        if line is None:
            return encoding
    raise Unreadable(f"Line {line} is not in UTF-8. Save the file as CSV in UTF-8.")


def undecodable_line(file: IO[bytes], encoding: str) -> int | None:
    """The first line that this encoding cannot have written, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        for chunk in chunks(file):
            line += decoder.decode(chunk).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + bytes(error.object).count(b"\n", 0, error.start)
    return None


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The file from its beginning in pieces."""
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def delimiter_of(file: IO[bytes], encoding: str) -> str:
    """The delimiter that gives the header the most columns; a comma where it has but one."""
    widths = {}
    for delimiter in DELIMITERS:
        with parsed(file, encoding, delimiter, lenient=True) as rows:
            first = next(rows, None)
        widths[delimiter] = len(first.values) if first else 0
    return max(DELIMITERS, key=lambda delimiter: widths[delimiter])


@contextmanager
def parsed(
    file: IO[bytes], encoding: str, delimiter: str, *, lenient: bool = False
) -> Iterator[Iterator[Row]]:
    """The rows that are not blank, the header among them. Iterating raises Unreadable."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield rows_in(csv.reader(lines_of(text), delimiter=delimiter, strict=not lenient))
    finally:
        text.detach()


def lines_of(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines, as long as each has an end: a row of millions of values would fill memory."""
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            raise Unreadable(f"A line is longer than {LONGEST_LINE:,} characters.")
        yield line


def rows_in(reader: Iterator[list[str]]) -> Iterator[Row]:
    number = 0
    while True:
        number += 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(f"Row {number} cannot be read: {explained(error)}") from error
        if any(map(str.strip, values)):
            yield Row(number, values)


def explained(error: csv.Error) -> str:
    """The csv module's words for what is wrong, in plainer ones."""
    if "field larger" in str(error):
        return f"a value is longer than {MAX_VALUE:,} characters. Is a quotation mark missing?"
    if "unexpected end of data" in str(error):
        return "a quotation mark that opens there is never closed."
    if "expected after" in str(error):
        return "a quotation mark inside a value has to be written twice."
    return f"{error}."


def headers_of(first: Row | None) -> list[str]:
    """The column names; one without a name is called after its place. Raises Unreadable."""
    if first is None:
        raise Unreadable("The file holds nothing but blank lines.")
    if len(first.values) > MAX_COLUMNS:
        raise Unreadable(f"The file has more than {MAX_COLUMNS} columns.")
    headers = [
        unguard(value).strip() or f"Column {at}" for at, value in enumerate(first.values, start=1)
    ]
    seen: set[str] = set()
    for header in headers:
        if header.casefold() in seen:
            raise Unreadable(f"Two columns are called “{header}”. Give each a name of its own.")
        seen.add(header.casefold())
    return headers


def bounded(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, as long as there are not too many. Raises Unreadable."""
    for count, row in enumerate(rows, start=1):
        if count > MAX_ROWS:
            raise Unreadable(f"The file has more than {MAX_ROWS:,} rows. Split it.")
        yield row
