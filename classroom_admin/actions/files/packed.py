"""Look into ZIP-based and compound office documents: how much is packed inside, and whether there are macros.

Nothing is kept in memory or written to a disk, except for documents inside of documents, which are small.
"""

from __future__ import annotations

import re
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO, Final

import olefile

MOST_BYTES: Final = 500_000_000
"""The largest size of everything in a document after unpacking."""
RATIO: Final = 100
"""The largest ratio of the unpacked size to the size of the file. Pages of text reach about 30."""
NO_RATIO_BELOW: Final = 20_000_000
"""Small documents may exceed the ratio: an almost empty sheet packs a thousand to one."""
DEEPEST: Final = 3
"""The largest number of documents that are inside each other."""
MOST_INSIDE: Final = 50_000_000
"""The largest document inside of a document."""
_CHUNK: Final = 256 * 1024
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACRO_PARTS: Final = re.compile(
    r"(^|/)(vbaProject\w*\.bin|vbaData\.xml|macrosheets/|intlmacrosheets/)", re.IGNORECASE
)
_MACRO_TYPES: Final = re.compile(rb"macroEnabled|vbaProject|ms-office\.vba|macrosheet", re.IGNORECASE)
_CONTENT_TYPES: Final = "[Content_Types].xml"
_MACRO_STREAMS: Final = frozenset({"macros", "_vba_project_cur", "vba", "_vba_project"})
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)
# [MS-PPT] 2.4.11: the header of a VBAInfoAtom, a reference, and whether there are macros
_PPT_MACROS: Final = re.compile(rb"\x02\x00\x00\x04\x0c\x00\x00\x00.{4}([^\x00]...|.[^\x00]..)", re.DOTALL)
_BOUND_SHEET: Final = 0x85  # [MS-XLS] 2.4.28
_MACRO_SHEET: Final = 1
_END_OF_GLOBALS: Final = 0x0A


@dataclass
class Found:
    """What a document contains. ``macros`` has the names of the parts with macros."""

    unpacked: int = 0
    is_too_big: bool = False
    is_too_deep: bool = False
    is_damaged: bool = False
    macros: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.is_too_big or self.is_too_deep or self.is_damaged


def look_into(content: IO[bytes], size: int) -> Found:
    """Return what an office document of `size` bytes contains. Other files contain nothing."""
    found = Found()
    most = min(MOST_BYTES, max(NO_RATIO_BELOW, RATIO * size))
    _look(content, found, most=most, depth=1)
    return found


def _look(content: IO[bytes], found: Found, *, most: int, depth: int) -> None:
    content.seek(0)
    head = content.read(8)
    if head.startswith(_ZIP):
        _look_into_zip(content, found, most=most, depth=depth)
    elif head.startswith(_OLE):
        found.macros += macros_of_compound(content)


def _look_into_zip(content: IO[bytes], found: Found, *, most: int, depth: int) -> None:
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            parts = archive.infolist()
            if found.unpacked + sum(part.file_size for part in parts) > most:
                found.is_too_big = True
                return
            for part in parts:
                if _MACRO_PARTS.search(part.filename):
                    found.macros.append(part.filename)
                _unpack(archive, part, found, most=most, depth=depth)
                if found.is_over:
                    return
    except _DAMAGED:
        found.is_damaged = True


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo, found: Found, *, most: int, depth: int) -> None:
    """Unpack a part, to count its true size, and look into it if it is a document."""
    with archive.open(part) as stream, tempfile.SpooledTemporaryFile(max_size=_CHUNK) as copy:
        chunk = stream.read(_CHUNK)
        is_document = chunk.startswith((_ZIP, _OLE))
        if part.filename == _CONTENT_TYPES and _MACRO_TYPES.search(chunk) and not found.macros:
            found.macros.append(part.filename)
        while chunk:
            found.unpacked += len(chunk)
            if found.unpacked > most:
                found.is_too_big = True
                return
            if is_document:
                if copy.tell() > MOST_INSIDE:
                    found.is_too_big = True
                    return
                copy.write(chunk)
            chunk = stream.read(_CHUNK)
        if not is_document:
            return
        if depth >= DEEPEST:
            found.is_too_deep = True
            return
        before = len(found.macros)
        _look(copy, found, most=most, depth=depth + 1)
        found.macros[before:] = [f"{part.filename}: {name}" for name in found.macros[before:]]


def macros_of_compound(content: IO[bytes]) -> list[str]:
    """Return the names of the parts of a compound file (DOC, XLS, PPT) that contain macros."""
    content.seek(0)
    try:
        with olefile.OleFileIO(content) as compound:
            paths = compound.listdir(streams=True, storages=True)
            names = ["/".join(path) for path in paths if _MACRO_STREAMS & {step.lower() for step in path}]
            return names[:1] or _macros_in_streams(compound)
    except (OSError, ValueError, struct.error, IndexError):
        return []  # `content.kind_of` reports a damaged file


def _macros_in_streams(compound: olefile.OleFileIO) -> list[str]:
    for name in ("Workbook", "Book"):
        if compound.exists(name) and _has_macro_sheet(compound.openstream(name)):
            return [name]
    name = "PowerPoint Document"
    if compound.exists(name) and _PPT_MACROS.search(compound.openstream(name).read()):
        return [name]
    return []


def _has_macro_sheet(workbook: IO[bytes]) -> bool:
    """Return whether a BoundSheet8 record of the workbook's globals is a sheet of Excel 4.0 macros."""
    while len(header := workbook.read(4)) == 4:
        kind, length = struct.unpack("<HH", header)
        body = workbook.read(length)
        if kind == _BOUND_SHEET and len(body) > 5 and body[5] == _MACRO_SHEET:
            return True
        if kind == _END_OF_GLOBALS:
            return False
    return False
