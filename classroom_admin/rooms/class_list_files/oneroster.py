"""Read the students of each class from the CSV files of a OneRoster 1.1 or 1.2 export.

https://www.imsglobal.org/spec/oneroster/v1p2/bind/csv describes the format.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problem_texts import in_words
from classroom_admin.rooms.class_list_files.cells import Finding, UnreadableFile
from classroom_admin.rooms.class_list_files.header_words import EMAIL, FIRST, IGNORE, LAST, USER_ID
from classroom_admin.rooms.class_list_files.people import LONGEST, Person, whole_name
from classroom_admin.rooms.class_list_files.tables import read_table
from classroom_admin.rooms.class_list_files.workbooks import ZIP_FILE, check_archive

MANIFEST: Final = "manifest.csv"
FILES: Final = ("users.csv", "classes.csv", "enrollments.csv")
_NEEDED: Final = {
    "users.csv": ("sourcedid", "givenname", "familyname"),
    "classes.csv": ("sourcedid", "title"),
    "enrollments.csv": ("classsourcedid", "usersourcedid", "role"),
}
_ROLES: Final = {"sourcedid": USER_ID, "givenname": FIRST, "familyname": LAST, "email": EMAIL}
_DELETED: Final = "tobedeleted"


@dataclass(slots=True, kw_only=True)
class RosterClass:
    """A class in the export with its students."""

    sourced_id: str
    title: str
    people: list[Person] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The classes of an export, by sourcedId. `mapping` maps the columns of users.csv to roles."""

    classes: Mapping[str, RosterClass]
    mapping: Mapping[str, str]
    encoding: str
    warnings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of one file in the export, with cells by lower-case column name."""

    file: str
    headers: Sequence[str]
    encoding: str
    rows: Sequence[tuple[int, Mapping[str, str]]]

    def active(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        return ((line, row) for line, row in self.rows if row.get("status", "").lower() != _DELETED)


def is_export(content: bytes) -> bool:
    """Return whether the file is a ZIP file with the files of an export."""
    if not content.startswith(ZIP_FILE):
        return False
    return bool(set(_members(content)) & set(FILES))


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP file with these files of an export."""
    packed_bytes = io.BytesIO()
    with zipfile.ZipFile(packed_bytes, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed_bytes.getvalue()


def read_export(content: bytes) -> Export:
    """Return the classes of an export. Raise UnreadableFile if a file or a column is missing."""
    members = _members(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(member) for name, member in members.items()}
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise UnreadableFile(_("This file is damaged: its compressed contents can't be read.")) from error
    for name in FILES:
        if name not in files:
            raise UnreadableFile(
                _("The file %(file)s is missing. A OneRoster export has %(files)s.")
                % {"file": name, "files": ", ".join(FILES)}
            )
    if MANIFEST in files:
        _refuse_differences(files[MANIFEST])
    users, classes, enrollments = (_records(name, files[name]) for name in FILES)
    found = _classes(classes)
    warnings = _enrol(found, users, enrollments)
    return Export(
        classes=found,
        mapping={header: _ROLES.get(header.lower(), IGNORE) for header in users.headers},
        encoding=users.encoding,
        warnings=warnings,
    )


def _members(content: bytes) -> dict[str, str]:
    """Return the paths of the export's files inside the ZIP file, by file name."""
    found: dict[str, str] = {}
    for path in check_archive(content):
        name = PurePosixPath(path.replace("\\", "/")).name.lower()
        if name in (*FILES, MANIFEST) and "__MACOSX" not in path:
            found.setdefault(name, path)
    return found


def _records(file: str, content: bytes) -> _Records:
    table = read_table(content)
    headers = table.rows[0].cells if table.rows else ()
    names = [header.lower() for header in headers]
    for needed in _NEEDED.get(file, ()):
        if needed not in names:
            raise UnreadableFile(
                _("The column %(column)s is missing in %(file)s.") % {"column": needed, "file": file}
            )
    rows = [(row.line, dict(zip(names, row.cells, strict=False))) for row in table.rows[1:]]
    return _Records(file, headers, table.encoding, rows)


def _refuse_differences(manifest: bytes) -> None:
    """Raise UnreadableFile if the export contains only the differences from an earlier export."""
    modes = {
        row.cells[0].lower(): row.cells[1].lower() for row in read_table(manifest).rows if len(row.cells) > 1
    }
    for name in FILES:
        if modes.get(f"file.{name.removesuffix('.csv')}") == "delta":
            raise UnreadableFile(
                _("This export contains only changes (delta). Export all data (bulk), then upload that file.")
            )


def _classes(classes: _Records) -> dict[str, RosterClass]:
    """Return the classes without their people. If several have the same title, add the class code to it."""
    active = [row for _line, row in classes.active() if row.get("sourcedid")]
    titles = Counter(row.get("title", "") for row in active)
    found: dict[str, RosterClass] = {}
    for row in active:
        title = row.get("title", "")
        title = title if has_visible_character(title) else row["sourcedid"]
        if titles[title] > 1:
            title = f"{title} ({row.get('classcode') or row['sourcedid']})"
        found[row["sourcedid"]] = RosterClass(sourced_id=row["sourcedid"], title=title[: LONGEST["group"]])
    return found


def _enrol(found: Mapping[str, RosterClass], users: _Records, enrollments: _Records) -> list[Finding]:
    """Put the students into their classes. Return the warnings that are not about a known class."""
    known = {row.get("sourcedid", ""): (line, row) for line, row in users.rows}
    warnings: list[Finding] = []
    for line, row in enrollments.active():
        if row.get("role", "").lower() != "student":
            continue
        class_id, user_id = row.get("classsourcedid", ""), row.get("usersourcedid", "")
        of_class = found.get(class_id)
        if of_class is None:
            warnings.append(
                Finding(_("enrollments.csv names the class “%(id)s”, which is not in classes.csv.")
                        % {"id": class_id}, line)
            )  # fmt: skip
        elif user_id not in known:
            of_class.warnings.append(
                Finding(_("enrollments.csv names the user “%(id)s”, who is not in users.csv.")
                        % {"id": user_id}, line)
            )  # fmt: skip
        else:
            _add(of_class, *known[user_id])
    return warnings


def _add(of_class: RosterClass, line: int, user: Mapping[str, str]) -> None:
    """Add a user to a class. If the user is deleted or disabled, add a warning instead."""
    user_id = user.get("sourcedid", "")
    name = whole_name([user.get("givenname", "")], [user.get("familyname", "")]) or user.get("username", "")
    if user.get("status", "").lower() == _DELETED or user.get("enableduser", "").lower() in ("false", "0"):
        text = _("“%(name)s” is marked as deleted or disabled in users.csv and was left out.")
        of_class.warnings.append(Finding(text % {"name": name or user_id}, line))
        return
    if wrong := problem_with_id(user_id):
        text = _("User id “%(id)s”: %(wrong)s")
        of_class.warnings.append(Finding(text % {"id": user_id, "wrong": in_words(wrong)}, line))
        user_id = ""
    email = user.get("email", "")
    person = Person(
        name=(name or user_id)[: LONGEST["name"]],
        user_uuid=user_id,
        email=email if "@" in email and len(email) <= LONGEST["email"] else "",
    )
    if person.name and person.known_by not in {one.known_by for one in of_class.people}:
        of_class.people.append(person)
