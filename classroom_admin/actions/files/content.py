"""Find out what a file really is from its content, and whether a password protects it.

The functions only read the given file.
"""

import re
import struct
import zipfile
from typing import IO, Final, Literal

import olefile

HEAD: Final = 4096
Office = Literal["doc", "xls", "ppt"]
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"
_MOST_ZIP_INDEX: Final = 4 * 1024 * 1024  # bytes; enough for the few hundred files in an office document
_ZIP_FOLDERS: Final = {"pptx": "ppt/", "docx": "word/", "xlsx": "xl/"}
# Streams of a compound file, with the kind of document that they indicate.
_STREAMS: Final[dict[str, Office]] = {
    "WordDocument": "doc",
    "Workbook": "xls",
    "Book": "xls",
    "PowerPoint Document": "ppt",
}
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage"  # the stream of a DOCX, PPTX or XLSX file with a password
_BEGINNINGS: Final = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
}
_PDF_ENCRYPTED: Final = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_PDF_TAIL: Final = 4096
_FILEPASS: Final = 0x2F
_FILEPASS_WITHIN: Final = 4  # FilePass is the second or third record of a workbook
_PPT_ENCRYPTED: Final = 0xF3D1C4DF


def kind_of(content: IO[bytes], size: int) -> str:
    """Return the extension that fits the content, or "" for plain text and unknown content.

    A presentation with macros is also a "pptx".
    """
    content.seek(0)
    head = content.read(HEAD)
    if head.startswith(_OLE):
        return compound_kind(content)
    if head.startswith(_ZIP):
        return zip_kind(content, size)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head[4:8] == b"ftyp":
        return "mp4"
    if is_mp3(head):
        return "mp3"
    return next((ext for ext, marks in _BEGINNINGS.items() if head.startswith(marks)), "")


def is_locked(content: IO[bytes], size: int, kind: str) -> bool:
    """Return whether the content is encrypted. ``kind`` is the extension that fits it."""
    if kind == "pdf":
        return _is_locked_pdf(content, size)
    if kind not in _LOCKED:
        return False
    content.seek(0)
    try:
        with olefile.OleFileIO(content) as compound:
            return _LOCKED[kind](compound)
    except (OSError, ValueError, struct.error, IndexError):
        return False


def is_locked_package(content: IO[bytes]) -> bool:
    """Return whether this is a DOCX, PPTX or XLSX file with a password. Such a file is a compound file."""
    return _ENCRYPTED_PACKAGE in _stream_names(content)


def compound_kind(content: IO[bytes]) -> str:
    """Return "doc", "xls" or "ppt" for an office document in a compound file, otherwise ""."""
    names = _stream_names(content)
    return next((kind for name, kind in _STREAMS.items() if name in names), "")


def zip_kind(content: IO[bytes], size: int) -> str:
    """Return "docx", "pptx" or "xlsx" for an office document in a ZIP file, otherwise "".

    The files in the ZIP are not unpacked.
    """
    if not _has_small_index(content, size):
        return ""
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return ""
    if "[Content_Types].xml" not in names:
        return ""
    return next(
        (kind for kind, folder in _ZIP_FOLDERS.items() if any(name.startswith(folder) for name in names)), ""
    )


def is_mp3(head: bytes) -> bool:
    """Return whether the content begins with an ID3 tag or a valid MP3 frame header."""
    if head.startswith(b"ID3"):
        return True
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer != 0 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3


def is_table(head: bytes) -> bool:
    """Return whether the content is plain text that a browser would not treat as HTML or PDF."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True  # Excel saves "Unicode text" as UTF-16
    text = head.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a")
    controls = set(text) & (set(range(32)) - {9, 10, 12, 13})
    return not controls and not text.lstrip().startswith((b"<", b"%PDF-"))


def _stream_names(content: IO[bytes]) -> set[str]:
    content.seek(0)
    try:
        with olefile.OleFileIO(content) as compound:
            return {path[0] for path in compound.listdir()}
    except (OSError, ValueError, struct.error, IndexError):
        return set()  # not a compound file, or damaged


def _is_locked_doc(compound: olefile.OleFileIO) -> bool:
    """Return whether the flag fEncrypted is set ([MS-DOC] 2.5.2)."""
    head = compound.openstream("WordDocument").read(12)
    return len(head) == 12 and bool(head[11] & 1)


def _is_locked_xls(compound: olefile.OleFileIO) -> bool:
    """Return whether one of the first records is FilePass ([MS-XLS] 2.4.117)."""
    name = "Workbook" if compound.exists("Workbook") else "Book"
    records = compound.openstream(name).read(HEAD)
    at = 0
    for _ in range(_FILEPASS_WITHIN):
        if at + 4 > len(records):
            return False
        kind, length = struct.unpack_from("<HH", records, at)
        if kind == _FILEPASS:
            return True
        at += 4 + length
    return False


def _is_locked_ppt(compound: olefile.OleFileIO) -> bool:
    """Return whether the stream "Current User" has the token of encrypted files ([MS-PPT] 2.3.2)."""
    if not compound.exists("Current User"):
        return False
    head = compound.openstream("Current User").read(16)
    return len(head) == 16 and struct.unpack_from("<I", head, 12)[0] == _PPT_ENCRYPTED


_LOCKED: Final = {"doc": _is_locked_doc, "xls": _is_locked_xls, "ppt": _is_locked_ppt}


def _is_locked_pdf(content: IO[bytes], size: int) -> bool:
    """Return whether the PDF's last trailer, or its last cross-reference stream, has an /Encrypt entry.

    The line "startxref" near the end of the file gives the stream's address (ISO 32000-2, 7.5.5).
    """
    content.seek(max(0, size - _PDF_TAIL))
    tail = content.read(_PDF_TAIL)
    trailer = tail.rfind(b"trailer")
    if trailer >= 0:
        return _PDF_ENCRYPTED.search(tail, trailer) is not None
    address = re.findall(rb"startxref\s+(\d{1,18})", tail)
    if not address or int(address[-1]) >= size:
        return False
    content.seek(int(address[-1]))
    dictionary = content.read(_PDF_TAIL).partition(b"stream")[0]
    return _PDF_ENCRYPTED.search(dictionary) is not None


def _has_small_index(content: IO[bytes], size: int) -> bool:
    """Return whether the ZIP's central directory is small enough to read into memory."""
    tail = min(size, 22 + 65_535)
    content.seek(size - tail)
    end = content.read(tail)
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) - at < 22:
        return False
    (index_bytes,) = struct.unpack_from("<I", end, at + 12)
    return bool(index_bytes <= _MOST_ZIP_INDEX)
