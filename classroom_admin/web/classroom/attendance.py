"""The class list on the page of a class: read, compared, and told."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.attendance import BY_ID, Attendance, attendance, match, times_of
from classroom_admin.rooms.models import Participant, Room


def read(room: Room, people: list[Participant] | None = None) -> Attendance | None:
    """Who of the list is missing, late or gone; None where the class has no list. `people`: all of the room,
    where somebody has read them already.
    """
    if not room.class_list_id:
        return None
    times = times_of(
        room,
        late_after=timedelta(minutes=settings.LATE_AFTER_MINUTES),
        early_before=timedelta(minutes=settings.LEFT_EARLY_MINUTES),
    )
    everybody = people if people is not None else class_selectors.presence(room)
    return attendance(class_lists.listed(room), everybody, times)


def listed_as(room: Room, person: Participant) -> str:
    """How a person was found on the class list, in words; "" where the class has none."""
    if not room.class_list_id:
        return ""
    matches, _others = match(class_lists.listed(room), class_selectors.presence(room))
    for one in matches:
        if any(found.user_uuid == person.user_uuid for found in one.people):
            how = _("matched by user id") if one.by == BY_ID else _("matched by name")
            return f"{one.listed.name} ({how})" + (f", {one.listed.group}" if one.listed.group else "")
    return _("not on the list")
