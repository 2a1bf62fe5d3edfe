"""Compare the people of a class with its class list, for the class page."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from classroom_admin.common.names import BY_ID
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.attendance import Attendance, attendance, match, times_of
from classroom_admin.rooms.models import Participant, Room


def attendance_of(room: Room, people: list[Participant] | None = None) -> Attendance | None:
    """Return which people on the class list are absent, late or left early; None if there is no list.

    `people`: all people of the room, to save a query.
    """
    if not room.class_list_id:
        return None
    times = times_of(
        room,
        late_after=timedelta(minutes=settings.LATE_AFTER_MINUTES),
        early_before=timedelta(minutes=settings.LEFT_EARLY_MINUTES),
    )
    everyone = people if people is not None else class_selectors.presence(room)
    return attendance(class_lists.listed(room), everyone, times)


def list_entry_of(room: Room, person: Participant) -> str:
    """Describe how a person was matched with the class list. Return "" if the class has no list."""
    if not room.class_list_id:
        return ""
    matches, _others = match(class_lists.listed(room), class_selectors.presence(room))
    for found in matches:
        if any(member.user_uuid == person.user_uuid for member in found.people):
            how = _("matched by user id") if found.by == BY_ID else _("matched by name")
            return f"{found.listed.name} ({how})" + (f", {found.listed.group}" if found.listed.group else "")
    return _("not on the list")
