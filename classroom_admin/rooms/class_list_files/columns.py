"""Find the row with the column names, and decide what each column contains."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from classroom_admin.rooms.class_list_files.cells import Question, UnreadableFile
from classroom_admin.rooms.class_list_files.header_words import (
    ACCOUNT_ROLE,
    ACTIVE,
    EMAIL,
    FIRST,
    GROUP,
    IGNORE,
    LAST,
    NAME,
    NAME_ROLES,
    ROLES,
    USER_ID,
    header_key,
    means_either,
    role_of,
)
from classroom_admin.rooms.class_list_files.tables import Row

NO_HEADER: Final = 0
_HEADER_WITHIN: Final = 30
_SAMPLE_ROWS: Final = 200
_ONE_COLUMN_ROLES: Final = (NAME, USER_ID, EMAIL, GROUP)
_ONE_COLUMN_OF_ACCOUNTS: Final = (NAME, EMAIL, ACCOUNT_ROLE, ACTIVE)
"""A teacher can have several cloud user ids, each in a column of its own."""
_LONE_HALVES: Final = {
    LAST: gettext_noop(
        "No column contains first names, but column %(column)s seems to contain last names. Choose what "
        "that column contains."
    ),
    FIRST: gettext_noop(
        "No column contains last names, but column %(column)s seems to contain first names. Choose what "
        "that column contains."
    ),
}
_IDENTIFIER: Final = re.compile(r"(?=.*\d)[\w.:@#-]{3,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column. `header` is its name in the file, or its letter. Headers are unique within the file."""

    index: int
    header: str
    role: str

    @property
    def letter(self) -> str:
        return letter_of(self.index)

    @property
    def place(self) -> str:
        """Return the letter and the header of the column, for messages."""
        return self.letter if self.header == self.letter else f"{self.letter} “{self.header}”"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table. `header_line` is the line of the column names, or 0 if there is none."""

    columns: Sequence[Column]
    header_line: int
    rows: Sequence[Row] = field(repr=False)
    question: Question | None = None

    @property
    def mapping(self) -> dict[str, str]:
        return {column.header: column.role for column in self.columns}

    def with_role(self, role: str) -> list[Column]:
        return [column for column in self.columns if column.role == role]


def find_columns(
    rows: Sequence[Row],
    *,
    given: Mapping[str, str] | None = None,
    header_line: int | None = None,
    possible: Sequence[str] = ROLES,
) -> Columns:
    """Return the columns of the table and their roles.

    `given` maps headers to roles that are not guessed. If `header_line` is None, the line of headers is
    guessed. `possible` is what columns can contain. Raise UnreadableFile if
    `checked_mapping` rejects `given`.
    """
    given = given or {}
    chosen = (row for row in rows if row.line == header_line)
    header = _header(rows, given, possible) if header_line is None else next(chosen, None)
    below = [row for row in rows if header is None or (row.line > header.line and row.cells != header.cells)]
    width = max((len(row.cells) for row in ([header] if header else below)), default=0)
    if header is not None:
        width = max(width, _filled_width(below))
    names = _unique_names(header.cells if header else (), width)
    roles = _given_roles(names, given, possible)
    answered = set(roles)
    if header is not None:
        _guess_by_names(names, roles, possible)
    if header is None or not NAME_ROLES & set(roles.values()):
        _guess_by_contents(below, width, roles, possible)
    columns = [
        Column(index=index, header=name, role=roles.get(index, IGNORE)) for index, name in enumerate(names)
    ]
    line = header.line if header else NO_HEADER
    question = _question(columns, line, answered, possible) if below else None
    return Columns(columns=columns, header_line=line, rows=below, question=question)


def letter_of(index: int) -> str:
    """Return the name that spreadsheets give to a column: A, B, …, Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def checked_mapping(mapping: Mapping[str, str], possible: Sequence[str] = ROLES) -> None:
    """Raise UnreadableFile if the mapping is invalid.

    A role in it may be unknown, or two columns may have a role that only one column can have.
    """
    for header, role in mapping.items():
        if role not in possible:
            raise UnreadableFile(
                _("Column “%(column)s” can't be used as “%(role)s”. Choose one of: %(roles)s.")
                % {"column": header, "role": role, "roles": ", ".join(possible)}
            )
    for role in _one_column_roles(possible):
        columns = [header for header, each in mapping.items() if each == role]
        if len(columns) > 1:
            raise UnreadableFile(
                _("The columns “%(first)s” and “%(second)s” can't have the same meaning. Ignore one of them.")
                % {"first": columns[0], "second": columns[1]}
            )


def _one_column_roles(possible: Sequence[str]) -> tuple[str, ...]:
    return _ONE_COLUMN_OF_ACCOUNTS if ACCOUNT_ROLE in possible else _ONE_COLUMN_ROLES


def unknown_headers(columns: Columns, mapping: Mapping[str, str]) -> list[str]:
    """Return the headers of `mapping` that are missing in the file."""
    known = {header_key(column.header) for column in columns.columns} | set(columns.mapping)
    return [header for header in mapping if header not in known and header_key(header) not in known]


def _header(rows: Sequence[Row], given: Mapping[str, str], possible: Sequence[str]) -> Row | None:
    """Return the row of the column names, or None.

    This is the first row with all given names or, if there is none, the row with the most known names. One of
    these must be a column of people's names.
    """
    for row in rows[:_HEADER_WITHIN]:
        if given and {header_key(header) for header in given} <= {header_key(cell) for cell in row.cells}:
            return row
    best: Row | None = None
    most = 0
    for row in rows[:_HEADER_WITHIN]:
        known = {found[0] for cell in row.cells if (found := role_of(cell, possible))}
        if known & NAME_ROLES and len(known) > most:
            best, most = row, len(known)
    return best or _unknown_header(rows)


def _unknown_header(rows: Sequence[Row]) -> Row | None:
    """Return the first row if one of its cells differs in kind from a column of email addresses or ids."""
    if len(rows) < 2:
        return None
    first, below = rows[0], rows[1:_SAMPLE_ROWS]
    for index, cell in enumerate(first.cells):
        cells = [row.cells[index] for row in below if index < len(row.cells) and row.cells[index]]
        for is_kind in (_is_address, _has_digit):
            if cell and cells and not is_kind(cell) and all(map(is_kind, cells)):
                return first
    return None


def _filled_width(rows: Sequence[Row]) -> int:
    """Return the median width of the rows. A few rows may have additional cells by mistake."""
    widths = sorted(len(row.cells) for row in rows)
    return widths[len(widths) // 2] if widths else 0


def _unique_names(cells: Sequence[str], width: int) -> list[str]:
    names: list[str] = []
    for index in range(width):
        name = (cells[index] if index < len(cells) else "") or letter_of(index)
        number = 2
        unique = name
        while unique in names:
            unique, number = f"{name} ({number})", number + 1
        names.append(unique)
    return names


def _given_roles(names: Sequence[str], given: Mapping[str, str], possible: Sequence[str]) -> dict[int, str]:
    """Return the given roles by column index. If a header does not match exactly, compare its words."""
    roles = {index: given[name] for index, name in enumerate(names) if name in given}
    by_words = {header_key(name): role for name, role in given.items() if name not in names}
    for index, name in enumerate(names):
        if index not in roles and (key := header_key(name)) and key in by_words:
            roles[index] = by_words.pop(key)
    checked_mapping({names[index]: role for index, role in roles.items()}, possible)
    return roles


def _guess_by_names(names: Sequence[str], roles: dict[int, str], possible: Sequence[str]) -> None:
    """Add the roles that the column names imply.

    If a column has only the first or last name, a column “Name” has the other.
    """
    found = {
        index: meaning
        for index, name in enumerate(names)
        if index not in roles and (meaning := role_of(name, possible))
    }
    single = _one_column_roles(possible)
    if USER_ID not in single and USER_ID not in roles.values():
        roles.update({index: each for index, (each, _rank) in found.items() if each == USER_ID})
    for role in single:
        candidates = [index for index, (each, _rank) in found.items() if each == role]
        if candidates and role not in roles.values():
            roles[min(candidates, key=lambda index: found[index][1])] = role
    halves = {FIRST, LAST} & {*roles.values(), *(each for each, _rank in found.values())}
    name = next((index for index, role in roles.items() if role == NAME), None)
    if name is not None:
        if name not in found or len(halves) != 1 or not means_either(names[name]):
            return
        roles[name] = LAST if FIRST in halves else FIRST
    roles.update({index: each for index, (each, _rank) in found.items() if each in halves and index != name})


def _guess_by_contents(
    rows: Sequence[Row], width: int, roles: dict[int, str], possible: Sequence[str]
) -> None:
    """Add the roles that the cells suggest, for columns with unknown names."""
    free = [index for index in range(width) if index not in roles]
    cells = {
        index: [
            row.cells[index] for row in rows[:_SAMPLE_ROWS] if index < len(row.cells) and row.cells[index]
        ]
        for index in free
    }

    def take(role: str, fits: Callable[[list[str]], bool]) -> None:
        if role in roles.values() or role not in possible:
            return
        for index in free:
            if index not in roles and cells[index] and fits(cells[index]):
                roles[index] = role
                return

    take(EMAIL, lambda each: _share(each, _is_address) > 0.8)
    take(USER_ID, lambda each: _share(each, _is_identifier) > 0.8 and len(set(each)) == len(each))
    take(GROUP, lambda each: len(each) > 2 and len(set(each)) * 2 <= len(each))
    words = [index for index in free if index not in roles and _share(cells[index], _is_name) > 0.8]
    if len(words) == 1:
        roles[words[0]] = NAME


def _question(
    columns: Sequence[Column], line: int, given: set[int], possible: Sequence[str]
) -> Question | None:
    """Return a question that a person must answer before the people can be read, or None."""
    roles = {column.role for column in columns}
    if NAME in roles or {FIRST, LAST} <= roles:
        return None
    for half, text in _LONE_HALVES.items():
        found = [column for column in columns if column.role == half]
        if found and not {column.index for column in found} & given:
            others = tuple(role for role in possible if role not in (NAME, half))
            return Question(
                about=found[0].header,
                line=line or 1,
                text=_(text) % {"column": found[0].place},
                choices=(NAME, half, *others),
            )
    if roles & {FIRST, LAST} or not columns:
        return None
    about = next((column for column in columns if column.role == IGNORE), columns[0])
    return Question(
        about=about.header,
        line=line or 1,
        text=_("No column with people's names was found. Choose what column %(column)s contains.")
        % {"column": about.place},
        choices=tuple(possible),
    )


def _share(cells: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, cells)) / len(cells) if cells else 0.0


def _is_address(cell: str) -> bool:
    return "@" in cell and " " not in cell


def _is_identifier(cell: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(cell)) and "@" not in cell


def _has_digit(cell: str) -> bool:
    return any(letter.isdigit() for letter in cell) and " " not in cell


def _is_name(cell: str) -> bool:
    return any(letter.isalpha() for letter in cell) and not any(letter.isdigit() for letter in cell)
