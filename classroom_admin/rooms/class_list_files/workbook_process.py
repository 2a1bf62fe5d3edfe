"""Read a workbook from standard input and print its sheets as JSON. `workbooks` runs this as a program.

A workbook of a few kilobytes can unpack to gigabytes, so this process limits its own memory and time. To
start quickly, it imports no other module of this project.
"""

import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

MEMORY_BYTES = 1_000_000_000
CPU_SECONDS = 20
MOST_ROWS = 20_000
MOST_COLUMNS = 500
PASSWORD, UNREADABLE, TOO_LARGE = 3, 4, 5
EXACT_NUMBERS = 1e15
"""The limit for exact numbers. Spreadsheets keep 15 digits, so larger numbers have lost their last digits."""


def main() -> int:
    """Print {"sheets": names, "sheet": name, "rows": [[number, [cell, …]], …]}. Return the exit code.

    The first argument is the name of the sheet to read. If this sheet has no text, the first sheet with text
    is read.
    """
    # Each process of the dashboard imports this module for its constants, but does not need the library.
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        workbook = CalamineWorkbook.from_object(io.BytesIO(sys.stdin.buffer.read()))
        filled = {name: rows for name in workbook.sheet_names if (rows := rows_of(workbook, name))}
    except PasswordError:
        return PASSWORD
    except MemoryError:
        return TOO_LARGE
    except (CalamineError, OSError, ValueError):
        return UNREADABLE
    sheet = wanted if wanted in filled else next(iter(filled), "")
    rows = filled.get(sheet, [])
    if len(rows) > MOST_ROWS or any(len(cells) > MOST_COLUMNS for _number, cells in rows):
        return TOO_LARGE
    json.dump({"sheets": list(filled), "sheet": sheet, "rows": rows}, sys.stdout)
    return 0


def rows_of(workbook: "CalamineWorkbook", name: str) -> list[tuple[int, list[str]]]:
    """Return the rows of a sheet that contain text, with their row numbers in the spreadsheet."""
    found = []
    for number, row in enumerate(workbook.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1):
        cells = [as_text(cell) for cell in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            found.append((number, cells))
    return found


def as_text(cell: Any) -> str:
    """Return the text of a cell. Whole numbers have no decimals, and dates have the ISO format."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if abs(cell) >= EXACT_NUMBERS:
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell)


if __name__ == "__main__":
    sys.exit(main())
