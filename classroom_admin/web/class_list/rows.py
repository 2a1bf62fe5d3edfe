"""Read live classes as plain columns instead of models, because a list may show a thousand of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from classroom_admin.rooms.models import Room
from classroom_admin.web.class_list.alert_rules import Alerts


@dataclass(slots=True, eq=False)
class LiveClass:
    """A live class: columns of `rooms.selectors.classes` and `alert_annotations`, and its `alerts`."""

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
    students_since: datetime | None
    assistant_present: bool
    oldest_hand_at: datetime | None
    recording_at: datetime | None
    recording_unready: bool
    gap_at: datetime | None
    refused: dict[str, Any] | None
    alerts: Alerts = field(default_factory=Alerts)

    def __str__(self) -> str:
        return self.name or str(Room())

    @property
    def current_state(self) -> int | None:
        return self.now_state

    @property
    def order(self) -> str:
        """Return a text that sorts classes: by the most urgent alert, then the latest start first."""
        started = int(self.started_at.timestamp()) if self.started_at else 0
        return f"{self.alerts.order}-{10**11 - started:012d}{self.name.casefold()[:24]}{self.pk:012d}"


COLUMNS = tuple(column.name for column in fields(LiveClass) if column.name != "alerts")


def read(rooms: QuerySet[Room]) -> list[LiveClass]:
    """Read these rooms in no particular order."""
    return [LiveClass(*row) for row in rooms.order_by().values_list(*COLUMNS)]
