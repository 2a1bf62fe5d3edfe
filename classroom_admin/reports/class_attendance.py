"""Read the attendance of a class from the database for all pages and reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from classroom_admin.common import clock
from classroom_admin.reports.attendance import (
    STUDENT_ROLES,
    Attendance,
    Attendee,
    Thresholds,
    attendance,
    attendees,
)
from classroom_admin.reports.stays import Stay, class_time
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.models import Room


def attendance_of(
    room: Room, people: Sequence[Any] | None = None, *, at: datetime | None = None
) -> Attendance:
    """Return the attendance of the people on the class list, or of all students if there is no list.

    `people` are all participants of the room. If they are not given, they are read. If `at`, a past cloud
    time, is given, `room` and `people` must be as they were at that time.
    """
    everyone = class_selectors.presence(room) if people is None else people
    return attendance(
        class_lists.listed(room) if class_lists.has_list(room) else None,
        everyone,
        stays_of(room, everyone, at=at),
        class_time(room, now=at or clock.cloud_now()),
        thresholds_of(room),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReport:
    """The attendance of everyone in a class, each group sorted by name.

    `listed` are the people on the class list, or all students if there is no list. `unlisted` are the
    students who are not on the list. `others` are teachers, assistants and observers.
    """

    attendance: Attendance
    listed: list[Attendee]
    unlisted: list[Attendee]
    others: list[Attendee]


def report_of(room: Room, people: Sequence[Any] | None = None) -> ClassReport:
    """Return the attendance of everyone in a class."""
    everyone = class_selectors.presence(room) if people is None else people
    stays, time = stays_of(room, everyone), class_time(room, now=clock.cloud_now())
    listed = class_lists.listed(room) if class_lists.has_list(room) else None
    thresholds = thresholds_of(room)
    found = attendance(listed, everyone, stays, time, thresholds)
    matched = {person.user_uuid for row in found.rows for person in row.match.people}
    came = [person for person in everyone if stays.get(person.user_uuid)]
    others = [one for one in came if one.role not in STUDENT_ROLES and one.user_uuid not in matched]
    return ClassReport(
        attendance=found,
        listed=_by_name(found.rows),
        unlisted=_by_name(attendees(found.unlisted, stays, time, thresholds)),
        others=_by_name(attendees(others, stays, time, thresholds)),
    )


def _by_name(rows: Sequence[Attendee]) -> list[Attendee]:
    return sorted(rows, key=lambda row: row.name.casefold())


def thresholds_of(room: Room) -> Thresholds:
    """Return the thresholds of a class: those of its class list or, if it has none, those of the school.

    If `room` has the annotations of `class_selectors.as_shown`, this reads nothing from the database.
    """
    if hasattr(room, "list_late_after"):
        late, early = room.list_late_after, getattr(room, "list_left_early", None)
    elif room.class_list is not None:
        late, early = room.class_list.late_after_minutes, room.class_list.left_early_minutes
    else:
        late = early = None
    return Thresholds(
        late_after=timedelta(minutes=settings.LATE_AFTER_MINUTES if late is None else late),
        early_before=timedelta(minutes=settings.LEFT_EARLY_MINUTES if early is None else early),
    )


def stays_of(room: Room, people: Sequence[Any], *, at: datetime | None = None) -> dict[str, list[Stay]]:
    """Return the stays in the room by user id, as they were known at the time `at`.

    The start of a stay is unknown if its event was lost.
    """
    found: dict[str, list[Stay]] = defaultdict(list)
    for user_id, entered_at, left_at in class_selectors.all_stays(room):
        if at is None or entered_at <= at:
            over = left_at is not None and (at is None or left_at <= at)
            found[user_id].append(Stay(entered_at=entered_at, left_at=left_at if over else None))
    for person in people:
        if person.left_at is not None and person.user_uuid not in found:
            found[person.user_uuid].append(Stay(entered_at=None, left_at=person.left_at))
    return dict(found)
