"""Compare the people of a class with its class list, for the class page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from classroom_admin.common.names import BY_ID
from classroom_admin.reports.attendance import Attendance
from classroom_admin.reports.class_attendance import attendance_of
from classroom_admin.rooms import class_lists
from classroom_admin.rooms.models import Participant, Room


def list_attendance(room: Room) -> Attendance | None:
    """Return the attendance of the people on the class list, or None if the class has no class list."""
    return attendance_of(room) if class_lists.has_list(room) else None


def list_entry_of(room: Room, person: Participant) -> str:
    """Return how a person was matched with the class list, or "" if the class has none."""
    found = list_attendance(room)
    if found is None:
        return ""
    for row in found.rows:
        if any(member.user_uuid == person.user_uuid for member in row.match.people):
            listed = row.match.listed
            how = _("matched by user id") if row.match.by == BY_ID else _("matched by name")
            return f"{listed.name} ({how})" + (f", {listed.group}" if listed.group else "")
    return _("not on the list")
