"""Correct the attendance of a person in a class that is over. Corrections never change the measured figures.

A correction is never changed, only followed by a newer one. It remains when the summary of the class is made
again, even with another class list. The functions raise ``NotYours`` for a person of another class, and
``ActionRefused`` for invalid input. In both cases they change nothing.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.names import has_visible_character
from classroom_admin.reports import person_keys, summaries
from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import ClassSummary, Correction, PersonSummary
from classroom_admin.rooms.access import ClassAccess, NotYours

LONGEST_NOTE: Final = 500


def correct(access: ClassAccess, person: PersonSummary, *, status: str, note: str = "") -> Correction:
    """Set the status of a person, which reports show instead of the measured one. `note` may be empty.

    If the person already has this correction with this note, change nothing.
    """
    try:
        wanted = Status(status)
    except ValueError:
        raise ActionRefused(_("Choose a status."), field="status") from None
    return _add(access, person, status=wanted.value, note=_checked(note))


def withdraw(access: ClassAccess, person: PersonSummary, *, note: str = "") -> Correction:
    """Withdraw the correction of a person. The measured status counts again."""
    return _add(access, person, status="", note=_checked(note))


def corrections_of(person: PersonSummary) -> list[Correction]:
    """Return all corrections of a person in a class, newest first. Withdrawals have the status ""."""
    others = _people(person.room_id)
    rows = Correction.objects.filter(room=person.room_id).select_related("by").order_by("-pk")
    by_key: dict[str, list[Correction]] = {}
    for one in rows:
        by_key.setdefault(one.person_key, []).append(one)
    own = person_keys.assigned(others, by_key).get(person.person_key, [])
    return sorted((one for some in own for one in some), key=lambda one: -one.pk)


def _checked(note: str) -> str:
    note = note.replace("\x00", "").strip()
    if len(note) > LONGEST_NOTE:
        raise ActionRefused(_("Enter a note of at most 500 characters."), field="note")
    return note if has_visible_character(note) else ""


def _add(access: ClassAccess, person: PersonSummary, *, status: str, note: str) -> Correction:
    access.require(Permission.ATTENDANCE)
    if person.room_id != access.room.pk:
        raise NotYours
    if not summaries.is_over(access.room):
        raise ActionRefused(_("Attendance can be corrected after the class."))
    with transaction.atomic():
        # A process that makes the summary again waits for this lock, and then finds the correction.
        ClassSummary.objects.select_for_update().filter(room=access.room).first()
        rows = PersonSummary.objects.select_related("correction")
        row = rows.filter(room=access.room, person_key=person.person_key).first()
        if row is None:
            raise ActionRefused(_("This person is no longer in the attendance. Reload the page."))
        now = row.correction
        if not status and now is None:
            raise ActionRefused(_("There is no correction to withdraw. Reload the page."))
        if now is not None and (now.status, now.note) == (status, note):
            return now
        made = Correction.objects.create(
            room=access.room,
            person_key=row.person_key,
            status=status,
            note=note,
            by=access.person,
            at=clock.now(),
        )
        PersonSummary.objects.filter(pk=row.pk).update(correction=made if status else None)
        person.correction = made if status else None
        _record(access, row, status, note, now)
    return made


def _record(
    access: ClassAccess, row: PersonSummary, status: str, note: str, before: Correction | None
) -> None:
    params: dict[str, Any] = {"note": note, "measured": row.status, "before": before.status if before else ""}
    if status:
        params["status"] = status
    record.done(
        actor=access.person,
        action="attendance.correct" if status else "attendance.withdraw",
        room_uuid=access.room.room_uuid,
        target=row.user_uuid,
        target_name=str(row),
        params=params,
    )


def _people(room_id: int) -> dict[str, list[str]]:
    """Return the other keys of each person of a class by their key."""
    columns = ("person_key", "user_uuid", "more_ids", "list_name", "name")
    return {
        key: person_keys.other_keys(key, user_uuids=(user_uuid, *more), name=list_name or name)
        for key, user_uuid, more, list_name, name in PersonSummary.objects.filter(room=room_id).values_list(
            *columns
        )
    }
