"""Stored figures of classes that are over, as `summaries.refresh` would write them, without their events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import Room, RoomState

MONDAY = datetime(2026, 9, 7, 9, tzinfo=UTC)


def make_summary(name: str, number: int = 0, **columns: Any) -> ClassSummary:
    """Add a class of an hour that is over, `number` days after `MONDAY`, and its summary."""
    start = MONDAY + timedelta(days=number)
    room = Room.objects.create(
        room_uuid=f"uuid of {name} {number}",
        name=name,
        state=RoomState.CLOSED,
        started_at=start,
        ended_at=start + timedelta(hours=1),
    )
    return ClassSummary.objects.create(
        room=room,
        made_at=start + timedelta(hours=2),
        room_version=room.version,
        late_s=300,
        early_s=300,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        **columns,
    )


def make_person(summary: ClassSummary, name: str, **columns: Any) -> PersonSummary:
    """Add a person who attended the whole class."""
    return PersonSummary.objects.create(**person_values(summary, name) | columns)


def make_people(summary: ClassSummary, number: int) -> None:
    """Add many people who attended the whole class."""
    PersonSummary.objects.bulk_create(
        PersonSummary(**person_values(summary, f"Student {one}")) for one in range(number)
    )


def person_values(summary: ClassSummary, name: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "room_id": summary.room_id,
        "person_key": f"name:{name}",
        "user_uuid": f"id of {name}",
        "name": name,
        "status": "present",
        "first_in": summary.starts_at,
        "last_out": summary.ends_at,
        "present_ms": 3_600_000,
        "share": 1.0,
        "late_ms": 0,
        "left_early_ms": 0,
    }
