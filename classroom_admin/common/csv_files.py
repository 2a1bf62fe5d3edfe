"""Write CSV files that spreadsheets read as UTF-8 without running any cell as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

FORMULAS: Final = "=+-@＝＋－＠"
"""The characters with which a formula begins in a spreadsheet. Some programs accept full-width signs, too."""
_UNSEEN: Final = "\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069\ufeff\x00"
"""Characters that some programs remove from the beginning of a cell, besides spaces."""
_BYTE_ORDER_MARK: Final = "\ufeff"  # Spreadsheets recognise UTF-8 by it.


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as the text of a CSV file. No cell can run as a formula."""
    text = io.StringIO(newline="")
    text.write(_BYTE_ORDER_MARK)
    csv.writer(text).writerows([protected(cell) for cell in row] for row in rows)
    return text.getvalue()


def csv_pieces(pieces: Iterable[Iterable[Sequence[Any]]]) -> Iterator[bytes]:
    """Return pieces of rows as the pieces of a CSV file in UTF-8, without NUL characters.

    The rows must already be safe: `protected` was called on each text. Half of a surrogate pair becomes "?".
    """
    mark = _BYTE_ORDER_MARK
    for rows in pieces:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        yield f"{mark}{text.getvalue()}".replace("\x00", "").encode("utf-8", "replace")
        mark = ""


def protected(cell: str) -> str:
    """Return the cell. If a spreadsheet would run it as a formula, put an apostrophe in front.

    A cell that begins with a tab, a line break or a carriage return is treated like a formula, because some
    programs remove this character.
    """
    if cell[:1].isalnum() or not cell:
        return cell
    begins = _without_unseen(cell)[:1]
    return f"'{cell}" if cell[0] in "\t\r\n" or begins in _FORMULAS else cell


def _without_unseen(cell: str) -> str:
    before, after = cell, cell.lstrip().lstrip(_UNSEEN)
    while after != before:
        before, after = after, after.lstrip().lstrip(_UNSEEN)
    return after


_FORMULAS: Final = frozenset(FORMULAS)
