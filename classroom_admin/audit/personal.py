"""Erase personal data from the audit log. The entries stay, and their chain stays valid."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from classroom_admin.audit import record, signing
from classroom_admin.audit.erasures import ACTION, permitted
from classroom_admin.audit.models import Entry, PendingConfirmation, Permission, Record, Step
from classroom_admin.audit.signing import ACTOR, DETAIL, PARTS, SALTS, SUBJECT
from classroom_admin.common.chunks import chunks
from classroom_admin.common.erased import ERASED

WORDS: Final = ("note", "reason", "text", "message")
"""The parameters of an action on one person with words about or to the person."""
_READ_AT_ONCE: Final = 1000
_IN_ONE_RECORD: Final = 500
_SHORTEST_IN_TEXT: Final = 4
"""Shorter ids are replaced only where they are the whole value: "7" is too common inside sentences."""
Change = tuple[str, int, str, str, str]
"""`entry` or `step`, its id, the part, and the commitments before and after the erasure."""


def erase(
    user_ids: Collection[str],
    *,
    account: AbstractBaseUser | None = None,
    emails: Collection[str] = (),
    names: Collection[str] = (),
    by: AbstractBaseUser | None = None,
) -> int:
    """Replace what identifies a person in all entries and steps. Return how many entries changed.

    `user_ids` are cloud user ids. `account` is the person's account: its entries lose the name, the client
    address and the browser, but keep the reference to the account, which the caller makes anonymous. Each
    name in `names` is replaced wherever it occurs as a whole word, so pass full names only. Words in actions
    on the person, such as a reason, are erased, too. The erasure is recorded as an action of `by`. A repeated
    call changes nothing and returns 0.
    """
    person = _Person(user_ids, emails, names, account)
    changed: set[int] = set()
    entries = [entry.pk for entry in _rows(Entry) if any(person.left_of_entry(entry))]
    steps = [step.pk for step in _rows(Step) if any(person.left_of_step(step))]
    for model, pks in ((Entry, entries), (Step, steps)):
        for some in chunks(pks, _IN_ONE_RECORD):
            changed |= _erase(model, some, person, by)
    return len(changed)


class _Person:
    """What identifies a person, and the values that are left without it."""

    def __init__(
        self,
        user_ids: Collection[str],
        emails: Collection[str],
        names: Collection[str],
        account: AbstractBaseUser | None,
    ) -> None:
        self._ids = {one for one in user_ids if one}
        self._words = {one.casefold() for one in (*emails, *names) if one.strip()}
        self._account_id = account.pk if account else None
        long_ids = {one for one in self._ids if len(one) >= _SHORTEST_IN_TEXT}
        self._id_in_text = _whole(long_ids, flags=0)
        self._word_in_text = _whole(self._words, flags=re.IGNORECASE)

    def left_of_entry(self, entry: Entry) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the parts of an entry that change, with all their new values."""
        if entry.action == ACTION:
            return
        subject = {name: self.cleaned(getattr(entry, name)) for name in PARTS[SUBJECT]}
        if entry.target != "" and subject["target"] == ERASED:
            subject["target_name"] = ERASED if subject["target_name"] else ""
            words = {name: ERASED for name in WORDS if isinstance(subject["params"].get(name), str)}
            subject["params"] |= {name: one for name, one in words.items() if subject["params"][name]}
        if any(subject[name] != getattr(entry, name) for name in subject):
            yield SUBJECT, subject
        # A failed sign-in has no actor, but its address is most likely that of the person.
        is_own = entry.actor_id is None and subject["target"] == ERASED
        if is_own or (entry.actor_id is not None and entry.actor_id == self._account_id):
            actor = {"actor_name": ERASED if entry.actor_name else "", "address": "", "agent": ""}
            if any(actor[name] != getattr(entry, name) for name in actor):
                yield ACTOR, actor

    def left_of_step(self, step: Step) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the part of a step that changes, with its new values."""
        detail = self.cleaned(step.detail)
        if detail != step.detail:
            yield DETAIL, {"detail": detail}

    def cleaned(self, value: Any) -> Any:
        """Return a JSON value without what identifies the person."""
        if isinstance(value, str):
            if value in self._ids or value.casefold() in self._words:
                return ERASED
            for pattern in (self._id_in_text, self._word_in_text):
                value = pattern.sub(ERASED, value) if pattern else value
            return value
        if isinstance(value, Mapping):
            return {self.cleaned(name): self.cleaned(one) for name, one in value.items()}
        return [self.cleaned(one) for one in value] if isinstance(value, list) else value


def _whole(words: Iterable[str], *, flags: int) -> re.Pattern[str] | None:
    """Return a pattern for any of these as whole words, or None if there are none."""
    longest_first = sorted(words, key=len, reverse=True)
    if not longest_first:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", flags)


def _rows(model: type[Record]) -> Iterator[Any]:
    return model.objects.order_by("id").iterator(chunk_size=_READ_AT_ONCE)


def _erase(
    model: type[Record], pks: Collection[int], person: _Person, by: AbstractBaseUser | None
) -> set[int]:
    """Erase the person in these records, and record it in the same transaction. Return the ids of entries."""
    kind = "entry" if model is Entry else "step"
    changes: list[Change] = []
    entries: set[int] = set()
    with transaction.atomic(), permitted(Permission.Kind.ERASE):
        for row in model.objects.filter(pk__in=pks).order_by("id"):
            parts = person.left_of_entry(row) if isinstance(row, Entry) else person.left_of_step(row)
            for part, values in list(parts):
                salt = signing.new_salt()
                after = signing.commitment(salt, (values[name] for name in PARTS[part]))
                changes.append((kind, row.pk, part, row.commitment(part), after))
                # The query set of audit records refuses changes.
                QuerySet(model).filter(pk=row.pk).update(**values, **{SALTS[part]: salt})
                entries.add(row.pk if isinstance(row, Entry) else row.entry_id)
        PendingConfirmation.objects.filter(entry__in=entries).delete()
        if changes:
            params = {"entries": len(entries), "records": [list(change) for change in changes]}
            record.done(actor=by, action=ACTION, params=params)
    return entries
