"""Check whether a file can be shared with a class and whether its content matches its extension.

The functions only read the given file.
"""

from enum import StrEnum
from typing import IO, Final

from django.utils.translation import gettext as _

from classroom_admin.actions.files import packed
from classroom_admin.actions.files.content import HEAD, is_locked, is_locked_package, is_table, kind_of
from classroom_admin.agora.parameters import DYNAMIC_EXTS, RESOURCE_EXTS, STATIC_EXTS
from classroom_admin.common import file_names

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
"""Extensions of files that a browser shows without running their code. It downloads all other files."""
NAME_BYTES: Final = 63


class Why(StrEnum):
    """Why a file can't be stored: something about the file itself, or the space for it."""

    TYPE = "type"
    TOO_LARGE = "too_large"
    CONTENT = "content"
    QUOTA = "quota"
    STORAGE = "storage"


_MACROS: Final = {"pptm": "pptx"}  # the same format, with macros
_MOST_NAMES: Final = 3


def ext_of(name: str) -> str:
    """Return the extension of a file name as the cloud spells it, or "" if there is none."""
    _stem, dot, ext = name.rpartition(".")
    ext = ext.lower() if dot else ""
    return "jpg" if ext == "jpeg" else ext


def conversion_type(ext: str) -> str:
    """Return how the cloud converts such files into pages: "static", "dynamic" or "" (not at all)."""
    return "static" if ext in STATIC_EXTS else "dynamic" if ext in DYNAMIC_EXTS else ""


def shown_name(name: str) -> str:
    """Return the name without folders and control characters, cut to ``NAME_BYTES`` bytes."""
    return file_names.shorten(file_names.clean(name), NAME_BYTES)


def shareable(*, allow_macros: bool) -> tuple[str, ...]:
    """Return the extensions of files that people may share with a class."""
    return tuple(ext for ext in RESOURCE_EXTS if allow_macros or ext not in _MACROS)


def problem_with_kind(ext: str, *, allow_macros: bool) -> str:
    """Return a sentence if files with this extension contain macros, and macros are not allowed."""
    if ext not in _MACROS or allow_macros:
        return ""
    return _("%(kind)s files contain macros, which can run programs. Save the file as %(other)s instead.") % {
        "kind": ext.upper(),
        "other": _MACROS[ext].upper(),
    }


def problem(
    *, name: str, size: int, content: IO[bytes], most_bytes: int, allow_macros: bool = False
) -> tuple[Why, str] | None:
    """Return what is wrong with the file, and a sentence about it. Return None if it can be shared.

    ``content`` must be seekable.
    """
    if wrong := problem_with_type(name, allow_macros=allow_macros):
        return Why.TYPE, wrong
    if wrong := problem_with_size(size, most_bytes=most_bytes):
        return Why.TOO_LARGE, wrong
    if wrong := problem_with_content(content, size, ext_of(name), allow_macros=allow_macros):
        return Why.CONTENT, wrong
    return None


def problem_with_type(name: str, *, allow_macros: bool) -> str:
    """Return a sentence if files with the extension of this name can't be shared, otherwise ""."""
    ext = ext_of(name)
    if wrong := problem_with_kind(ext, allow_macros=allow_macros):
        return wrong
    if ext in RESOURCE_EXTS:
        return ""
    return _("This type of file can't be shared with a class. Choose one of these types: %(kinds)s.") % {
        "kinds": ", ".join(kind.upper() for kind in shareable(allow_macros=allow_macros))
    }


def problem_with_size(size: int, *, most_bytes: int) -> str:
    """Return a sentence if a file of ``size`` bytes has more than ``most_bytes``, otherwise ""."""
    if size <= most_bytes:
        return ""
    words = _(
        "This file is too large. You can upload at most %(most)s MB. Make the file smaller or split it."
    )
    return words % {"most": f"{most_bytes / 1_000_000:g}"}


def problem_with_content(content: IO[bytes], size: int, ext: str, *, allow_macros: bool) -> str:
    """Return a sentence if the content is empty, does not fit the extension, or can't be used, else ""."""
    if size <= 0:
        return _("This file is empty. Save it again on your computer, then choose it again.")
    return _problem_inside(content, size, ext) or _problem_packed(content, size, allow_macros=allow_macros)


def _problem_inside(content: IO[bytes], size: int, ext: str) -> str:
    really = kind_of(content, size)
    locked = is_locked(content, size, really) if really else is_locked_package(content)
    if locked:
        return _(
            "This document is protected by a password, so no one could open it. Save it without a password."
        )
    if really == _MACROS.get(ext, ext):
        return ""
    if really:
        return _(
            "The file name says %(kind)s, but the content is %(really)s. Save the file again as %(kind)s, "
            "or change the file extension to “.%(ext)s”."
        ) % {"kind": ext.upper(), "really": really.upper(), "ext": really}
    content.seek(0)
    if ext == "csv" and is_table(content.read(HEAD)):
        return ""
    return _("The file name says %(kind)s, but the content has another format. Check the file.") % {
        "kind": ext.upper()
    }


def _problem_packed(content: IO[bytes], size: int, *, allow_macros: bool) -> str:
    found = packed.look_into(content, size)
    if found.is_damaged:
        return _(
            "This document is damaged. Open it on your computer, save it again, then choose the new file."
        )
    if found.is_too_deep:
        return _(
            "This document contains other documents in too many levels. Save the inner documents separately."
        )
    if found.is_too_big:
        return _(
            "This document is much larger when it is unpacked. Make the pictures and videos inside smaller, "
            "or save it as PDF."
        )
    if found.macros and not allow_macros:
        return _(
            "This document contains macros (%(names)s), which can run programs. Save it without macros, for "
            "example as PDF."
        ) % {"names": ", ".join(found.macros[:_MOST_NAMES])}
    return ""
