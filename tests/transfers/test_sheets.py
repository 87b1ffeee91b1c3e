"""Reading Excel workbooks: what becomes of each kind of cell, and of workbooks that mean harm."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from apps.transfers.reading import Unreadable, inspect, reading
from apps.transfers.sheets import Workbook
from tests.transfers.books import book, changed, sheet

ROOT = Path(__file__).parents[2]
PLAIN = book(["Name", "City"], ["Ada", "London"])
MIB = 1024 * 1024


def values(content: bytes, name: str = "") -> list[list[str]]:
    file = io.BytesIO(content)
    with reading(file, inspect(file, "clients.xlsx", name)) as rows:
        return [row.values for row in rows]


def refusal(content: bytes, name: str = "clients.xlsx") -> str:
    file = io.BytesIO(content)
    with pytest.raises(Unreadable) as refused, reading(file, inspect(file, name)) as rows:
        list(rows)
    return str(refused.value)


def test_each_kind_of_cell_is_text_that_a_form_takes() -> None:
    moment = datetime(2026, 1, 31, 14, 5)  # noqa: DTZ001  # a cell's time has no zone
    cells = {
        "Ada & <b>": "Ada & <b>",
        3: "3",
        2.5: "2.5",
        1e21: "1e+21",
        date(2026, 1, 31): "2026-01-31",
        moment: "2026-01-31 14:05:00",
        "=1+1": "=1+1",
        True: "yes",
        False: "no",
    }
    head = [f"c{at}" for at in range(len(cells))]
    content = book(head, list(cells), strings_to_formulas=False)
    assert values(content) == [list(cells.values())]


def test_a_table_tells_about_how_many_rows_and_which_sheets() -> None:
    def more(made: object, first: object) -> None:
        made.add_worksheet("Others").write_column(0, 0, ["Firm", "Aldgate"])  # type: ignore[attr-defined]

    content = book(["Name"], ["Ada"], ["Grace"], more=more)
    table = inspect(io.BytesIO(content), "x.xlsx")
    assert (table.rows, table.sheet, table.sheets) == (2, "Clients", ("Clients", "Others"))
    assert values(content, "Others") == [["Aldgate"]]


def test_rows_keep_their_numbers_and_blank_ones_are_skipped() -> None:
    content = book(["Name", "City"], [], ["", ""], ["Ada"])
    file = io.BytesIO(content)
    with reading(file, inspect(file, "x.xlsx")) as rows:
        assert [(row.number, row.values) for row in rows] == [(4, ["Ada", ""])]


def test_a_formula_is_the_value_that_the_program_showed() -> None:
    def more(made: object, first: object) -> None:
        first.write_formula(1, 1, "=1+1", None, 2)  # type: ignore[attr-defined]
        first.write_formula(1, 2, '="x"&"y"', None, "xy")  # type: ignore[attr-defined]

    assert values(book(["a", "b", "c"], ["Ada"], more=more)) == [["Ada", "2", "xy"]]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ('<c r="A2"><f>1+1</f></c>', "row 2, column 1 is a formula without its result"),
        ('<c r="A2"><f>1+1</f><v></v></c>', "is a formula without its result"),
        ('<c r="A2" t="e"><v>#REF!</v></c>', "row 2, column 1 shows the error #REF!"),
        ('<c r="A2" t="s"><v>99</v></c>', "is damaged"),
        ('<c r="A2" t="s"><v>-1</v></c>', "is damaged"),
        ('<c r="A2"><v>x</v></c>', "is damaged"),
        ('<c r="XFD2"><v>1</v></c>', "more than 100 columns"),
        ('<c r="A2" t="str"><v>' + "x" * 140_000 + "</v></c>", "is longer than 131,072 characters"),
        ("<c", "is damaged"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_refused_with_its_place(cell: str, reason: str) -> None:
    rows = f'<row r="1"><c t="str"><v>Name</v></c></row><row r="2">{cell}</row>'
    assert reason in refusal(changed(PLAIN, sheet=sheet(rows)))


def test_letters_that_xml_cannot_hold_are_taken_back() -> None:
    rows = '<row><c t="str"><v>Name</v></c></row><row><c t="str"><v>a_x000A_b_xD800_</v></c></row>'
    assert values(changed(PLAIN, sheet=sheet(rows))) == [["a\nb_xD800_"]]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>'
)
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name\nAda\n", "is called .xlsx, but is no Excel workbook"),
        (b"PK\x03\x04", "is damaged"),
        (PLAIN[: len(PLAIN) // 2], "is damaged"),
        (OLD, "an old Excel workbook"),
        (OLD + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
        (changed(PLAIN, **{"xl/vbaProject.bin": b"x"}), "holds macros"),
        (changed(PLAIN, sheet=BOMB), "declares entities"),
        (changed(PLAIN, strings=BOMB), "declares entities"),
        (changed(PLAIN, sheet=sheet("")), "nothing but blank lines"),
        (changed(PLAIN, sheet=b"\0" * 300), "is damaged"),
        (changed(PLAIN, **{"xl/workbook.xml": "<workbook/>"}), "no sheet with rows"),
        (changed(PLAIN, **{"xl/_rels/workbook.xml.rels": "<x/>"}), "no sheet with rows"),
        (book(["Name"]), "has column names but no rows"),
        (book(["Name", "name"], ["a", "b"]), "Two columns are called"),
        (book([f"c{at}" for at in range(101)], ["a"]), "more than 100 columns"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused_in_words(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


def test_a_sheet_that_is_not_there_is_refused() -> None:
    with pytest.raises(Unreadable, match="no sheet called “Nothing”"):
        list(Workbook(io.BytesIO(PLAIN)).rows("Nothing"))


ROW = '<row><c t="str"><v>Name</v></c></row>'
LARGE: dict[str, Callable[[], bytes]] = {
    "a zip bomb": lambda: changed(PLAIN, sheet=b"\0" * (300 * MIB)),
    "a row of a million empty cells": lambda: changed(
        PLAIN, sheet=sheet(ROW + "<row>" + "<c/>" * 1_000_000 + "</row>" + ROW)
    ),
    "five million elements that mean nothing": lambda: changed(
        PLAIN, sheet=sheet(ROW + "<x/>" * 5_000_000 + ROW)
    ),
    "a tag of 100 MB": lambda: changed(PLAIN, sheet=sheet(f'{ROW}<row r="{" " * (100 * MIB)}"/>')),
    "a value of 100 MB": lambda: changed(
        PLAIN, sheet=sheet(f'{ROW}<row><c t="str"><v>{"x" * (100 * MIB)}</v></c></row>')
    ),
    "strings without end": lambda: changed(
        PLAIN, strings="<sst>" + "<si/>" * 3_000_000 + "</sst>", sheet=sheet(ROW * 2)
    ),
    "a shared string of 100 MB": lambda: changed(
        PLAIN, strings=f"<sst><si><t>{'x' * (100 * MIB)}</t></si></sst>", sheet=sheet(ROW * 2)
    ),
}
READ_IN_LITTLE_MEMORY = """
import resource, sys
from apps.transfers.reading import Unreadable, inspect, reading
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 48 * 2**20, now + 48 * 2**20))
with open(sys.argv[1], "rb") as file:
    try:
        with reading(file, inspect(file, sys.argv[1])) as rows:
            print("rows", sum(1 for _ in rows))
    except Unreadable as error:
        print(error)
"""


def read_in_little_memory(path: Path) -> str:
    """What reading it in a process that may take 48 MB more than it has says."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    command = [sys.executable, "-c", READ_IN_LITTLE_MEMORY, str(path)]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.prove
@pytest.mark.parametrize("what", LARGE)
def test_a_workbook_that_unpacks_to_much_is_read_or_refused_in_little_memory(
    what: str, tmp_path: Path
) -> None:
    path = tmp_path / "large.xlsx"
    path.write_bytes(LARGE[what]())
    said = read_in_little_memory(path)
    assert "rows 1" in said or any(
        word in said for word in ("damaged", "unpacks to more", "longer than", "larger than")
    ), said


@pytest.mark.prove
@pytest.mark.parametrize("line", [b"x", b'"x', b"x,"])
def test_a_line_without_end_is_refused_in_little_memory(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"name\n" + line * (19 * MIB // len(line)))
    said = read_in_little_memory(path)
    assert "longer than" in said, said
