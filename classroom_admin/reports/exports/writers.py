"""Write a table as CSV or JSON, piece by piece, so that memory does not grow with the number of rows.

Values are converted column by column for some hundred rows at a time, which is faster than cell by cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from classroom_admin.common.clock import iso
from classroom_admin.common.csv_files import csv_pieces, protected
from classroom_admin.reports.exports.tables import Kind, Table

MS_A_MINUTE: Final = 60_000
ROWS_AT_ONCE: Final = 500
Cells = Sequence[Any]


def csv_file(table: Table) -> Iterator[bytes]:
    """Return the table as a CSV file in UTF-8. Its first row has the names of the columns."""
    header = [column.name for column in table.columns]
    rows = _converted(table.rows, [_CSV[column.kind] for column in table.columns])
    return csv_pieces(chain([[header]], rows))


def json_file(table: Table) -> Iterator[bytes]:
    """Return the table as a JSON object in UTF-8: `about`, then `rows` as objects with a row a line."""
    about = json.dumps({"report": table.name, **(table.about or {})}, ensure_ascii=False)
    yield f'{about[:-1]}, "rows": ['.encode("utf-8", "replace")
    names = [column.name for column in table.columns]
    rows = _converted(table.rows, [_JSON[column.kind] for column in table.columns])
    before, encode = "\n", json.JSONEncoder(ensure_ascii=False).encode
    for some in rows:
        lines = ",\n".join([encode(dict(zip(names, row, strict=True))) for row in some])
        yield f"{before}{lines}".encode("utf-8", "replace")
        before = ",\n"
    yield b"\n]}\n"


def iso_times(values: Cells) -> list[str | None]:
    """Return times as ISO 8601 text in UTC, ending in Z."""
    return [one if one is None or isinstance(one, str) else iso(one) for one in values]


def minutes(values: Cells) -> list[float | None]:
    """Convert milliseconds to minutes with four decimals."""
    return [None if one is None else round(one / MS_A_MINUTE, 4) for one in values]


def shares(values: Cells) -> list[float | None]:
    """Round shares to four decimals."""
    return [None if one is None else round(one, 4) for one in values]


def clean_text(text: str) -> str:
    """Return a text without NUL characters."""
    return text.replace("\x00", "") if "\x00" in text else text


def _safe_texts(values: Cells) -> list[str | None]:
    """Return texts that no spreadsheet runs as a formula."""
    return [one if not one or one[0].isalnum() else protected(clean_text(one)) for one in values]


def _texts(values: Cells) -> list[str | None]:
    return [one if not one else clean_text(one) for one in values]


def _same(values: Cells) -> Cells:
    return values


def _converted(
    rows: Iterable[Cells], converters: Sequence[Callable[[Cells], Cells]]
) -> Iterator[Iterable[Cells]]:
    """Return the rows in pieces of `ROWS_AT_ONCE`, with converted values."""
    rest = iter(rows)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        columns = zip(*some, strict=True)
        yield zip(
            *(convert(values) for convert, values in zip(converters, columns, strict=True)), strict=True
        )


_CSV: Final[dict[Kind, Callable[[Cells], Cells]]] = {
    Kind.TEXT: _safe_texts,
    Kind.NUMBER: _same,
    Kind.SHARE: shares,
    Kind.MINUTES: minutes,
    Kind.TIME: iso_times,
}
_JSON: Final = {**_CSV, Kind.TEXT: _texts}
