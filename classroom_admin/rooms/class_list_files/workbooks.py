"""Read XLSX, XLS and ODS workbooks with python-calamine, in a separate process with limits."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from classroom_admin.rooms.class_list_files import workbook_process
from classroom_admin.rooms.class_list_files.cells import UnreadableFile

MOST_UNPACKED_BYTES: Final = 100_000_000
MOST_MEMBERS: Final = 2_000
SECONDS: Final = 30
_PROGRAM: Final = Path(workbook_process.__file__)
_HEAD_BYTES: Final = 4096
COMPOUND_FILE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_FILE: Final = b"PK\x03\x04"


def sheets_of(content: bytes, sheet: str = "") -> dict[str, Any]:
    """Return the rows of a sheet and the names of all sheets with text, as `workbook_process` prints them.

    Raise UnreadableFile if the workbook is damaged, has a password, or is too large when it is unpacked.
    """
    if content.startswith(ZIP_FILE):
        check_archive(content)
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PROGRAM), sheet.replace("\x00", "")],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise too_large() from error
    if done.returncode == workbook_process.PASSWORD:
        raise UnreadableFile(
            _("This workbook is protected with a password. Remove the password, then upload it again.")
        )
    if done.returncode == workbook_process.UNREADABLE:
        raise UnreadableFile(
            _("This workbook is damaged. Open it in your spreadsheet and save it again as XLSX.")
        )
    if done.returncode:
        raise too_large()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check_archive(content: bytes) -> Sequence[str]:
    """Return the file names in a ZIP file. Raise UnreadableFile if it is damaged, encrypted or a ZIP bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            unpacked = sum(each.file_size for each in members)
            if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED_BYTES:
                raise too_large()
            for each in members:
                if each.flag_bits & 1:
                    raise UnreadableFile(
                        _("This ZIP file is protected with a password. Unpack it, then upload its files.")
                    )
                if each.filename.endswith((".xml", ".rels")):
                    _refuse_entities(archive, each)
            return [each.filename for each in members]
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise UnreadableFile(_("This file is damaged: its compressed contents can't be read.")) from error


def too_large() -> UnreadableFile:
    """Return the error for a file that is too large when it is unpacked."""
    return UnreadableFile(
        _("When unpacked, this file is far too large for a class list. Copy the people into a new table.")
    )


def _refuse_entities(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise UnreadableFile if an XML file declares a document type, as XML bombs do."""
    with archive.open(member) as file:
        head = file.read(_HEAD_BYTES).replace(b"\x00", b"").upper()
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise too_large()
