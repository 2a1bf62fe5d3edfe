"""Small files of every kind, as programs write them."""

from __future__ import annotations

import io
import zipfile
from typing import Final

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PDF: Final = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(40)


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
    "old.ppt": OLE,
    "essay.docx": office("word"),
    "old.doc": OLE,
    "marks.xlsx": office("xl"),
    "old.xls": OLE,
    "marks.csv": "name;mark\nZoë;1\n".encode(),
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
    "locked.docx": OLE,
    "film.mp4": b"\x1aE\xdf\xa3" + bytes(40),
    "noise.mp3": b"\xff\xff",
    "no kind": PDF,
    ".pdf": b"",
    "double.pdf.html": PDF,
    "x.php": PDF,
}
