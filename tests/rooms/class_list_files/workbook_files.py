"""Write small XLSX, ODS and XLS workbooks as bytes, as spreadsheets do."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

Cells = Sequence[Sequence[str | int | float]]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns"


def packed(files: Mapping[str, str | bytes]) -> bytes:
    """Return files as one ZIP file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    return content.getvalue()


def xlsx(rows: Cells, *, first_row: int = 1, sheets: Mapping[str, Cells] | None = None) -> bytes:
    """Return an XLSX workbook with the rows; `sheets` are further sheets by name."""
    named = {"People": rows, **(sheets or {})}
    numbers = range(1, len(named) + 1)
    entries = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>'
        for n, name in zip(numbers, named, strict=True)
    )
    targets = "".join(
        f'<Relationship Id="rId{n}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for n in numbers
    )
    return packed(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument'
            f'.spreadsheetml.sheet.main+xml"/>{parts}</Types>',
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
            f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{entries}</sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{targets}</Relationships>',
            **{
                f"xl/worksheets/sheet{n}.xml": _sheet(cells, first_row)
                for n, cells in zip(numbers, named.values(), strict=True)
            },
        }
    )


def _sheet(rows: Cells, first_row: int) -> str:
    written = "".join(
        f'<row r="{number}">'
        + "".join(_cell(cell, number, column) for column, cell in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=first_row)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'


def _cell(cell: str | int | float, row: int, column: int) -> str:
    place = f"{chr(65 + column)}{row}"
    if isinstance(cell, str):
        text = f'<is><t xml:space="preserve">{escape(cell)}</t></is>'
        return f'<c r="{place}" t="inlineStr">{text}</c>' if cell else ""
    return f'<c r="{place}"><v>{cell}</v></c>'


def ods(rows: Cells) -> bytes:
    """Return an ODS workbook with empty cells up to the end of the sheet, as LibreOffice writes it."""

    def cell(value: str | int | float) -> str:
        if isinstance(value, str):
            text = f"<text:p>{escape(value)}</text:p>"
            return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    rest = '<table:table-cell table:number-columns-repeated="16380"/>'
    written = "".join(f"<table:table-row>{''.join(map(cell, row))}{rest}</table:table-row>" for row in rows)
    end = f'<table:table-row table:number-rows-repeated="1048500">{rest}</table:table-row>'
    content = (
        f'<office:document-content xmlns:office="{_OPEN_DOCUMENT}:office:1.0" '
        f'xmlns:table="{_OPEN_DOCUMENT}:table:1.0" xmlns:text="{_OPEN_DOCUMENT}:text:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="People">{written}{end}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{_OPEN_DOCUMENT}:manifest:1.0"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return packed({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def xls(rows: Cells) -> bytes:
    """Return an XLS workbook (BIFF8 in a compound file)."""
    cells = b"".join(
        _xls_cell(cell, number, column) for number, row in enumerate(rows) for column, cell in enumerate(row)
    )
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + _record(0x0A, b"")
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 0))
    start += _record(0x42, struct.pack("<H", 1200))
    name = b"People"
    of_sheet = 4 + 6 + 2 + len(name)
    place = len(start) + of_sheet + 4
    start += _record(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name) + _record(0x0A, b"")
    return _compound_file("Workbook", start + sheet)


def _xls_cell(cell: str | int | float, row: int, column: int) -> bytes:
    if isinstance(cell, str):
        text = cell.encode("utf-16-le")
        return _record(0x204, struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1) + text)
    return _record(0x203, struct.pack("<HHHd", row, column, 0, float(cell)))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _compound_file(name: str, stream: bytes) -> bytes:
    """Return a compound file with one stream, which is longer than the limit for short streams (4096)."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(stream) // 512
    chain = [*range(1, sectors), 0xFFFFFFFE, 0xFFFFFFFE, 0xFFFFFFFD]  # the stream, the directory, this table
    chain += [0xFFFFFFFF] * (128 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, sectors, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", sectors + 1) + b"\xff" * 4 * 108
    directory = _entry("Root Entry", 5, child=1, start=0xFFFFFFFE) + _entry(
        name, 2, start=0, size=len(stream)
    )
    directory += _entry("", 0) * 2
    return header + stream + directory + struct.pack("<128I", *chain)


def _entry(name: str, kind: int, *, child: int = 0xFFFFFFFF, start: int = 0, size: int = 0) -> bytes:
    text = name.encode("utf-16-le")
    length = len(text) + 2 if name else 0
    entry = text.ljust(64, b"\0") + struct.pack("<HBB", length, kind, 1)
    entry += struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36)
    return entry + struct.pack("<IQ", start, size)
