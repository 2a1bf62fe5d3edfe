"""Read the accounts in a file: names, addresses, roles, cloud user ids, and whether they are active."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classroom_admin.accounts.models import User
from classroom_admin.actions.account_files.roles import is_not_staff, is_yes, role_named
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problem_texts import in_words
from classroom_admin.rooms.class_list_files import oneroster
from classroom_admin.rooms.class_list_files.cells import Finding, Question, UnreadableFile
from classroom_admin.rooms.class_list_files.columns import Column, Columns, letter_of
from classroom_admin.rooms.class_list_files.contents import Contents, Options, read_columns
from classroom_admin.rooms.class_list_files.header_words import (
    ACCOUNT_COLUMNS,
    ACCOUNT_ROLE,
    ACTIVE,
    EMAIL,
    IGNORE,
    NAME,
    NAME_ROLES,
    USER_ID,
)
from classroom_admin.rooms.class_list_files.people import (
    MOST_PROBLEMS,
    cell_of,
    cells_of,
    is_last_first,
    is_mangled,
    name_of,
)
from classroom_admin.rooms.class_list_files.tables import Row

MOST_ACCOUNTS: Final = 1000
"""An import of so many accounts takes some seconds. Meanwhile, nothing else can write to an SQLite file."""
NO_IDS: Final = ("-", "–", "—")
"""What the first cell of the cloud user ids says to remove all ids of a person."""
_USERS: Final = "users.csv"
_LONGEST_NAME: Final = User._meta.get_field("name").max_length or 0
_LONGEST_EMAIL: Final = User._meta.get_field("email").max_length or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A person in a file. Values that the file does not give leave an existing account unchanged.

    `role` is then "", and `user_ids` and `active` are None. `email` is in lower case.
    """

    line: int
    name: str
    email: str
    role: str = ""
    user_ids: tuple[str, ...] | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContents(Contents):
    """The contents of a file with accounts. They can be used if there is no question and no problem."""

    rows: Sequence[AccountRow] = ()


@dataclass(slots=True)
class _Found:
    columns: Columns
    rows: dict[str, tuple[AccountRow, Row]] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    skipped: int = 0

    def wrong(self, text: str, row: Row, role: str) -> None:
        self.problems.append(Finding(text, row.line, self.place(role)))

    def place(self, role: str) -> str:
        columns = self.columns.with_role(role)
        if role == NAME and not columns:
            columns = [column for column in self.columns.columns if column.role in NAME_ROLES]
        return columns[0].place if columns else ""


def read_accounts(content: bytes, options: Options) -> AccountContents:
    """Return the accounts in a file. Raise UnreadableFile if it is not a table or does not fit `options`.

    Of a OneRoster export, only users.csv is read.
    """
    if oneroster.is_export(content):
        content = _users_of(content)
    table, columns, warnings = read_columns(content, options, ACCOUNT_COLUMNS)
    question = columns.question or _question(columns)
    if question:
        return AccountContents(
            encoding=table.encoding,
            mapping=columns.mapping,
            warnings=warnings,
            question=question,
            table=table,
            columns=columns,
        )
    found = _read(columns)
    return AccountContents(
        encoding=table.encoding,
        mapping=columns.mapping,
        rows=[row for row, _cells in found.rows.values()],
        problems=found.problems[:MOST_PROBLEMS],
        more_problems=max(0, len(found.problems) - MOST_PROBLEMS),
        warnings=[*warnings, *found.warnings],
        table=table,
        columns=columns,
    )


def address_key(email: str) -> str:
    """Return the address without the differences that a database may ignore, such as "ı" for "i"."""
    return email.upper().casefold()


def _users_of(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if PurePosixPath(name).name.lower() == _USERS:
                return archive.read(name)
    raise UnreadableFile(_("This OneRoster export has no users.csv, so it has no people."))


def _question(columns: Columns) -> Question | None:
    if columns.with_role(EMAIL) or not columns.columns:
        return None
    about = next((column for column in columns.columns if column.role == IGNORE), columns.columns[-1])
    return Question(
        about=about.header,
        line=columns.header_line or 1,
        text=_("No column with email addresses was found. Choose what column %(column)s contains.")
        % {"column": about.place},
        choices=ACCOUNT_COLUMNS,
    )


def _read(columns: Columns) -> _Found:
    found = _Found(columns)
    turned = is_last_first(columns, columns.with_role(NAME))
    if turned:
        text = _("Names are written “Last, First”. They were turned into “First Last”.")
        found.warnings.append(Finding(text))
    used = [column for column in columns.columns if column.role != IGNORE]
    owners: dict[str, int] = {}
    for row in columns.rows:
        if not cells_of(row, used):
            continue  # The row is a note beside or below the table.
        account = _account(row, found, turned)
        if account and _is_new(account, row, found):
            _note_ids(account, row, found, owners)
            found.rows[address_key(account.email)] = (account, row)
    _add_sums(found)
    return found


def _add_sums(found: _Found) -> None:
    if found.skipped:
        text = ngettext(
            "%(count)s student or relative was skipped, because only staff get accounts.",
            "%(count)s students and relatives were skipped, because only staff get accounts.",
            found.skipped,
        )
        found.warnings.append(Finding(text % {"count": found.skipped}))
    if len(found.rows) > MOST_ACCOUNTS:
        text = _("A file can have at most %(most)s people. Divide it into several files.")
        found.problems.append(Finding(text % {"most": f"{MOST_ACCOUNTS:,}"}))
    if not found.rows and not found.problems:
        found.problems.append(Finding(_("This file has no people.")))


def _account(row: Row, found: _Found, turned: bool) -> AccountRow | None:
    """Return the account in a row, or None. Add each problem to `found`."""
    columns = found.columns
    said = cell_of(row, columns.with_role(ACCOUNT_ROLE))
    if said and is_not_staff(said):
        found.skipped += 1
        return None
    problems = len(found.problems)
    if len(row.cells) > len(columns.columns):
        place = letter_of(len(row.cells) - 1)
        text = _("This row has more cells than there are columns.")
        found.problems.append(Finding(text, row.line, place))
    account = AccountRow(
        line=row.line,
        name=name_of(row, columns, turned),
        email=cell_of(row, columns.with_role(EMAIL)).lower(),
        role=role_named(said) or "",
        user_ids=_user_ids(row, columns.with_role(USER_ID)),
        active=is_yes(cell_of(row, columns.with_role(ACTIVE))),
    )
    for role, text in _problems_of(account, said, cell_of(row, columns.with_role(ACTIVE))):
        found.wrong(text, row, role)
    return account if len(found.problems) == problems else None


def _problems_of(account: AccountRow, role: str, active: str) -> Iterator[tuple[str, str]]:
    """Yield each problem of a row: the wrong column and the text."""
    if not has_visible_character(account.name):
        yield NAME, _("The name is missing.")
    if not account.email:
        yield EMAIL, _("The email address is missing.")
    elif not _is_address(account.email):
        yield EMAIL, _("“%(email)s” is not an email address.") % {"email": account.email}
    if len(account.name) > _LONGEST_NAME:
        yield NAME, _("The cell is too long.")
    if "\ufffd" in account.name + account.email:
        yield NAME, _("The cell contains a damaged character.")
    if role and not account.role:
        roles = ", ".join(str(each.label) for each in User.Role)
        yield (
            ACCOUNT_ROLE,
            _("“%(role)s” is not a role. The roles are: %(roles)s.")
            % {
                "role": role,
                "roles": roles,
            },
        )
    if active and account.active is None:
        yield ACTIVE, _("“%(text)s” means neither yes nor no.") % {"text": active}
    for user_id in account.user_ids or ():
        if is_mangled(user_id):
            text = _(
                "A spreadsheet program shortened this id to a number and lost some digits. Enter the whole "
                "id."
            )
            yield USER_ID, text
        elif wrong := problem_with_id(user_id):
            yield USER_ID, _("User id “%(id)s”: %(wrong)s") % {"id": user_id, "wrong": in_words(wrong)}


def _user_ids(row: Row, columns: Sequence[Column]) -> tuple[str, ...] | None:
    """Return the ids in a row, () to remove all ids, or None to change nothing."""
    ids = cells_of(row, columns)
    if not ids:
        return None
    return () if ids[0] in NO_IDS else tuple(dict.fromkeys(ids))


def _is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= _LONGEST_EMAIL


def _is_new(account: AccountRow, row: Row, found: _Found) -> bool:
    """Return whether the address is not in the file yet. If two rows differ, add a problem."""
    earlier = found.rows.get(address_key(account.email))
    if earlier is None:
        return True
    other, cells = earlier
    facts = {"email": account.email, "other": other.email, "line": other.line, "name": account.name}
    if cells.cells == row.cells:
        text = _("“%(name)s” is already on line %(line)s. The person was counted once.")
        found.warnings.append(Finding(text % facts, row.line))
    elif account.email == other.email:
        text = _("%(email)s is also on line %(line)s, with other details. Keep one of the two lines.")
        found.wrong(text % facts, row, EMAIL)
    else:
        text = _("%(email)s looks like %(other)s on line %(line)s. Two accounts can't have such addresses.")
        found.wrong(text % facts, row, EMAIL)
    return False


def _note_ids(account: AccountRow, row: Row, found: _Found, owners: dict[str, int]) -> None:
    for user_id in account.user_ids or ():
        if user_id in owners:
            text = _("The cloud user id “%(id)s” is also on line %(line)s.")
            found.wrong(text % {"id": user_id, "line": owners[user_id]}, row, USER_ID)
        owners.setdefault(user_id, row.line)
