"""Make classes that are over, with people, and count their attendance as the background task does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from classroom_admin.accounts.models import User
from classroom_admin.reports import summaries
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import ClassList, Participant, Presence, Role, Room, RoomState, RoomTeacher
from classroom_admin.sync.models import SequenceGap
from tests.school import make_event

MONDAY = datetime(2026, 9, 7, 9, tzinfo=UTC)
SEPTEMBER = "since=2026-09-01&until=2026-09-30"
HOUR = (0, 60)


def class_over(
    name: str,
    starts_at: datetime,
    stays: Mapping[str, tuple[float, float]],
    *,
    teacher: User | None = None,
    class_list: ClassList | None = None,
    has_gap: bool = False,
) -> ClassSummary:
    """Make a class of an hour and count its attendance. `stays` has the minutes in the class, by name.

    The cloud user id of a person is the name in lower case.
    """
    ends_at = starts_at + timedelta(hours=1)
    room = Room.objects.create(
        room_uuid=f"{name} {starts_at}", name=name, state=RoomState.CLOSED, version=1,
        started_at=starts_at, ended_at=ends_at, closed_at=ends_at, class_list=class_list,
        last_sequence=9, event_count=2,
    )  # fmt: skip
    if teacher is not None:
        RoomTeacher.objects.create(room=room, user=teacher)
    for number, (person, (joined, left)) in enumerate(stays.items(), start=1):
        entered_at, left_at = (starts_at + timedelta(minutes=minutes) for minutes in (joined, left))
        who = {"user_uuid": person.lower(), "entered_at": entered_at}
        role = Role.TEACHER if person.startswith("Teacher") else Role.STUDENT
        Participant.objects.create(
            room=room, name=person, role=role, online=False, left_at=left_at, version=1, **who
        )
        Presence.objects.create(
            room=room, left_at=left_at, entered_sequence=number, left_sequence=number, **who
        )
    for sequence, at in ((1, starts_at), (9, ends_at)):
        event = make_event(room, sequence)
        type(event).objects.filter(pk=event.pk).update(ts_ms=round(at.timestamp() * 1000))
    if has_gap:
        SequenceGap.objects.create(
            room=room, stream="room", first=2, last=8, found_at=ends_at, ask_due_at=ends_at
        )
    return summaries.refresh(room)


def person(summary: ClassSummary, name: str) -> PersonSummary:
    """Return the stored attendance of a person in a class."""
    return next(one for one in summary.people.all() if str(one) == name)
