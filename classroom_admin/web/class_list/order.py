"""The order of the live classes, the same on the server and in the browser. Pure."""

from __future__ import annotations

from classroom_admin.web.class_list.rows import LiveClass


def order(room: LiveClass) -> str:
    """The place of a class as text that sorts: what needs a person, the most pressing first and the oldest
    within; then the one that started last. `room` has its `standing`.
    """
    started = int(room.started_at.timestamp()) if room.started_at else 0
    return f"{room.standing.order}-{10**11 - started:012d}{room.name.casefold()[:24]}{room.pk:012d}"
