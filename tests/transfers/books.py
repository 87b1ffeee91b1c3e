"""Excel workbooks for tests: honest ones, and ones that no spreadsheet program would write."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import xlsxwriter

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def book(*rows: list[Any], more: Callable[[Any, Any], Any] | None = None, **options: Any) -> bytes:
    """A workbook with these rows on its first sheet; `more` may add to the workbook and sheet."""
    content = io.BytesIO()
    given = {"default_date_format": "yyyy-mm-dd", **options}
    with xlsxwriter.Workbook(content, given) as made:
        sheet = made.add_worksheet("Clients")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
        if more:
            more(made, sheet)
    return content.getvalue()


def changed(content: bytes, **parts: bytes | str) -> bytes:
    """A workbook with other parts: ``sheet``, ``strings``, or any by its path."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml"}
    new = {names.get(name, name): part for name, part in parts.items()}
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in [*old.namelist(), *(new.keys() - set(old.namelist()))]:
            made.writestr(name, new.get(name, old.read(name) if name in old.namelist() else b""))
    return target.getvalue()


def sheet(rows: str) -> str:
    """The XML of a sheet."""
    return f'<?xml version="1.0"?><worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>'
