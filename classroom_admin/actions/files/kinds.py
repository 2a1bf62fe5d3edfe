"""Check whether a file can be shared with a class and whether its content matches its extension.

Pure, apart from reading the given file.
"""

import struct
import zipfile
from collections.abc import Callable
from typing import IO, Final

from django.utils.translation import gettext as _

from classroom_admin.agora.parameters import DYNAMIC_EXTS, RESOURCE_EXTS, STATIC_EXTS

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
CONTENT_TYPES: Final[dict[str, str]] = {
    "pdf": "application/pdf",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    "doc": "application/msword",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "csv": "text/csv",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
}
SHOWN_INLINE: Final = frozenset({"mp3", "mp4", "png", "jpg", "gif"})
"""Extensions of files that a browser shows without running code in them. Other files are downloads."""
HEAD: Final = 4096
NAME_BYTES: Final = 63
_MOST_ZIP_INDEX: Final = 4 * 1024 * 1024  # bytes; an office document has some hundred entries
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_FOLDERS: Final = {"pptx": "ppt/", "pptm": "ppt/", "docx": "word/", "xlsx": "xl/"}


def ext_of(name: str) -> str:
    """Return the extension of a file name as the cloud spells it, or "" if there is none."""
    _stem, dot, ext = name.rpartition(".")
    ext = ext.lower() if dot else ""
    return "jpg" if ext == "jpeg" else ext


def conversion_type(ext: str) -> str:
    """Return how the cloud converts files with this extension into pages: "static", "dynamic" or "" (not)."""
    return "static" if ext in STATIC_EXTS else "dynamic" if ext in DYNAMIC_EXTS else ""


def shown_name(name: str) -> str:
    """Return a file name to show: no folders or control characters, at most ``NAME_BYTES`` bytes.

    Shorten a long name before its extension, between characters.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(character for character in last if character.isprintable()).strip()
    clean = clean.encode("utf-8", "ignore").decode("utf-8")
    stem, dot, ext = clean.rpartition(".")
    if not dot:
        stem, ext = clean, ""
    room = NAME_BYTES - len((dot + ext).encode())
    return stem.encode()[: max(1, room)].decode("utf-8", "ignore") + dot + ext


def problem(*, name: str, size: int, content: IO[bytes], most_bytes: int) -> str:
    """Return a sentence that says why the file can't be shared, or "". ``content`` must be seekable."""
    ext = ext_of(name)
    if ext not in RESOURCE_EXTS:
        return _("This type of file can't be shared with a class. Choose one of these types: %(kinds)s.") % {
            "kinds": ", ".join(kind.upper() for kind in RESOURCE_EXTS)
        }
    if size <= 0:
        return _("This file is empty. Save it again on your computer, then choose it again.")
    if size > most_bytes:
        words = _(
            "This file is too large. You can upload at most %(most)s MB. Make the file smaller or split it."
        )
        return words % {"most": f"{most_bytes / 1_000_000:g}"}
    content.seek(0)
    head = content.read(HEAD)
    if ext in _ZIP_FOLDERS and head.startswith(_OLE):
        return _(
            "This document is protected by a password, so no one could open it. Save it without a password."
        )
    if not _BEGINS_AS[ext](head) or (
        ext in _ZIP_FOLDERS and not _is_office(content, size, _ZIP_FOLDERS[ext])
    ):
        return _("The file name says %(kind)s, but the content is something else. Check the file.") % {
            "kind": ext.upper()
        }
    return ""


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _is_mp3(head: bytes) -> bool:
    """Return whether the content begins with an ID3 tag or a valid MP3 frame header.

    A frame header has eleven set bits and a valid version, layer, bit rate and sampling rate.
    """
    if head.startswith(b"ID3"):
        return True
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer != 0 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3


def _is_table(head: bytes) -> bool:
    """Return whether the content is plain text that a browser would not treat as HTML or PDF."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True  # a table saved as "Unicode text"
    text = head.removeprefix(b"\xef\xbb\xbf")
    controls = set(text) & (set(range(32)) - {9, 10, 12, 13})
    return not controls and not text.lstrip().startswith((b"<", b"%PDF-"))


_BEGINS_AS: Final[dict[str, Callable[[bytes], bool]]] = {
    "pdf": lambda head: b"%PDF-" in head[:1024],
    **dict.fromkeys(("ppt", "doc", "xls"), _begins(_OLE)),
    **dict.fromkeys(_ZIP_FOLDERS, _begins(b"PK\x03\x04")),
    "csv": _is_table,
    "mp3": _is_mp3,
    "mp4": lambda head: head[4:8] == b"ftyp",
    "png": _begins(b"\x89PNG\r\n\x1a\n"),
    "jpg": _begins(b"\xff\xd8\xff"),
    "gif": _begins(b"GIF87a", b"GIF89a"),
}


def _is_office(content: IO[bytes], size: int, folder: str) -> bool:
    """Return whether a ZIP is an office document with its parts in ``folder``, without unpacking it."""
    if not _has_small_index(content, size):
        return False
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False
    return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)


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
