"""The files of exports: nothing in them runs, everything in them can be read back, memory stays constant."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from classroom_admin.common.csv_files import protected
from classroom_admin.reports.exports.tables import Column, Kind, Table
from classroom_admin.reports.exports.workbook import write_workbook
from classroom_admin.reports.exports.writers import csv_file, json_file

NINE = datetime(2026, 9, 1, 9, 0, 0, 250_000, tzinfo=UTC)
COLUMNS = (
    Column(name="name", title="Name"),
    Column(name="count", title="Count", kind=Kind.NUMBER),
    Column(name="share", title="Share", kind=Kind.SHARE),
    Column(name="minutes", title="Minutes", kind=Kind.MINUTES),
    Column(name="at", title="At", kind=Kind.TIME),
)
MANY = 20_000


def table(*rows: Any, more: Iterable[Any] = (), total: int = 0) -> Table:
    return Table(name="test", columns=COLUMNS, rows=[*rows] if rows else more, total=total or len(rows))


def csv_rows(made: Table) -> list[list[str]]:
    text = b"".join(csv_file(made)).decode("utf-8")
    assert text[0] == "\ufeff"
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def json_rows(made: Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(b"".join(json_file(made)))["rows"]
    return rows


def sheet(made: Table, zone: str = "Europe/Madrid", **more: Any) -> list[list[Any]]:
    file = io.BytesIO()
    write_workbook(made, file, zone=ZoneInfo(zone), **more)
    return CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue())).get_sheet_by_index(0).to_python()


def test_values_have_one_form_in_csv_and_json() -> None:
    rows = [("Ada", 3, 2 / 3, 90_500, NINE), (None, None, None, None, None), ("", -2, 0.0, 0, NINE)]
    assert csv_rows(table(*rows)) == [
        ["name", "count", "share", "minutes", "at"],
        ["Ada", "3", "0.6667", "1.5083", "2026-09-01T09:00:00.250000Z"],
        ["", "", "", "", ""],
        ["", "-2", "0.0", "0.0", "2026-09-01T09:00:00.250000Z"],
    ]
    assert json_rows(table(*rows))[:2] == [
        {"name": "Ada", "count": 3, "share": 0.6667, "minutes": 1.5083, "at": "2026-09-01T09:00:00.250000Z"},
        dict.fromkeys(["name", "count", "share", "minutes", "at"]),
    ]


def test_times_of_another_zone_are_shown_in_utc() -> None:
    local = NINE.astimezone(timezone(timedelta(hours=8)))
    assert csv_rows(table(("Ada", 0, 0, 0, local)))[1][4] == "2026-09-01T09:00:00.250000Z"


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r=1",
        "  =1",
        "\n=1",
        "\u3000=1",
        "\tx",
        "\u00a0+x",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "\u3000＝1",
        "\ufeff=1",
        " \u200b =1",
        "\u2068@x",
        "\nx",
    ],
)
def test_formula_is_a_text(cell: str) -> None:
    assert csv_rows(table((cell, 0, 0, 0, NINE)))[1][0] == f"'{cell}"
    assert sheet(table((cell, 0, 0, 0, NINE)))[1][0].strip() == cell.strip(), "a text, not a result"
    assert json_rows(table((cell, 0, 0, 0, NINE)))[0]["name"] == cell


@pytest.mark.parametrize(
    "cell", ["", "Ada", "a=b", "é-", "'=x", "…", "（", "عمر", "王", "1-2", "https://a.b"]
)
def test_harmless_text_is_unchanged(cell: str) -> None:
    assert protected(cell) == cell
    assert csv_rows(table((cell, 0, 0, 0, NINE)))[1][0] == cell
    assert (sheet(table((cell, 0, 0, 0, NINE)))[1][0] or "") == cell


@pytest.mark.parametrize(
    "cell", ["a\x00b", "a\ud800b", "a\x01b", "\uffff", "a\x0bb", "x" * 40_000, "😀" * 20_000]
)
def test_odd_characters_break_no_file(cell: str) -> None:
    shown = cell.replace("\x00", "").replace("\ud800", "?")
    row = (cell, 1, 0.5, 60_000, NINE)
    assert csv_rows(table(row))[1][0] == shown
    assert json_rows(table(row))[0]["name"] == shown
    ((found, *rest),) = sheet(table(row))[1:]
    assert rest[:3] == [1, 0.5, 1], "the other cells are in their columns"
    assert shown.startswith(found[:50]) or found == "_xFFFF_", "what XML can't contain is escaped"
    assert len(found.encode("utf-16-le")) <= 2 * 32_767


def test_workbook_has_typed_cells_and_the_zone_of_the_school() -> None:
    header, row = sheet(table(("Ada", 3, 2 / 3, 90_000, NINE)))
    assert header == ["Name", "Count", "Share", "Minutes", "At (UTC)", "At (Europe/Madrid)"]
    assert row[:4] == ["Ada", 3, 0.6667, 1.5]
    assert [one.replace(microsecond=0) for one in row[4:]] == [
        datetime(2026, 9, 1, 9), datetime(2026, 9, 1, 11)
    ]  # fmt: skip


def test_workbook_has_frozen_header_filters_and_direction() -> None:
    from zipfile import ZipFile

    file = io.BytesIO()
    write_workbook(table(("Ada", 3, 1, 0, NINE)), file, zone=ZoneInfo("UTC"), right_to_left=True)
    with ZipFile(file) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    assert 'rightToLeft="1"' in xml
    assert 'state="frozen"' in xml
    assert '<autoFilter ref="A1:F2"/>' in xml


def test_rows_beyond_the_limit_of_a_sheet_are_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classroom_admin.reports.exports.workbook.ROWS_A_SHEET", 2)
    file = io.BytesIO()
    write_workbook(table(*[(f"n{n}", n, 0, 0, NINE) for n in range(5)]), file, zone=ZoneInfo("UTC"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))
    found = [[row[0] for row in book.get_sheet_by_index(number).to_python()] for number in range(3)]
    assert found == [["Name", "n0", "n1"], ["Name", "n2", "n3"], ["Name", "n4"]]


def test_empty_table_is_a_file_with_a_header() -> None:
    assert csv_rows(table()) == [["name", "count", "share", "minutes", "at"]]
    assert json_rows(table()) == []
    assert len(sheet(table())) == 1


def _many() -> Iterator[tuple[Any, ...]]:
    for number in range(MANY):
        yield f"Student {number} with a long name", number, 0.5, number, NINE + timedelta(seconds=number)


def test_first_piece_needs_no_rows() -> None:
    def never() -> Iterator[Any]:
        raise AssertionError("a row was read")
        yield

    assert next(iter(csv_file(table(more=never())))).startswith(b"\xef\xbb\xbfname,")


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_memory_does_not_grow_with_the_rows(form: str, tmp_path: Any) -> None:
    made = table(more=_many(), total=MANY)
    tracemalloc.start()
    try:
        if form == "xlsx":
            with (tmp_path / "many.xlsx").open("wb") as file:
                write_workbook(made, file, zone=ZoneInfo("UTC"))
            size = (tmp_path / "many.xlsx").stat().st_size
        else:
            size = sum(len(piece) for piece in (csv_file if form == "csv" else json_file)(made))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 500_000
    assert most < 3_000_000
