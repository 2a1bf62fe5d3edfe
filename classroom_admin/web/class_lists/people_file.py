"""Read people from a CSV file, in the variants that spreadsheets write.

Encodings: UTF-8 (with or without a byte order mark), UTF-16 and Windows-1252. Separators: commas, semicolons
and tabs. The first line names the columns, in any order, in English, German, Spanish, French, Chinese or
Arabic.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.actions.class_lists import LONGEST_NAME, MOST_PEOPLE, Person
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problem_texts import in_words

LARGEST_BYTES: Final = 1_000_000
MOST_PROBLEMS: Final = 20
FORMULAS: Final = "=+-@"
"""The characters with which a formula begins in a spreadsheet."""
_COLUMNS: Final = {
    "name": {"name", "full name", "names", "student", "pupil", "nombre", "nom", "姓名", "名字", "الاسم"},
    "first": {"first name", "firstname", "given name", "vorname", "prénom"},
    "last": {"last name", "lastname", "surname", "family name", "nachname", "apellidos", "apellido"},
    "user_uuid": {
        "id",
        "user id",
        "userid",
        "user uuid",
        "useruuid",
        "cloud user id",
        "usuario",
        "用户id",
        "编号",
        "المعرف",
    },
    "email": {"email", "e-mail", "mail", "email address", "correo", "courriel", "邮箱", "البريد"},
    "group": {"group", "class", "gruppe", "klasse", "grupo", "groupe", "班级", "组", "المجموعة"},
}
_COLUMN_OF: Final = {word: column for column, words in _COLUMNS.items() for word in words}


@dataclass(slots=True)
class PeopleFile:
    """The people in a file, or the file's problems with their line numbers."""

    people: list[Person] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_people(content: bytes) -> PeopleFile:
    """Read the people from a file. If the file has a problem, return the problems and no people."""
    found = PeopleFile()
    if len(content) > LARGEST_BYTES:
        found.problems.append(_("This file is too large. A class list can have at most 1 MB."))
        return found
    text = _decoded(content)
    if text is None:
        found.problems.append(_("This is not a text file. Save your table as CSV and upload the CSV file."))
        return found
    rows = _rows(text)
    try:
        header = next(rows, None)
        if header is None:
            found.problems.append(_("This file is empty."))
            return found
        columns = _columns(header[1], found)
        if not found.problems:
            _read(rows, columns, found)
    except csv.Error:
        found.problems.append(_("This table could not be read: a closing quotation mark is missing."))
    if found.problems:
        more = len(found.problems) - MOST_PROBLEMS
        found.problems = found.problems[:MOST_PROBLEMS]
        if more > 0:
            found.problems.append(_("And %(number)s more lines with problems.") % {"number": more})
        found.people = []
    elif not found.people:
        found.problems.append(_("This file has column names but no people."))
    return found


def _decoded(content: bytes) -> str | None:
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    encoding = next((name for mark, name in marks if content.startswith(mark)), "")
    if not encoding and content[:200].count(0) > len(content[:200]) // 4:
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    for name in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) for each line that is not empty. A first line `sep=;` sets the separator."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    number = 0
    delimiter = ""
    if lines[0].lower().startswith("sep=") and len(lines[0]) == 5:
        delimiter, number, text = lines[0][4], 1, "\n".join(lines[1:])
    first = next((line for line in lines[number:] if line.strip()), "")
    delimiter = delimiter or max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    for cells in reader:
        stripped = [" ".join(cell.split()) for cell in cells]
        if any(stripped):
            yield reader.line_num + number, stripped


def _columns(header: list[str], found: PeopleFile) -> list[str]:
    columns = [_COLUMN_OF.get(cell.casefold().replace("_", " "), "") for cell in header]
    named = [column for column in columns if column]
    if not {"name", "first", "last"} & set(named):
        found.problems.append(
            _(
                "Line 1 must contain the column names: “name” and, if available, “user id”, “email” "
                "and “group”."
            )
        )
    for column in sorted({column for column in named if named.count(column) > 1}):
        found.problems.append(_("Line 1 contains the column “%(column)s” twice.") % {"column": column})
    return columns


def _read(rows: Iterable[tuple[int, list[str]]], columns: list[str], found: PeopleFile) -> None:
    seen: dict[str, int] = {}
    for line, cells in rows:
        values = {column: _plain(cell) for column, cell in zip(columns, cells, strict=False) if column}
        name = values.get("name") or f"{values.get('first', '')} {values.get('last', '')}".strip()
        person = Person(
            name=name,
            user_uuid=values.get("user_uuid", ""),
            email=values.get("email", ""),
            group=values.get("group", ""),
        )
        problem = _problem(person, too_many=any(cells[len(columns) :]))
        if not problem and person.known_by in seen:
            problem = _("“%(name)s” is also on line %(line)s. Add user ids to tell them apart.") % {
                "name": name,
                "line": seen[person.known_by],
            }
        if problem:
            found.problems.append(_("Line %(line)s: %(problem)s") % {"line": line, "problem": problem})
            continue
        seen[person.known_by] = line
        found.people.append(person)
        if len(found.people) > MOST_PEOPLE:
            found.problems.append(_("A list can have at most 5,000 people."))
            return


def _plain(cell: str) -> str:
    """Remove the apostrophe that `download` writes before a cell that looks like a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in FORMULAS and len(cell) > 1 else cell


def _problem(person: Person, *, too_many: bool) -> str:
    if too_many:
        return _("it has more cells than line 1.")
    if not has_visible_character(person.name):
        return _("the name is missing.")
    if len(person.name) > 255 or len(person.group) > LONGEST_NAME or len(person.email) > 254:
        return _("a cell is too long.")
    if person.user_uuid and (wrong := problem_with_id(person.user_uuid)):
        return _("the user id “%(id)s” %(wrong)s") % {"id": person.user_uuid, "wrong": in_words(wrong)}
    if person.email and "@" not in person.email:
        return _("“%(email)s” is not an email address.") % {"email": person.email}
    return ""
