"""A live class as the list shows it: plain columns, since there may be a thousand of them at once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from classroom_admin.rooms.models import Room
from classroom_admin.web.class_list.alert_rules import Standing


@dataclass(slots=True, eq=False)
class LiveClass:
    """Columns of `rooms.selectors.classes` and of `facts.brought_along`, and its `standing` once judged."""

    pk: int
    key: str
    room_uuid: str
    name: str
    now_state: int | None
    gone_at: datetime | None
    started_at: datetime | None
    planned_end_at: datetime | None
    people_online: int
    teachers_online: int
    students_online: int
    hands_raised: int
    recording_state: str
    teacher_name: str | None
    has_gap: bool
    teacher_left_at: datetime | None
    pupils_since: datetime | None
    assistant_there: bool
    oldest_hand_at: datetime | None
    recording_at: datetime | None
    recording_unready: bool
    stopped_at: datetime | None
    gap_at: datetime | None
    refused: dict[str, Any] | None
    standing: Standing = field(default_factory=Standing)

    def __str__(self) -> str:
        return self.name or str(Room())

    @property
    def current_state(self) -> int | None:
        return self.now_state


COLUMNS = tuple(column.name for column in fields(LiveClass) if column.name != "standing")


def read(rooms: QuerySet[Room]) -> list[LiveClass]:
    """These rooms, in whatever order the database has them."""
    return [LiveClass(*row) for row in rooms.order_by().values_list(*COLUMNS)]
