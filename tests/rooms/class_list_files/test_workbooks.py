"""XLSX, XLS and ODS workbooks: cells as people see them, and files that are damaged or bombs."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable

import pytest

from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_list_files.contents import Options, read_contents
from classroom_admin.rooms.class_list_files.tables import read_table
from tests.rooms.class_list_files.workbook_files import Cells, ods, packed, xls, xlsx

ROWS: Cells = [["Nachname", "Vorname", "ID"], ["Brandt", "Zoë", 17], ["王", "小明", 123456789012]]
SECONDS = 40
"""How long reading a hostile file may take; the limits of the process end it earlier."""


@pytest.mark.parametrize("write", [xlsx, ods, xls])
def test_people_of_a_workbook(write: object) -> None:
    found = read_contents(write(ROWS), Options())  # type: ignore[operator]
    assert [(one.name, one.user_uuid) for one in found.people] == [
        ("Zoë Brandt", "17"),
        ("王小明", "123456789012"),
    ]
    assert found.encoding == ""
    assert found.usable


def test_whole_numbers_are_digits_and_rows_have_the_numbers_of_the_spreadsheet() -> None:
    table = read_table(xlsx([["name", "id"], ["Ada", 17.0], ["", ""], ["Alan", 1.5]], first_row=4))
    assert [(row.line, row.cells) for row in table.rows] == [
        (4, ("name", "id")),
        (5, ("Ada", "17")),
        (7, ("Alan", "1.5")),
    ]


def test_ids_whose_digits_a_spreadsheet_lost_are_flagged() -> None:
    found = read_contents(xlsx([["name", "id"], ["Ada", 1234567890123456789]]), Options())
    assert found.people[0].user_uuid == ""
    assert "Line 2, column B “id”" in str(found.warnings[0])


def test_first_filled_sheet_is_read_and_another_can_be_chosen() -> None:
    content = xlsx([], sheets={"7a": [["Name"], ["Ada"]], "7b": [["Name"], ["Alan"]]})
    first = read_contents(content, Options())
    assert [one.name for one in first.people] == ["Ada"]
    assert "7a, 7b" in str(first.warnings[0])
    assert [one.name for one in read_contents(content, Options(sheet="7b")).people] == ["Alan"]


@pytest.mark.parametrize(
    "content", [xlsx(ROWS)[:-40], xlsx(ROWS)[:300], xls(ROWS)[:600], b"PK\x03\x04\x00\x00"]
)
def test_damaged_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        read_table(content)


def test_zip_file_without_a_workbook_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        read_table(packed({"letter.txt": "Hello"}))


def _with_sheet(sheet: str | bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(xlsx(ROWS))) as archive:
        files: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    return packed(files | {"xl/worksheets/sheet1.xml": sheet})


_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
_FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
_LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + _SHEET.format(
    '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>'
)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda: _with_sheet(b" " * 110_000_000), id="zip bomb"),
        pytest.param(lambda: packed({f"{n}.txt": "" for n in range(3000)}), id="thousands of files"),
        pytest.param(lambda: _with_sheet(_LAUGHS), id="XML bomb"),
        pytest.param(lambda: _with_sheet(_SHEET.format(_FAR)), id="a cell at the end of the sheet"),
        pytest.param(lambda: xlsx([["name"], *([f"P{n}"] for n in range(20_001))]), id="too many rows"),
    ],
)
def test_bomb_is_refused_in_time(written: Callable[[], bytes]) -> None:
    content = written()
    began = time.monotonic()
    with pytest.raises(UnreadableFile, match="far too large for a class list"):
        read_table(content)
    assert time.monotonic() - began < SECONDS
