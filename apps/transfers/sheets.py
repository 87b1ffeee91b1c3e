"""How a sheet of an Excel workbook is read as rows of text, in constant memory, whatever it holds.

A workbook is a zip file of XML parts (ECMA-376, part 1, chapter 18). They are read as a stream by
expat: no tree is built, no entity is resolved, no formula is evaluated, and nothing that a part
claims about its size is believed.
"""

import os
import re
import zipfile
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any
from xml.parsers.expat import ExpatError, ParserCreate

from apps.transfers.reading import MAX_COLUMNS, MAX_VALUE, Row, Unreadable

MAX_UNPACKED = 200 * 1024 * 1024
MAX_PARTS = 2_000
MAX_STRINGS = 2_000_000
MAX_STYLES = 65_536
LONGEST_TOKEN = 1024 * 1024  # a tag, a comment: expat keeps it whole
CHUNK = 64 * 1024
PATIENCE = 128  # pieces, which are 8 MB, without a row: nobody should wait for what means nothing
# Formats that show a number as a date or time (18.8.30), and letters that do in those of one's own.
DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
NO_CODE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
DAMAGED = "The workbook is damaged. Open it in the program that made it, and save it again."
UNPACKED = "The workbook unpacks to more than can be read. Save the sheet as CSV, and import that."


def local(name: str) -> str:
    """An element's or attribute's name without its namespace's prefix."""
    return name.rpartition(":")[2]


class Handler:
    """What hears of elements and text while a part is read."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, data: str) -> None: ...


def parse(part: IO[bytes], handler: Handler) -> Iterator[None]:
    """Read a part, a piece for each step. Raises Unreadable for what is not plain, sound XML."""

    def refuse(*args: Any) -> None:
        raise Unreadable("The workbook declares entities, as no spreadsheet program does.")

    parser = ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, given: handler.start(local(name), given)
    parser.EndElementHandler = lambda name: handler.end(local(name))
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    fed = 0
    try:
        while chunk := part.read(CHUNK):
            fed += len(chunk)
            parser.Parse(chunk, False)
            if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                raise Unreadable(DAMAGED)
            yield
        parser.Parse(b"", True)
    except (ExpatError, zipfile.BadZipFile, EOFError, ValueError, OSError) as error:
        raise Unreadable(DAMAGED) from error
    yield


class Listing(Handler):
    """The attributes of all elements of some names, in their order, up to a limit."""

    def __init__(self, *names: str, inside: str = "") -> None:
        self.names, self.inside = names, inside
        self.found: list[tuple[str, dict[str, str]]] = []
        self.is_inside = not inside

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self.inside:
            self.is_inside = True
        elif name in self.names and (self.is_inside or name != self.names[-1]):
            self.found.append((name, {local(each): value for each, value in attributes.items()}))
            if len(self.found) > MAX_STYLES:
                raise Unreadable(DAMAGED)

    def end(self, name: str) -> None:
        if name == self.inside:
            self.is_inside = False


class Strings(Handler):
    """The strings that cells share, on disk: in memory there is only where each one begins."""

    def __init__(self) -> None:
        self.file = TemporaryFile()  # noqa: SIM115  # closed by whoever reads the strings
        self.starts = array("Q", [0])
        self.pieces: list[str] = []
        self.length = self.phonetic = 0
        self.is_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "rPh":  # how the text is pronounced
            self.phonetic += 1
        elif name == "t":
            self.is_text = not self.phonetic

    def text(self, data: str) -> None:
        if self.is_text:
            self.length += len(data)
            if self.length > MAX_VALUE:
                raise Unreadable(f"A value is longer than {MAX_VALUE:,} characters.")
            self.pieces.append(data)

    def end(self, name: str) -> None:
        if name == "rPh":
            self.phonetic -= 1
        elif name == "t":
            self.is_text = False
        elif name == "si":
            said = "".join(self.pieces).encode()
            self.file.write(said)
            self.starts.append(self.starts[-1] + len(said))
            self.pieces, self.length = [], 0
            if len(self.starts) > MAX_STRINGS:
                raise Unreadable(UNPACKED)

    def __getitem__(self, at: int) -> str:
        if not 0 <= at < len(self.starts) - 1:
            raise Unreadable(DAMAGED)
        begin, end = self.starts[at], self.starts[at + 1]
        return os.pread(self.file.fileno(), end - begin, begin).decode()


class Cells(Handler):
    """The rows of a sheet as they come along, each cell as text."""

    def __init__(self, strings: Strings, dates: list[bool], epoch: datetime) -> None:
        self.strings, self.dates, self.epoch = strings, dates, epoch
        self.ready: list[Row] = []
        self.number = self.column = self.length = self.phonetic = 0
        self.values: dict[int, str] = {}
        self.kind, self.style = "n", 0
        self.pieces: list[str] = []
        self.is_text = self.is_formula = self.has_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self.begin_cell(attributes)
        elif name in {"v", "t"}:
            self.is_text = not self.phonetic
            self.has_value = True
        elif name == "f":
            self.is_formula = True
        elif name == "row":
            number = int(attributes.get("r", self.number + 1))
            if number <= self.number:
                raise Unreadable(DAMAGED)
            self.number, self.column, self.values = number, 0, {}
        elif name == "rPh":
            self.phonetic += 1

    def begin_cell(self, attributes: dict[str, str]) -> None:
        self.column += 1
        if place := REFERENCE.fullmatch(attributes.get("r", "")):
            self.column = 0
            for letter in place[1]:
                self.column = self.column * 26 + ord(letter) - 64
        self.kind, self.style = attributes.get("t", "n"), int(attributes.get("s", 0))
        self.pieces, self.length = [], 0
        self.is_formula = self.has_value = False

    def text(self, data: str) -> None:
        if self.is_text:
            self.length += len(data)
            if self.length > MAX_VALUE:
                raise self.refusal(f"is longer than {MAX_VALUE:,} characters.")
            self.pieces.append(data)

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self.is_text = False
        elif name == "c":
            self.end_cell()
        elif name == "row" and self.values:
            values = [self.values.get(at, "") for at in range(1, max(self.values) + 1)]
            self.ready.append(Row(self.number, values))
        elif name == "rPh":
            self.phonetic -= 1

    def end_cell(self) -> None:
        said = "".join(self.pieces)
        if self.is_formula and not said and not (self.has_value and self.kind == "str"):
            raise self.refusal(
                "is a formula without its result. Open the workbook in a spreadsheet "
                "program, and save it again."
            )
        if self.kind == "e":
            raise self.refusal(f"shows the error {said[:20]}. Correct it first.")
        value = self.value(said) if said else ""
        if value.strip():
            if self.column > MAX_COLUMNS:
                raise Unreadable(f"The sheet has more than {MAX_COLUMNS} columns.")
            self.values[self.column] = value

    def refusal(self, what: str) -> Unreadable:
        return Unreadable(f"The cell in row {self.number}, column {self.column} {what}")

    def value(self, said: str) -> str:
        """What the cell says, as somebody would type it."""
        if self.kind == "s":
            return unescaped(self.strings[int(said)])
        if self.kind in {"str", "inlineStr"}:
            return unescaped(said)
        if self.kind == "b":
            return "yes" if said.strip() == "1" else "no"
        if self.kind == "n":
            number = float(said)
            if 0 <= self.style < len(self.dates) and self.dates[self.style]:
                return self.moment(number)
            return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
        return said

    def moment(self, days: float) -> str:
        """A date or time from the number of days since the epoch (18.17.4)."""
        try:
            moment = self.epoch + timedelta(seconds=round(days * 86_400))
        except OverflowError:
            raise self.refusal("is no date.") from None
        if 0 <= days < 1:
            return f"{moment:%H:%M:%S}"
        is_midnight = moment.time() == datetime.min.time()
        return moment.strftime("%Y-%m-%d" if is_midnight else "%Y-%m-%d %H:%M:%S")


def unescaped(text: str) -> str:
    """Text with the characters that XML cannot hold, which are written as ``_x0007_``."""
    if "_x" not in text:
        return text
    return ESCAPED.sub(
        lambda found: found[0] if 0xD800 <= int(found[1], 16) < 0xE000 else chr(int(found[1], 16)),
        text,
    )


class Workbook:
    """An opened workbook: its sheets by name, and the rows of one."""

    def __init__(self, file: IO[bytes]) -> None:
        """Open it, and look whether it is one that can be read. Raises Unreadable."""
        file.seek(0)
        try:
            self.zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise Unreadable(DAMAGED) from error
        self.parts = {part.filename.lstrip("/"): part for part in self.zip.infolist()}
        self.refuse_what_is_hostile()
        self.targets: dict[str, str] = {}
        self.by_type: dict[str, str] = {}
        self.epoch = datetime(1899, 12, 30)  # noqa: DTZ001  # a cell's time has no zone
        self.sheets = self.find_sheets()

    def refuse_what_is_hostile(self) -> None:
        parts = self.zip.infolist()
        names = [name.lower() for name in self.parts]
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise Unreadable(UNPACKED)
        if len(parts) != len(self.parts):
            raise Unreadable(DAMAGED)
        if any(part.flag_bits & 1 for part in parts):
            raise Unreadable("The workbook is protected with a password. Save it without one.")
        if any(name.endswith("vbaproject.bin") for name in names):
            raise Unreadable("The workbook holds macros. Save it as .xlsx, which has none.")
        if "[content_types].xml" not in names:
            raise Unreadable("This file is zipped, but no Excel workbook.")

    def opened(self, name: str) -> IO[bytes]:
        """A part. Raises Unreadable if there is none."""
        part = self.parts.get(name)
        if part is None:
            raise Unreadable(DAMAGED)
        try:
            return self.zip.open(part)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise Unreadable(DAMAGED) from error

    def listing(self, part: str, *names: str, inside: str = "") -> list[tuple[str, dict[str, str]]]:
        """The attributes of the elements of these names in a part."""
        found = Listing(*names, inside=inside)
        with self.opened(part) as stream:
            for _ in parse(stream, found):
                pass
        return found.found

    def find_sheets(self) -> dict[str, str]:
        """The parts of the sheets by the sheets' names, in their order."""
        book = "xl/workbook.xml"
        for _, given in self.listing("xl/_rels/workbook.xml.rels", "Relationship"):
            target = given.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            self.targets[given.get("Id", "")] = path
            self.by_type[given.get("Type", "").rpartition("/")[2]] = path
        sheets: dict[str, str] = {}
        for name, given in self.listing(book, "workbookPr", "sheet"):
            if name == "workbookPr" and given.get("date1904") in {"1", "true"}:
                self.epoch = datetime(1904, 1, 1)  # noqa: DTZ001  # as above
            elif name == "sheet" and "worksheets/" in (
                path := self.targets.get(given.get("id", ""), "")
            ):
                sheets[given.get("name", "")] = path
        if not sheets:
            raise Unreadable("The workbook has no sheet with rows.")
        return sheets

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a sheet that are not blank, as many values in each as its last one needs."""
        if sheet not in self.sheets:
            raise Unreadable(f"The workbook has no sheet called “{sheet}”.")
        strings = Strings()
        try:
            if path := self.by_type.get("sharedStrings"):
                with self.opened(path) as stream:
                    for _ in parse(stream, strings):
                        pass
            strings.file.flush()
            cells = Cells(strings, self.dates(), self.epoch)
            with self.opened(self.sheets[sheet]) as stream:
                idle = 0
                for _ in parse(stream, cells):
                    idle = 0 if cells.ready else idle + 1
                    if idle > PATIENCE:
                        raise Unreadable(DAMAGED)
                    yield from cells.ready
                    cells.ready.clear()
        finally:
            strings.file.close()

    def dates(self) -> list[bool]:
        """Of each style whether it shows a number as a date."""
        path = self.by_type.get("styles")
        if not path:
            return []
        found = self.listing(path, "numFmt", "xf", inside="cellXfs")
        own = {
            given.get("numFmtId"): is_date(given.get("formatCode", ""))
            for name, given in found
            if name == "numFmt"
        }
        styles = [given.get("numFmtId", "0") for name, given in found if name == "xf"]
        return [own.get(style, style.isdecimal() and int(style) in DATES) for style in styles]

    def about(self, sheet: str) -> int:
        """About how many rows a sheet has, told without reading them: blank ones count too."""
        count, tail = 0, b""
        with self.opened(self.sheets[sheet]) as stream:
            try:
                while chunk := stream.read(CHUNK):
                    count += (tail + chunk).count(b"<row ") + (tail + chunk).count(b"<row>")
                    tail = chunk[-4:]
            except (zipfile.BadZipFile, EOFError, OSError) as error:
                raise Unreadable(DAMAGED) from error
        return count


def is_date(code: str) -> bool:
    """Whether a format of one's own shows a number as a date or time."""
    return any(letter in "dmyhs" for letter in NO_CODE.sub("", code).lower())
