"""Small files of every kind, as programs write them."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Final

PDF: Final = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(40)


SECTOR: Final = 512
SMALLEST: Final = 4096  # smaller streams would need another table


def compound(**streams: bytes) -> bytes:
    """Return a compound file ([MS-CFB], version 3) with these streams, such as an old office document."""
    end, free, fat_sector = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    padded = {name: content.ljust(SMALLEST, b"\0") for name, content in streams.items()}
    directory_sectors = -(-(len(padded) + 1) // 4)
    fat = [fat_sector, *range(2, directory_sectors + 1), end]
    entries = [_entry("Root Entry", kind=5, child=1, start=end, size=0)]
    content = b""
    for number, (name, stream) in enumerate(padded.items(), 1):
        count = -(-len(stream) // SECTOR)
        start = len(fat)
        fat += [*range(start + 1, start + count), end]
        right = number + 1 if number < len(padded) else free
        entries.append(_entry(name, kind=2, right=right, start=start, size=len(stream)))
        content += stream.ljust(count * SECTOR, b"\0")
    assert len(fat) <= SECTOR // 4
    entries += [_entry("", kind=0)] * (4 * directory_sectors - len(entries))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, SMALLEST, end, 0, end, 0,
    ) + struct.pack("<109I", 0, *[free] * 108)  # fmt: skip
    table = struct.pack(f"<{SECTOR // 4}I", *fat, *[free] * (SECTOR // 4 - len(fat)))
    return header + table + b"".join(entries) + content


def _entry(
    name: str, *, kind: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF, start: int = 0, size: int = 0
) -> bytes:
    words = name.encode("utf-16-le")
    length = len(words) + 2 if name else 0
    return struct.pack(
        "<64sHBBIII16xI8x8xIII", words, length, kind, 1, 0xFFFFFFFF, right, child, 0, start, size, 0
    )


DOC: Final = compound(WordDocument=b"\xec\xa5\xc1\x00" + bytes(600))
LOCKED_DOC: Final = compound(WordDocument=b"\xec\xa5\xc1\x00" + bytes(6) + b"\x00\x01" + bytes(600))
BOF: Final = b"\x09\x08\x04\x00\x00\x06\x05\x00"
XLS: Final = compound(Workbook=BOF + b"\x0a\x00\x00\x00")
LOCKED_XLS: Final = compound(Workbook=BOF + b"\x2f\x00\x04\x00\x00\x00\x01\x02")
_USER: Final = b"\x00\x00\xf6\x0f\x14\x00\x00\x00\x14\x00\x00\x00"
PPT: Final = compound(**{"PowerPoint Document": b"x", "Current User": _USER + b"\x5f\xc0\x91\xe3"})
LOCKED_PPT: Final = compound(**{"PowerPoint Document": b"x", "Current User": _USER + b"\xdf\xc4\xd1\xf3"})
LOCKED_PACKAGE: Final = compound(EncryptionInfo=b"x", EncryptedPackage=b"x")
LOCKED_PDF: Final = (
    b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R/Encrypt 9 0 R>>\nstartxref\n9\n%%EOF\n"
)
_XREF: Final = b"9 0 obj\n<</Type/XRef/Size 9/Encrypt 8 0 R/Length 5>>\nstream\nabcde\nendstream endobj\n"
LOCKED_PDF_STREAM: Final = b"%PDF-1.7\n" + _XREF + b"% " + b"." * 9000 + b"\nstartxref\n9\n%%EOF\n"


def office(folder: str, *more: str) -> bytes:
    """An office document with its parts in ``folder``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", f"{folder}/document.xml", *more):
            archive.writestr(name, "<xml/>")
    return out.getvalue()


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


GOOD: Final = {
    "Worksheet 3.pdf": PDF,
    "slides.pptx": office("ppt"),
    "macros.pptm": office("ppt", "ppt/vbaProject.bin"),
    "old.ppt": PPT,
    "essay.docx": office("word"),
    "old.doc": DOC,
    "marks.xlsx": office("xl"),
    "old.xls": XLS,
    "marks.csv": "name;mark\nZoë;1\n".encode(),
    "from an old program.csv": b"name;mark\r\nZoe;1\r\n\x1a",
    "unicode.csv": "name\tmark\n".encode("utf-16"),
    "song.mp3": b"ID3\x04" + bytes(50),
    "frame.mp3": b"\xff\xfb\x90\x00" + bytes(50),
    "film.mp4": b"\x00\x00\x00\x18ftypmp42" + bytes(50),
    "map.PNG": PNG,
    "photo.jpeg": b"\xff\xd8\xff\xe0" + bytes(40),
    "dance.gif": b"GIF89a" + bytes(40),
}
HOSTILE: Final = {
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page.pdf": b"<html><script>alert(1)</script></html>",
    "table.csv": b" \n<html><script>alert(1)</script></html>",
    "binary.csv": b"a;b\n\x00\x01\x02",
    "program.exe": b"MZ" + bytes(100),
    "program.pdf": b"MZ" + bytes(100),
    "archive.docx": zipped("readme.txt"),
    "sheet.pptx": office("xl"),
    "broken.xlsx": b"PK\x03\x04" + bytes(200),
    "locked.docx": LOCKED_PACKAGE,
    "old and renamed.docx": DOC,
    "locked.doc": LOCKED_DOC,
    "locked.xls": LOCKED_XLS,
    "locked.ppt": LOCKED_PPT,
    "locked.pdf": LOCKED_PDF,
    "newer and locked.pdf": LOCKED_PDF_STREAM,
    "damaged.doc": DOC[:600],
    "film.mp4": b"\x1aE\xdf\xa3" + bytes(40),
    "noise.mp3": b"\xff\xff",
    "no kind": PDF,
    ".pdf": b"",
    "double.pdf.html": PDF,
    "x.php": PDF,
}
