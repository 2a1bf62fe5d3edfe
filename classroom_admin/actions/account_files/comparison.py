"""Compare the accounts in a file with those of the dashboard: what would an import do? No database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.account_files.rows import AccountRow, address_key
from classroom_admin.rooms.class_list_files.cells import Finding

CREATED, CHANGED, DEACTIVATED, REACTIVATED, UNCHANGED = (
    "created", "changed", "deactivated", "reactivated", "unchanged",
)  # fmt: skip
_DIGEST_LENGTH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an import can change of an account. `pk` is None for a new one. `user_ids` are sorted."""

    pk: int | None
    name: str
    email: str
    role: str
    active: bool = True
    user_ids: tuple[str, ...] = ()

    @property
    def role_in_words(self) -> str:
        return str(User.Role(self.role).label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row of the file, the account before the import (None for a new one) and after it."""

    line: int
    before: Account | None
    after: Account

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def has_new_details(self) -> bool:
        was = self.before
        return was is not None and (
            (was.name, was.role, was.user_ids) != (self.after.name, self.after.role, self.after.user_ids)
        )

    @property
    def deactivates(self) -> bool:
        return self.before is not None and self.before.active and not self.after.active

    @property
    def reactivates(self) -> bool:
        return self.before is not None and not self.before.active and self.after.active

    @property
    def what(self) -> list[str]:
        """Return what the import does with the account: one or two of the constants of this module."""
        if self.is_new:
            return [CREATED]
        done = {
            CHANGED: self.has_new_details,
            DEACTIVATED: self.deactivates,
            REACTIVATED: self.reactivates,
        }
        return [name for name, is_done in done.items() if is_done] or [UNCHANGED]


@dataclass(frozen=True)
class Plan:
    """What an import would do. If there are `problems`, it does nothing."""

    changes: Sequence[Change]
    problems: Sequence[Finding] = ()

    def of(self, what: str) -> list[Change]:
        return [change for change in self.changes if what in change.what]

    @cached_property
    def created(self) -> list[Change]:
        return self.of(CREATED)

    @cached_property
    def changed(self) -> list[Change]:
        return self.of(CHANGED)

    @cached_property
    def deactivated(self) -> list[Change]:
        return self.of(DEACTIVATED)

    @cached_property
    def reactivated(self) -> list[Change]:
        return self.of(REACTIVATED)

    @cached_property
    def unchanged(self) -> list[Change]:
        return self.of(UNCHANGED)

    @property
    def any(self) -> bool:
        return len(self.unchanged) < len(self.changes)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many accounts the import changes in each way."""
        names = (CREATED, CHANGED, DEACTIVATED, REACTIVATED, UNCHANGED)
        return {name: len(getattr(self, name)) for name in names}

    @cached_property
    def digest(self) -> str:
        """Return a hash of the plan. A page with another hash shows an outdated plan."""
        text = json.dumps([asdict(change) for change in self.changes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def compare(rows: Iterable[AccountRow], accounts: Sequence[Account], *, actor_pk: int, new_role: str) -> Plan:
    """Return what an import of `rows` would do to `accounts`, which are all accounts of the dashboard.

    `new_role` is the role of new accounts for which the file gives none. `actor_pk` is the account that
    imports: a file can't change its role or deactivate it.
    """
    by_address = {account.email.lower(): account for account in accounts}
    by_key = {address_key(account.email): account for account in accounts}
    changes: list[Change] = []
    problems: list[Finding] = []
    for row in rows:
        before = by_address.get(row.email)
        similar = by_key.get(address_key(row.email))
        if before is None and similar is not None:
            text = _("%(email)s looks like %(other)s. Two accounts can't have such addresses.")
            problems.append(Finding(text % {"email": row.email, "other": similar.email}, row.line))
            continue
        change = Change(line=row.line, before=before, after=_after(row, before, new_role))
        changes.append(change)
        problems += _about_oneself(change, actor_pk)
    return Plan(changes, [*problems, *_taken_ids(changes, accounts)])


def _after(row: AccountRow, before: Account | None, new_role: str) -> Account:
    if before is None:
        return Account(
            pk=None,
            name=row.name,
            email=row.email,
            role=row.role or new_role,
            active=row.active is not False,
            user_ids=tuple(sorted(row.user_ids or ())),
        )
    return Account(
        pk=before.pk,
        name=row.name,
        email=before.email,
        role=row.role or before.role,
        active=before.active if row.active is None else row.active,
        user_ids=before.user_ids if row.user_ids is None else tuple(sorted(row.user_ids)),
    )


def _about_oneself(change: Change, actor_pk: int) -> list[Finding]:
    was = change.before
    if was is None or was.pk != actor_pk:
        return []
    if change.deactivates:
        text = _("You can't deactivate your own account. Ask another administrator to do it.")
        return [Finding(text, change.line)]
    if was.role != change.after.role:
        text = _("A file can't change your own role. Change it on your page under “People”.")
        return [Finding(text, change.line)]
    return []


def _taken_ids(changes: Sequence[Change], accounts: Sequence[Account]) -> list[Finding]:
    """Return a problem for each cloud user id that another account still has after the import."""
    after: Mapping[int | None, Account] = {change.after.pk: change.after for change in changes}
    owners = {
        user_id: account for account in accounts for user_id in (after.get(account.pk) or account).user_ids
    }
    problems = []
    for change in changes:
        for user_id in change.after.user_ids:
            owner = owners.get(user_id)
            if owner is not None and owner.pk != change.after.pk:
                text = _(
                    "The cloud user id “%(id)s” belongs to %(person)s (%(email)s). Remove it from that "
                    "person first."
                ) % {"id": user_id, "person": owner.name or owner.email, "email": owner.email}
                problems.append(Finding(text, change.line))
    return problems
