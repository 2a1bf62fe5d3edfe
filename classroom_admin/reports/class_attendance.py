"""Read the attendance of a class from the database for all pages and reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from classroom_admin.common import clock
from classroom_admin.reports.attendance import Attendance, Thresholds, attendance
from classroom_admin.reports.stays import Stay, class_time
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.models import Room


def attendance_of(
    room: Room, people: Sequence[Any] | None = None, *, at: datetime | None = None
) -> Attendance:
    """Return the attendance of the people on the class list. If the class has no list, use all students.

    `people` are all participants of the room. Without them, run one more query. `at` is a past cloud time.
    With `at`, `room` and `people` must have their values from that time.
    """
    everyone = class_selectors.presence(room) if people is None else people
    return attendance(
        class_lists.listed(room) if class_lists.has_list(room) else None,
        everyone,
        stays_of(room, everyone, at=at),
        class_time(room, now=at or clock.cloud_now()),
        thresholds(),
    )


def thresholds() -> Thresholds:
    """Return the school's thresholds for being late and for leaving early."""
    return Thresholds(
        late_after=timedelta(minutes=settings.LATE_AFTER_MINUTES),
        early_before=timedelta(minutes=settings.LEFT_EARLY_MINUTES),
    )


def stays_of(room: Room, people: Sequence[Any], *, at: datetime | None = None) -> dict[str, list[Stay]]:
    """Return the stays in the room by user id, as they were known at the time `at`.

    If the event of a person's entry was lost, the start of the stay is unknown.
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
