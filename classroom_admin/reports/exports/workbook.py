"""Write a table as an XLSX workbook with typed cells. Memory does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import IO, TYPE_CHECKING, Any, Final

from django.utils.translation import gettext

from classroom_admin.reports.exports.tables import Column, Kind, Table
from classroom_admin.reports.exports.writers import MS_A_MINUTE, clean_text

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

ROWS_A_SHEET: Final = 1_000_000
LONGEST_TEXT: Final = 32_767
"""The largest number of characters that a spreadsheet allows in a cell (UTF-16 units)."""
_FORMATS: Final = {
    Kind.SHARE: "0.0%",
    Kind.MINUTES: "0.0",
    Kind.TIME: "yyyy-mm-dd hh:mm:ss",
    Kind.NUMBER: "General",
}
_WIDTHS: Final = {Kind.TEXT: 22, Kind.NUMBER: 11, Kind.SHARE: 9, Kind.MINUTES: 13, Kind.TIME: 20}
_EARLIEST: Final = datetime(1900, 3, 1, tzinfo=UTC)
"""Earlier dates differ between spreadsheet programs."""


def write_workbook(table: Table, file: IO[bytes], *, zone: tzinfo, right_to_left: bool = False) -> None:
    """Write the table to `file`. Each time has two columns: in UTC and in `zone`."""
    for _ in written_workbook(table, file, zone=zone, right_to_left=right_to_left):
        pass


def written_workbook(
    table: Table, file: IO[bytes], *, zone: tzinfo, right_to_left: bool = False
) -> Iterator[int]:
    """Write the table to `file` like `write_workbook`, and yield the number of rows written so far.

    The file is complete only after the last value. If the caller stops earlier, nothing is written.
    """
    import xlsxwriter  # needs 2 MB, and most processes never write a workbook

    book = xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": False, "strings_to_urls": False})
    sheet = _Sheet(book, table, zone, right_to_left)
    done = 0
    for done, row in enumerate(table.rows, start=1):
        if sheet.rows == ROWS_A_SHEET:
            sheet.finish()
            sheet = _Sheet(book, table, zone, right_to_left)
        sheet.write(row)
        if done % 500 == 0:
            yield done
    sheet.finish()
    book.set_properties({"title": table.name})
    book.close()
    yield done


class _Sheet:
    """A sheet with a frozen header and filters. Rows must be written in order."""

    def __init__(self, book: Workbook, table: Table, zone: tzinfo, right_to_left: bool) -> None:
        self.rows = 0
        self._sheet: Worksheet = book.add_worksheet()
        self._kinds = [column.kind for column in table.columns]
        self._zone = zone
        self._formats = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        if right_to_left:
            self._sheet.right_to_left()
        self._sheet.freeze_panes(1, 0)
        titles = list(_titles(table.columns, str(zone)))
        for at, (_title, kind) in enumerate(titles):
            self._sheet.set_column(at, at, _WIDTHS[kind])
        for at, (title, _kind) in enumerate(titles):
            self._sheet.write_string(0, at, _text(title), header)
        self._width = len(titles)

    def write(self, row: Any) -> None:
        """Write the cells of the next row."""
        self.rows += 1
        at = 0
        for kind, value in zip(self._kinds, row, strict=True):
            if value is not None and value != "":
                self._cell(at, kind, value)
            at += 2 if kind is Kind.TIME else 1

    def _cell(self, at: int, kind: Kind, value: Any) -> None:
        if kind is Kind.TEXT:
            self._sheet.write_string(self.rows, at, _text(value))
        elif kind is Kind.TIME:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            self._time(at, moment.astimezone(UTC))
            self._time(at + 1, moment.astimezone(self._zone))
        else:
            number = value / MS_A_MINUTE if kind is Kind.MINUTES else value
            self._sheet.write_number(self.rows, at, round(number, 4), self._formats[kind])

    def _time(self, at: int, local: datetime) -> None:
        if local.replace(tzinfo=UTC) < _EARLIEST:
            self._sheet.write_string(self.rows, at, local.isoformat())
        else:
            self._sheet.write_datetime(self.rows, at, local.replace(tzinfo=None), self._formats[Kind.TIME])

    def finish(self) -> None:
        """Add the filters. They cover the rows that were written."""
        self._sheet.autofilter(0, 0, self.rows, self._width - 1)


def _titles(columns: Any, zone: str) -> Iterator[tuple[str, Kind]]:
    """Return the title and the kind of each column of a sheet."""
    column: Column
    for column in columns:
        if column.kind is Kind.TIME:
            for where in ("UTC", zone):
                words = gettext("%(title)s (%(zone)s)") % {"title": column.title, "zone": where}
                yield words, column.kind
        else:
            yield str(column.title), column.kind


def _text(value: str) -> str:
    """Return a text that a workbook can contain."""
    text = clean_text(str(value)).encode("utf-8", "replace").decode("utf-8")
    while len(text.encode("utf-16-le")) > 2 * LONGEST_TEXT:
        text = text[: LONGEST_TEXT // 2] if len(text) > LONGEST_TEXT else text[:-64]
    return text
