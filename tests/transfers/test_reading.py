"""Reading an uploaded file: what is found out by itself, what is refused, and what is said."""

import io

import pytest

from apps.transfers import reading as module
from apps.transfers.reading import Row, Table, Unreadable, inspect, reading


def rows_of(content: bytes, table: Table | None = None) -> list[Row]:
    file = io.BytesIO(content)
    with reading(file, table or inspect(file, "clients.csv")) as rows:
        return list(rows)


def values(content: bytes) -> list[list[str]]:
    return [row.values for row in rows_of(content)]


def refusal(content: bytes, name: str = "clients.csv") -> str:
    with pytest.raises(Unreadable) as refused:
        inspect(io.BytesIO(content), name)
    return str(refused.value)


def test_a_plain_file_is_read_with_its_row_numbers() -> None:
    content = b"name,email\nAda,a@b.example\n\nGrace,\n"
    assert inspect(io.BytesIO(content), "x.csv") == Table("utf-8", ",", ["name", "email"], 2)
    assert rows_of(content) == [Row(2, ["Ada", "a@b.example"]), Row(4, ["Grace", ""])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_even_where_others_stand_in_values(delimiter: str) -> None:
    content = f'"a;b,c\t d"{delimiter}name{delimiter}city\nx{delimiter}y{delimiter}z\n'.encode()
    assert inspect(io.BytesIO(content), "x.csv").delimiter == delimiter
    assert values(content) == [["x", "y", "z"]]


def test_one_column_needs_no_delimiter() -> None:
    assert values(b"name\nAda\nGrace\n") == [["Ada"], ["Grace"]]


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252")]
)
def test_the_encoding_is_found_and_letters_stay_letters(encoding: str, found: str) -> None:
    content = "name,city\nBäckerei „Grünewald“,Köln\n".encode(encoding)
    table = inspect(io.BytesIO(content), "x.csv")
    assert (table.encoding, table.headers) == (found, ["name", "city"])
    assert values(content) == [["Bäckerei „Grünewald“", "Köln"]]


def test_a_letter_that_is_cut_by_a_piece_of_reading_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHUNK", 7)
    assert values("name\näöüäöü株式会社\n".encode()) == [["äöüäöü株式会社"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_one(end: str) -> None:
    assert values(end.join(["name,city", "Ada,London", "Grace,"]).encode()) == [
        ["Ada", "London"],
        ["Grace", ""],
    ]


def test_quoted_values_keep_delimiters_quotes_and_line_breaks() -> None:
    content = b'name,city\n"Smith, ""Jones""\nand Daughters",London\nGrace,Leeds\n'
    assert rows_of(content) == [
        Row(2, ['Smith, "Jones"\nand Daughters', "London"]),
        Row(3, ["Grace", "Leeds"]),
    ]


def test_short_rows_are_filled_up_and_long_ones_kept_long() -> None:
    assert values(b"a,b,c\n1\n1,2,3,4\n") == [["1", "", ""], ["1", "2", "3", "4"]]


def test_rows_of_nothing_but_delimiters_are_none() -> None:
    content = b"name,city\n,\nAda,London\n , \n"
    assert inspect(io.BytesIO(content), "x.csv").rows == 1
    assert values(content) == [["Ada", "London"]]


def test_the_guard_of_an_export_is_taken_off() -> None:
    assert values(b"name\n'=1+1\n'+44\n''=x\n'tis\n") == [["=1+1"], ["+44"], ["'=x"], ["'tis"]]


def test_a_column_without_a_name_is_called_after_its_place() -> None:
    assert inspect(io.BytesIO(b"name,,city\na,b,c\n"), "x.csv").headers == [
        "name",
        "Column 2",
        "city",
    ]


def test_blank_lines_before_the_header_are_passed_over() -> None:
    assert rows_of(b"\n\nname\nAda\n") == [Row(4, ["Ada"])]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"\n\n \n", "nothing but blank lines"),
        (b"name,email\n", "column names but no rows"),
        (b"name,city,Name\na,b,c\n", "Two columns are called “Name”"),
        (b"name\nAda\nGra\0ce\n", "Line 3 holds a NUL character"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
        (b"GIF89a\x01", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'>", "a picture"),
        (b"MZ\x90\0\x03", "Line 1 holds a NUL character"),
        (b"\x7fELF\x02", "a program"),
        (b"#!/bin/sh\n", "a program"),
        (b"PK\x05\x06", "an empty zipped file"),
        (b"7z\xbc\xaf\x27\x1c", "a compressed file"),
        (b"Rar!\x1a\x07", "a compressed file"),
        (b"{\\rtf1\\ansi", "a text document"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "a web page"),
        (b"<HTML><table>", "a web page"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"\x1f\x8brest", "a compressed file"),
        ("name\nAda\n".encode("utf-16"), "UTF-16"),
        (b"name\nAda\nK\x81ln\n", "Line 3 is not in UTF-8"),
        (b"\xef\xbb\xbfname\nK\xf6ln\n", "Line 2 is not in UTF-8"),
        (b'name,city\nAda,"London\n', "Row 2 cannot be read: a quotation mark that opens"),
        (b'name\nAda\n"The "Blue" Door"\n', "Row 3 cannot be read: a quotation mark inside"),
        (b'name\n"' + b"x" * 140_000 + b'"\n', "Row 2 cannot be read: a value is longer"),
        (",".join(f"c{n}" for n in range(101)).encode() + b"\n1\n", "more than 100 columns"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_and_where(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


@pytest.mark.parametrize("name", ["clients.xlsm", "clients.exe", "clients", "clients.csv.zip"])
def test_only_text_files_by_name_are_read(name: str) -> None:
    assert "cannot be imported" in refusal(b"name\nAda\n", name)


def test_the_ending_may_be_written_large() -> None:
    assert inspect(io.BytesIO(b"name\nAda\n"), "CLIENTS.CSV").rows == 1


def test_a_file_is_bounded_in_bytes_and_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "larger than 20 MB" in refusal(b"name\n" + b"x" * module.MAX_BYTES)
    monkeypatch.setattr(module, "MAX_ROWS", 3)
    assert inspect(io.BytesIO(b"name\n1\n2\n3\n"), "x.csv").rows == 3
    assert "more than 3 rows" in refusal(b"name\n1\n2\n3\n4\n")


def test_the_file_stays_open_for_whoever_stores_it() -> None:
    file = io.BytesIO(b"name\nAda\n")
    inspect(file, "x.csv")
    assert not file.closed
