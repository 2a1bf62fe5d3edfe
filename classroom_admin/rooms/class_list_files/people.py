"""Turn rows into people. Join first and last names, report problems by line, and find repeated people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.names import exact_key, has_visible_character, loose_key
from classroom_admin.common.problem_texts import in_words
from classroom_admin.rooms.class_list_files.cells import Finding
from classroom_admin.rooms.class_list_files.columns import Column, Columns, letter_of
from classroom_admin.rooms.class_list_files.header_words import (
    EMAIL,
    FIRST,
    GROUP,
    LAST,
    NAME,
    USER_ID,
)
from classroom_admin.rooms.class_list_files.tables import Row

MOST_PEOPLE: Final = 5000
LONGEST: Final = {"name": 255, "email": 254, "group": 120}
MOST_PROBLEMS: Final = 20
_MANGLED: Final = re.compile(r"-?\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_COMMA: Final = re.compile(r"\s*[,،，、]\s*")
_AFTER_A_NAME: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "dr", "ma", "ba", "esq"})
_UNREADABLE: Final = "\ufffd"
_WRITTEN_TOGETHER: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person on a class list; `user_uuid`, `email` and `group` may be empty."""

    name: str
    user_uuid: str = ""
    email: str = ""
    group: str = ""

    @property
    def known_by(self) -> tuple[str, ...]:
        """Return the values that identify the person: the user id, or else the name, group and email."""
        if self.user_uuid:
            return (self.user_uuid,)
        return (exact_key(self.name), self.group.casefold(), self.email.casefold())


@dataclass(slots=True)
class People:
    """The people in a file. A file with `problems` can't be used; `warnings` do not prevent its use."""

    people: list[Person] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    more_problems: int = 0

    def add_problem(self, text: str, line: int = 0, column: str = "") -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Finding(text, line, column))
        else:
            self.more_problems += 1

    def add_warning(self, text: str, line: int = 0, column: str = "") -> None:
        self.warnings.append(Finding(text, line, column))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A person and the row that contains the person."""

    person: Person
    row: Row


def read_people(columns: Columns) -> People:
    """Return the people in the rows of a table, with all problems and warnings."""
    found = People()
    by_role = {role: columns.with_role(role) for role in (NAME, FIRST, LAST, USER_ID, EMAIL, GROUP)}
    turned = _is_last_first(columns, by_role[NAME])
    if turned:
        found.add_warning(_("Names are written “Last, First”. They were turned into “First Last”."))
    if not columns.header_line and columns.rows:
        found.add_warning(_("No column names were recognised, so line %(line)s was read as a person.")
                          % {"line": columns.rows[0].line})  # fmt: skip
    entries: list[_Entry] = []
    for row in columns.rows:
        person = _person(row, by_role, turned, found)
        if person and _is_sound(person, row, columns, by_role, found):
            entries.append(_Entry(person, row))
    found.people = [entry.person for entry in _without_repeats(entries, by_role, found)]
    if len(found.people) > MOST_PEOPLE:
        found.add_problem(_("A list can have at most 5,000 people."))
    if not found.people and not found.problems:
        found.add_problem(_("This file has no people."))
    return found


def whole_name(first: Sequence[str], last: Sequence[str]) -> str:
    """Join first and last names. Chinese, Japanese and Korean names begin with the last name."""
    parts = [*first, *last]
    if first and last and all(_is_written_together(part) for part in parts):
        return "".join([*last, *first])
    return " ".join(part for part in parts if part)


def _person(row: Row, by_role: dict[str, list[Column]], turned: bool, found: People) -> Person | None:
    """Return the person in a row. Leave out unusable values and add a warning for each."""
    name = _cell(row, by_role[NAME])
    if turned:
        name = _first_last(name)
    name = name or whole_name(_cells(row, by_role[FIRST]), _cells(row, by_role[LAST]))
    user_uuid, email = _cell(row, by_role[USER_ID]), _cell(row, by_role[EMAIL])
    if user_uuid and _MANGLED.fullmatch(user_uuid):
        found.add_warning(
            _("A spreadsheet turned the id into the number %(id)s and lost its digits. The id was left out.")
            % {"id": user_uuid},
            row.line,
            by_role[USER_ID][0].place,
        )
        user_uuid = ""
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        found.add_warning(
            _("“%(email)s” is not an email address. It was left out.") % {"email": email},
            row.line,
            by_role[EMAIL][0].place,
        )
        email = ""
    group = _cell(row, by_role[GROUP])
    used = [column for columns in by_role.values() for column in columns]
    if not name and not any((user_uuid, email, group)) and not _cells(row, used):
        return None  # The row is a note beside or below the table.
    return Person(name=name, user_uuid=user_uuid, email=email, group=group)


def _is_sound(
    person: Person, row: Row, columns: Columns, by_role: dict[str, list[Column]], found: People
) -> bool:
    """Return whether the person can be on a class list. If not, add the problems to `found`."""
    name_columns = by_role[NAME] or by_role[LAST] or by_role[FIRST]
    name_place = name_columns[0].place if name_columns else ""
    before = len(found.problems) + found.more_problems
    if len(row.cells) > len(columns.columns):
        found.add_problem(
            _("This row has more cells than there are columns."), row.line, letter_of(len(row.cells) - 1)
        )
    if not has_visible_character(person.name):
        found.add_problem(_("The name is missing."), row.line, name_place)
    for value, role, longest in (
        (person.name, NAME, LONGEST["name"]),
        (person.email, EMAIL, LONGEST["email"]),
        (person.group, GROUP, LONGEST["group"]),
    ):
        place = name_place if role == NAME else by_role[role][0].place if by_role[role] else ""
        if len(value) > longest:
            found.add_problem(_("The cell is too long."), row.line, place)
        if _UNREADABLE in value:
            found.add_problem(_("The cell has a damaged character."), row.line, place)
    if person.user_uuid and (wrong := problem_with_id(person.user_uuid)):
        found.add_problem(
            _("The user id “%(id)s” %(wrong)s") % {"id": person.user_uuid, "wrong": in_words(wrong)},
            row.line,
            by_role[USER_ID][0].place,
        )
    return len(found.problems) + found.more_problems == before


def _without_repeats(
    entries: Iterable[_Entry], by_role: dict[str, list[Column]], found: People
) -> list[_Entry]:
    """Return the entries with each person once. Add a problem if two entries may be the same person."""
    kept: dict[tuple[str, ...], _Entry] = {}
    for entry in entries:
        key = entry.person.known_by if entry.person.user_uuid else entry.person.known_by[:2]
        earlier = kept.get(key)
        while earlier and _differ_by_email(earlier.person, entry.person):
            key = (*key, entry.person.email.casefold())
            earlier = kept.get(key)
        if earlier is None:
            kept[key] = entry
        elif entry.person.user_uuid:
            kept[key] = _same_id(earlier, entry, by_role, found)
        elif earlier.row.cells == entry.row.cells:
            _repeated(entry, earlier, found)
        else:
            found.add_problem(
                _("“%(name)s” is also on line %(line)s. Add user ids or groups that tell them apart.")
                % {"name": entry.person.name, "line": earlier.row.line},
                entry.row.line,
                (by_role[NAME] or by_role[LAST] or by_role[FIRST])[0].place,
            )
    return list(kept.values())


def _same_id(earlier: _Entry, entry: _Entry, by_role: dict[str, list[Column]], found: People) -> _Entry:
    """Return the entry to keep of two entries with the same user id."""
    was, now = earlier.person, entry.person
    if loose_key(was.name) != loose_key(now.name):
        found.add_problem(
            _("The user id “%(id)s” belongs to “%(name)s” here and to “%(other)s” on line %(line)s.")
            % {"id": now.user_uuid, "name": now.name, "other": was.name, "line": earlier.row.line},
            entry.row.line,
            by_role[USER_ID][0].place,
        )
        return earlier
    if (was.email or now.email, was.group or now.group) != (now.email or was.email, now.group or was.group):
        found.add_warning(
            _("“%(name)s” is on line %(line)s with another group or email. Line %(line)s was used.")
            % {"name": now.name, "line": earlier.row.line},
            entry.row.line,
        )
    else:
        _repeated(entry, earlier, found)
    return _Entry(replace(was, email=was.email or now.email, group=was.group or now.group), earlier.row)


def _repeated(entry: _Entry, earlier: _Entry, found: People) -> None:
    found.add_warning(
        _("“%(name)s” is already on line %(line)s. The person was counted once.")
        % {"name": entry.person.name, "line": earlier.row.line},
        entry.row.line,
    )


def _differ_by_email(one: Person, other: Person) -> bool:
    if one.user_uuid or not one.email or not other.email:
        return False
    return one.email.casefold() != other.email.casefold()


def _is_last_first(columns: Columns, names: Sequence[Column]) -> bool:
    """Return whether most names in the column are written “Last, First”."""
    cells = [name for row in columns.rows if (name := _cell(row, names))]
    return bool(cells) and sum(_first_last(name) != name for name in cells) * 2 > len(cells)


def _first_last(name: str) -> str:
    """Return “Zoe Brandt” for “Brandt, Zoe”. Return other names, and “Martin King, Jr.”, unchanged."""
    parts = _COMMA.split(name)
    if len(parts) != 2 or not all(parts) or parts[1].lower().replace(".", "") in _AFTER_A_NAME:
        return name
    return whole_name([parts[1]], [parts[0]])


def _cell(row: Row, columns: Sequence[Column]) -> str:
    return row.cells[columns[0].index] if columns and columns[0].index < len(row.cells) else ""


def _cells(row: Row, columns: Sequence[Column]) -> list[str]:
    cells = [row.cells[column.index] for column in columns if column.index < len(row.cells)]
    return [cell for cell in cells if cell]


def _is_written_together(part: str) -> bool:
    return bool(part) and all(unicodedata.name(letter, "").startswith(_WRITTEN_TOGETHER) for letter in part)
