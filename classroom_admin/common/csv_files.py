"""Write CSV files that spreadsheets read as UTF-8 without running any cell as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

FORMULAS: Final = "=+-@"
"""The characters with which a formula begins in a spreadsheet."""
_BYTE_ORDER_MARK: Final = "\ufeff"  # Spreadsheets recognise UTF-8 by it.


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as the text of a CSV file. No cell can run as a formula."""
    text = io.StringIO(newline="")
    text.write(_BYTE_ORDER_MARK)
    csv.writer(text).writerows([protected(cell) for cell in row] for row in rows)
    return text.getvalue()


def protected(cell: str) -> str:
    """Return the cell. If a spreadsheet would run it as a formula, put an apostrophe in front."""
    return f"'{cell}" if cell.lstrip()[:1] in FORMULAS and cell.strip() else cell
