"""Turn rows into people. Join first and last names, report problems by line, and find repeated people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
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
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_COMMA: Final = re.compile(r"\s*[,،，、]\s*")
_AFTER_A_NAME: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "dr", "ma", "ba", "esq"})
_UNREADABLE: Final = "\ufffd"
_WRITTEN_TOGETHER: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person on a class list. `user_uuid`, `email` and `group` may be empty."""

    name: str
    user_uuid: str = ""
    email: str = ""
    group: str = ""

    @property
    def known_by(self) -> tuple[str, ...]:
        """Return the user id that identifies the person. Without an id, return the name, group and email."""
        if self.user_uuid:
            return (self.user_uuid,)
        return (exact_key(self.name), self.group.casefold(), self.email.casefold())


@dataclass(slots=True)
class People:
    """The people in a file. If there are `problems`, the file can't be used."""

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


def problems_of(person: Person) -> Iterator[tuple[str, str]]:
    """Yield each problem with a person's entry: the role of the wrong column, and the text."""
    if not has_visible_character(person.name):
        yield NAME, _("The name is missing.")
    for role, value in ((NAME, person.name), (EMAIL, person.email), (GROUP, person.group)):
        if len(value) > LONGEST[role]:
            yield role, _("The cell is too long.")
        if _UNREADABLE in value:
            yield role, _("The cell contains a damaged character.")
    if person.user_uuid and (wrong := problem_with_id(person.user_uuid)):
        text = _("User id “%(id)s”: %(wrong)s") % {"id": person.user_uuid, "wrong": in_words(wrong)}
        yield USER_ID, text


def is_email(text: str) -> bool:
    """Return whether a string may be an email address."""
    return bool(_EMAIL.fullmatch(text))


def is_mangled(user_id: str) -> bool:
    """Return whether an id is a number that a spreadsheet has shortened, such as `1.23E+11`."""
    return bool(_MANGLED.fullmatch(user_id))


def same_person(person: Person, others: Iterable[Person]) -> Person | None:
    """Return the first of `others` who is the same person, or None.

    People with a user id are compared by it. All others must have the same name and group. Their emails must
    not differ.
    """
    key = person.known_by if person.user_uuid else person.known_by[:2]
    for other in others:
        same = other.known_by if other.user_uuid else other.known_by[:2]
        if same == key and not _differ_by_email(other, person):
            return other
    return None


def read_people(columns: Columns) -> People:
    """Return the people in the rows of a table, with all problems and warnings."""
    found = People()
    by_role = _by_role(columns)
    turned = is_last_first(columns, by_role[NAME])
    if turned:
        found.add_warning(_("Names are written “Last, First”. They were turned into “First Last”."))
    if not columns.header_line and columns.rows:
        found.add_warning(_("No column names were found, so line %(line)s was read as a person.")
                          % {"line": columns.rows[0].line})  # fmt: skip
    entries: list[_Entry] = []
    for row in columns.rows:
        person = _person(row, columns, turned, found)
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


def _by_role(columns: Columns) -> dict[str, list[Column]]:
    return {role: columns.with_role(role) for role in (NAME, FIRST, LAST, USER_ID, EMAIL, GROUP)}


def _person(row: Row, columns: Columns, turned: bool, found: People) -> Person | None:
    """Return the person in a row. Each unusable value is omitted, with a warning."""
    by_role = _by_role(columns)
    name = name_of(row, columns, turned)
    user_uuid, email = cell_of(row, by_role[USER_ID]), cell_of(row, by_role[EMAIL])
    if user_uuid and is_mangled(user_uuid):
        found.add_warning(
            _(
                "A spreadsheet program turned the id into the number %(id)s, which lost some digits. The id "
                "was left out."
            )
            % {"id": user_uuid},
            row.line,
            by_role[USER_ID][0].place,
        )
        user_uuid = ""
    if email and not is_email(email):
        found.add_warning(
            _("“%(email)s” is not an email address. It was left out.") % {"email": email},
            row.line,
            by_role[EMAIL][0].place,
        )
        email = ""
    group = cell_of(row, by_role[GROUP])
    used = [column for each in by_role.values() for column in each]
    if not name and not any((user_uuid, email, group)) and not cells_of(row, used):
        return None  # The row is a note beside or below the table.
    return Person(name=name, user_uuid=user_uuid, email=email, group=group)


def _is_sound(
    person: Person, row: Row, columns: Columns, by_role: dict[str, list[Column]], found: People
) -> bool:
    """Return whether the person is valid. If not, add the problems to `found`."""
    name_columns = by_role[NAME] or by_role[LAST] or by_role[FIRST]
    name_place = name_columns[0].place if name_columns else ""
    before = len(found.problems) + found.more_problems
    if len(row.cells) > len(columns.columns):
        found.add_problem(
            _("This row has more cells than there are columns."), row.line, letter_of(len(row.cells) - 1)
        )
    places = {role: columns[0].place for role, columns in by_role.items() if columns} | {NAME: name_place}
    for role, problem in problems_of(person):
        found.add_problem(problem, row.line, places.get(role, ""))
    return len(found.problems) + found.more_problems == before


def _without_repeats(
    entries: Iterable[_Entry], by_role: dict[str, list[Column]], found: People
) -> list[_Entry]:
    """Return the entries without repeated people. If two may be the same person, add a problem."""
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
                _("“%(name)s” is also on line %(line)s. Add user ids or groups to tell the two people apart.")
                % {"name": entry.person.name, "line": earlier.row.line},
                entry.row.line,
                (by_role[NAME] or by_role[LAST] or by_role[FIRST])[0].place,
            )
    return list(kept.values())


def _same_id(earlier: _Entry, entry: _Entry, by_role: dict[str, list[Column]], found: People) -> _Entry:
    """Return which of two entries with the same user id to keep."""
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
            _("“%(name)s” is also on line %(line)s, with another group or email. Line %(line)s was used.")
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


def name_of(row: Row, columns: Columns, turned: bool) -> str:
    """Return the name of the person in a row. `turned` says that names are written “Last, First”."""
    name = cell_of(row, columns.with_role(NAME))
    if turned:
        name = first_last(name)
    return name or whole_name(cells_of(row, columns.with_role(FIRST)), cells_of(row, columns.with_role(LAST)))


def is_last_first(columns: Columns, names: Sequence[Column]) -> bool:
    """Return whether most names in the column are written “Last, First”."""
    cells = [name for row in columns.rows if (name := cell_of(row, names))]
    return bool(cells) and sum(first_last(name) != name for name in cells) * 2 > len(cells)


def first_last(name: str) -> str:
    """Return “Zoe Brandt” for “Brandt, Zoe”. Other names, and “Martin King, Jr.”, stay unchanged."""
    parts = _COMMA.split(name)
    if len(parts) != 2 or not all(parts) or parts[1].lower().replace(".", "") in _AFTER_A_NAME:
        return name
    return whole_name([parts[1]], [parts[0]])


def cell_of(row: Row, columns: Sequence[Column]) -> str:
    """Return the cell of the first of these columns, or "" without columns."""
    return row.cells[columns[0].index] if columns and columns[0].index < len(row.cells) else ""


def cells_of(row: Row, columns: Sequence[Column]) -> list[str]:
    """Return the cells of these columns that are not empty."""
    cells = [row.cells[column.index] for column in columns if column.index < len(row.cells)]
    return [cell for cell in cells if cell]


def _is_written_together(part: str) -> bool:
    return bool(part) and all(unicodedata.name(letter, "").startswith(_WRITTEN_TOGETHER) for letter in part)
