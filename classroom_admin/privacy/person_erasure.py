"""Erase or pseudonymise a person, step by step.

Each step can be repeated, so a killed worker's job continues at its step. In the mode *pseudonymise*, a
random id and a random name replace the person, so the figures of classes stay. In the mode *erase*, what the
person did is removed where no other person's data depends on it; the rest is pseudonymised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final
from unicodedata import east_asian_width

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from classroom_admin.accounts import sessions
from classroom_admin.accounts.models import User
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import personal
from classroom_admin.common import clock
from classroom_admin.events.erasure import Replacement
from classroom_admin.privacy import erasure_ledger, person_rest, person_rooms
from classroom_admin.privacy.erasure_ledger import listed_text
from classroom_admin.privacy.person import Plain, Subject
from classroom_admin.privacy.person_models import ErasedIdentity, Erasure, PersonJob
from classroom_admin.sync.models import RoomCursor

log = logging.getLogger(__name__)

Kind = ErasedIdentity.Kind
Counts = dict[str, int]


class Later(Exception):
    """Raised by a step that must wait, for example because others use the database."""


def check(subject: Subject, *, by: User | None) -> None:
    """Raise ``ActionRefused`` if the person can't be erased now."""
    if not subject:
        raise ActionRefused(_("Select at least one entry that belongs to the person."))
    if by is not None and by.pk in subject.accounts:
        raise ActionRefused(_("You can't erase your own account. Ask another administrator to do it."))
    administrators = User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True)
    if by is not None and not administrators.filter(pk=by.pk).exists():
        raise ActionRefused(_("Only administrators can manage people."))
    if subject.accounts and not administrators.exclude(pk__in=subject.accounts).exists():
        raise ActionRefused(_("This is the only active administrator. Add another administrator first."))
    room = person_rooms.in_class_now(subject)
    if room is not None:
        raise ActionRefused(
            _("The person is in the class “%(room)s” now. Wait until they have left.") % {"room": room}
        )


def lock_accounts(subject: Subject) -> None:
    """Lock the person's accounts and all active administrators, until the end of the transaction."""
    administrators = Q(role=User.Role.ADMINISTRATOR, is_active=True)
    list(User.objects.select_for_update().filter(administrators | Q(pk__in=subject.accounts)).order_by("pk"))


def close_accounts(subject: Subject) -> None:
    """Deactivate the person's accounts and end their sessions. A later step makes them anonymous."""
    for account in User.objects.filter(pk__in=subject.accounts):
        User.objects.filter(pk=account.pk).update(is_active=False)
        sessions.end_all(account)


def begin(subject: Subject, mode: str) -> Erasure:
    """Remember the erasure as hashes, so that old events that arrive from now on are erased, too."""
    with transaction.atomic():
        erasure = Erasure.objects.create(number=erasure_ledger.new_number(), mode=mode, at=clock.cloud_now())
        erasure_ledger.record(erasure, _identities(subject, erasure))
    erasure_ledger.forget()
    return erasure


def _identities(subject: Subject, erasure: Erasure) -> Iterable[tuple[str, str, str]]:
    new_ids: dict[str, str] = {}
    for number, user_uuid in enumerate(subject.user_uuids, 1):
        new_ids[user_uuid] = f"erased-{erasure.number}" + (f"-{number}" if number > 1 else "")
    for user_uuid in subject.user_uuids:  # a class has each id once, so no two ids may become the same
        new_ids.setdefault(user_uuid.lower(), new_ids[user_uuid])
    for spelling, new in new_ids.items():
        yield Kind.USER_ID, spelling, new
    for email in subject.emails:
        yield Kind.EMAIL, email, ""
    for email in User.objects.filter(pk__in=subject.accounts).values_list("email", flat=True):
        yield Kind.ACCOUNT, email.lower(), ""
    for key, one in person_rest.listed_texts(subject):
        yield Kind.LISTED, listed_text(key, one.key), ""


class _Person:
    """The person of a job, with what replaces them."""

    def __init__(self, job: PersonJob) -> None:
        assert job.erasure is not None
        erasure = job.erasure
        self.job, self.erasure = job, erasure
        self.subject = Subject.from_secret(job.secret)
        remove = erasure.mode == Erasure.Mode.ERASE
        secret = erasure_ledger.secret_of_hashes(erasure)
        new_ids = dict(erasure.identities.filter(kind=Kind.USER_ID).values_list("digest", "replacement"))
        people = {
            one: Replacement(new, erasure.name, remove)
            for one in self.subject.ids
            if (new := new_ids.get(erasure_ledger.digest(secret, Kind.USER_ID, one)))
        }
        self.stand_in = Replacement(f"erased-{erasure.number}", erasure.name, remove)
        names = dict.fromkeys(self.subject.name_keys, self.stand_in)
        self.finder = Plain(people, names, frozenset(self.subject.emails))


def _ledger(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    erasure_ledger.write_to_file(person.erasure)
    return {}, None


def _lists(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    return person_rest.lists(person.subject, person.finder, person.stand_in), None


def _rooms(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    room_ids = person_rooms.rooms_after(cursor)
    return _rewritten(person, room_ids), room_ids[-1] if room_ids else None


def _late_rooms(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    """Look again at the classes that got events while the job ran."""
    since = RoomCursor.objects.filter(received_to__gte=person.job.made_at, room__gt=cursor)
    found = since.order_by("room").values_list("room", flat=True).distinct()
    room_ids = list(found[: person_rooms.ROOMS_AT_ONCE])
    return _rewritten(person, room_ids), room_ids[-1] if room_ids else None


def _rewritten(person: _Person, room_ids: list[int]) -> Counts:
    total: Counts = {}
    for room_id in person_rooms.affected(room_ids, person.subject):
        counts = person_rooms.rewrite_room(room_id, person.subject, person.finder, person.stand_in)
        add(total, {**counts, "classes": 1} if counts else {})
    return total


def _inbox(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    return person_rest.inbox(person.subject, person.finder, cursor)


def _quarantine(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    """Rewrite what could not be read, and the notifications that no class has."""
    notices = person_rooms.notices(person.subject, person.finder)
    return {**person_rest.quarantine(person.subject, person.finder), "notices": notices}, None


def _commands(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    return person_rest.commands(person.subject, person.finder, person.stand_in), None


def _audit(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    subject, changed = person.subject, 0
    names = [name for name in subject.names if _is_full(name)]
    for account in [*User.objects.filter(pk__in=subject.accounts), None]:
        changed += personal.erase(
            subject.ids, account=account, emails=subject.emails, names=names, by=person.job.by
        )
    return {"audit": changed}, None


def _is_full(name: str) -> bool:
    """Return whether a name is probably of one person only. Chinese full names have no space."""
    name = name.strip()
    return " " in name or sum(east_asian_width(sign) == "W" for sign in name) > 1


def _accounts(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    return person_rest.accounts(person.subject, person.stand_in), None


def _files(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    return person_rest.files(person.subject, person.job), None


def _clean(person: _Person, cursor: int) -> tuple[Counts, int | None]:
    clean_database()
    return {}, None


STEPS: Final[dict[str, Callable[[_Person, int], tuple[Counts, int | None]]]] = {
    "ledger": _ledger,
    "lists": _lists,
    "rooms": _rooms,
    "inbox": _inbox,
    "quarantine": _quarantine,
    "late_rooms": _late_rooms,
    "commands": _commands,
    "files": _files,
    "audit": _audit,
    "accounts": _accounts,
    "clean": _clean,
}
"""The steps in their order. The account is made anonymous late, because earlier steps need its address."""


def next_part(job: PersonJob) -> bool:
    """Do the next part of an erasure and move the job's `step` and `cursor`. Return whether more is left."""
    names = list(STEPS)
    step = job.step or names[0]
    counts, cursor = STEPS[step](_Person(job), job.cursor)
    add(job.counts, counts)
    if cursor is not None:
        job.step, job.cursor = step, cursor
        return True
    following = names[names.index(step) + 1 :]
    job.step, job.cursor = (following[0] if following else step), 0
    return bool(following)


def add(total: Counts, more: Counts) -> None:
    for name, count in more.items():
        if count:
            total[name] = total.get(name, 0) + count


def clean_database() -> None:
    """Remove what a database still keeps of changed and deleted rows. Raise ``Later`` if others use it.

    SQLite keeps old content in free parts of its file and in the write-ahead log. PostgreSQL removes old rows
    by itself, and nobody can read them meanwhile.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            busy: Any = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except DatabaseError as error:
        raise Later(str(error)) from error
    if busy and busy[0]:
        raise Later("the write-ahead log is in use")
