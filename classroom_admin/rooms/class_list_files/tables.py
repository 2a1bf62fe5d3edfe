"""Turn the bytes of a text file or a workbook into rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.rooms.class_list_files import encodings, workbooks
from classroom_admin.rooms.class_list_files.cells import UnreadableFile, WrongEncoding, cleaned
from classroom_admin.rooms.class_list_files.header_words import NAME_ROLES, role_of

LARGEST_BYTES: Final = 8_000_000
MOST_ROWS: Final = 20_000
_DELIMITERS: Final = ",;\t|"
_SAMPLE_ROWS: Final = 60
_SEP: Final = re.compile(r'"?sep=(.|\\t)"?\s*', re.IGNORECASE)
_MARKS_AS_TEXT: Final = ("\ufeff", "\ufffe", "ï»¿")
_CONTROLS: Final = re.compile("[\x01-\x08\x0e-\x19\x1b-\x1f]")


@dataclass(frozen=True, slots=True)
class Row:
    """A row with cleaned cells. `line` is the line of the text file or the row of the spreadsheet."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows of a file that are not empty. `encoding` is "" for a workbook.

    `sheets` is empty for a text file.
    """

    rows: list[Row]
    encoding: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()


def read_table(content: bytes, *, encoding: str = "", sheet: str = "") -> Table:
    """Return the table in a file. If `encoding` or `sheet` is empty, it is guessed.

    Raise UnreadableFile if the file is not a table, or if the text is not in `encoding`.
    """
    if len(content) > LARGEST_BYTES:
        raise UnreadableFile(_("This file is too large. A class list can have at most 8 MB."))
    if content.startswith((workbooks.ZIP_FILE, workbooks.COMPOUND_FILE)):
        found = workbooks.sheets_of(content, sheet)
        rows = _kept((number, cells) for number, cells in found["rows"])
        return Table(rows=rows, sheet=found["sheet"], sheets=tuple(found["sheets"]))
    encoding = encoding or encodings.guessed(content)
    return Table(rows=_kept(_rows(decoded(content, encoding))), encoding=encoding)


def decoded(content: bytes, encoding: str) -> str:
    """Return the text of a file. Raise UnreadableFile if it is not text, or not in this encoding."""
    if encoding == "utf-16":
        codec = encodings.utf_16_order(content) or "utf-16-le"
    else:
        codec = encodings.codec_of(encoding)
        content = content.replace(b"\x00", b"")
    try:
        # Damaged characters of UTF-8 become U+FFFD. `people` then reports the lines that contain U+FFFD.
        text = codecs.decode(content, codec, "replace" if codec == "utf-8" else "strict")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise WrongEncoding(
            _("Line %(line)s is not written in the encoding %(encoding)s. Choose another encoding.")
            % {"line": line, "encoding": encodings.ENCODINGS.get(encoding, encoding)}
        ) from error
    while text.startswith(_MARKS_AS_TEXT):
        text = text[3:] if text.startswith("ï»¿") else text[1:]
    if (controls := len(_CONTROLS.findall(text))) > 2 and controls * 50 > len(text):
        raise UnreadableFile(
            _("This is not a table. Upload a file in the format CSV, TSV, XLSX, XLS or ODS.")
        )
    if text[:200].lstrip().lower().startswith(("<!doctype", "<html", "<table", "<?xml")):
        raise UnreadableFile(
            _("This is a web page, not a table. Open it in your spreadsheet and save it as XLSX or CSV.")
        )
    return text


def _kept(rows: Iterable[tuple[int, Iterable[str]]]) -> list[Row]:
    """Return the rows that have text, without trailing empty cells.

    Raise UnreadableFile if there are more than `MOST_ROWS`.
    """
    kept: list[Row] = []
    for line, raw in rows:
        cells = [cleaned(cell) for cell in raw]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            kept.append(Row(line, tuple(cells)))
        if len(kept) > MOST_ROWS:
            raise workbooks.too_large()
    return kept


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each record. A first line `sep=;` sets the delimiter."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    skipped = 0
    first, _newline, rest = text.partition("\n")
    if found := _SEP.fullmatch(first):
        text, skipped, delimiter = rest, 1, "\t" if found[1] == "\\t" else found[1]
    else:
        delimiter = _delimiter(text)
    for line, cells in _records(text, delimiter):
        yield line + skipped, cells


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(
            _("Line %(line)s can't be read: a quotation mark is missing or in the wrong place.")
            % {"line": line}
        ) from error


def _delimiter(text: str) -> str:
    """Return the delimiter that fits best: it gives known column names and rows of equal length."""
    return max(_DELIMITERS, key=lambda delimiter: _fit(text, delimiter))


def _fit(text: str, delimiter: str) -> tuple[int, int, float]:
    rows: list[list[str]] = []
    try:
        for _line, cells in _records(text, delimiter):
            if "".join(cells).strip(f" {_DELIMITERS}"):
                rows.append(cells)
            if len(rows) == _SAMPLE_ROWS:
                break
    except UnreadableFile:
        if not rows:
            return (-1, 0, 0.0)
    known = [[found[0] for cell in row if (found := role_of(cleaned(cell)))] for row in rows[:20]]
    best = max(range(len(known)), key=lambda index: len(set(known[index])), default=0)
    has_header = bool(known) and bool(NAME_ROLES & set(known[best]))
    below = rows[best + 1 :] if has_header else rows
    widths = Counter(len(row) for row in below)
    width, times = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    if has_header and width > len(rows[best]):
        return (0, 0, 0.0)
    return (
        len(set(known[best])) if has_header else 0,
        int(width > 1),
        times / max(len(below), 1) * min(width, 9),
    )
