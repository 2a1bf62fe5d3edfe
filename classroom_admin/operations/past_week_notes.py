"""Add what teachers did on the dashboard during and after the past classes of a demo.

They acknowledged alerts, muted students in the chat and excused absent students. The entries of the audit log
have the times of the past. The students that were muted are those of the class's events.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.events.event import EventKind
from classroom_admin.reports import corrections, summaries
from classroom_admin.reports.alert_history import from_rows
from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import ClassSummary
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Room
from classroom_admin.sync.models import StoredEvent, Stream

MUTED: Final = EventKind.USER_STATE.value[1]
ACKNOWLEDGED_AFTER_MS: Final = (35_000, 80_000, 150_000)
NOTES: Final = ("Ill. The parents called.", "Dentist appointment.", "Took part in the maths contest.")
EXCUSED_IN_EVERY: Final = 3
"""An absent student is excused in every third class."""


class _Past(clock.SystemClock):
    """A clock that stands still at a moment of the past."""

    def __init__(self, at_ms: int) -> None:
        self._at_ms = at_ms

    def now_ms(self) -> int:
        return self._at_ms


@contextmanager
def _at(at_ms: int) -> Iterator[None]:
    """Let this process write records with a time of the past, in ms since 1970 UTC."""
    before = clock.install(_Past(at_ms))
    try:
        yield
    finally:
        clock.install(before)


def add(room: Room, number: int) -> None:
    """Add the records of a class whose events have arrived. `number` varies what happened."""
    teacher = User.objects.get(taught_rooms__room=room)
    _mute(room, teacher)
    summary = summaries.current(room)
    if _acknowledge(room, summary, teacher, ACKNOWLEDGED_AFTER_MS[number % len(ACKNOWLEDGED_AFTER_MS)]):
        summary = summaries.refresh(room)
    absent = summary.people.filter(counts=True, status=Status.ABSENT).order_by("pk").first()
    if absent is not None and number % EXCUSED_IN_EVERY == 0:
        note = NOTES[number // EXCUSED_IN_EVERY % len(NOTES)]
        corrections.correct(access_to(teacher, room), absent, status=Status.EXCUSED, note=note)


def _mute(room: Room, teacher: User) -> None:
    """Record the command for the first event about a student who was muted."""
    events = StoredEvent.objects.filter(room=room, stream=Stream.ROOM, cmd=MUTED)
    for ts_ms, raw in events.order_by("sequence").values_list("ts_ms", "raw"):
        data = json.loads(raw)["data"]
        if data["muteChat"] == 1 and ts_ms is not None:
            with _at(ts_ms):
                record.done(
                    actor=teacher,
                    action="participant.mute_chat",
                    room_uuid=room.room_uuid,
                    target=data["userUuid"],
                    target_name=data["userName"],
                    outcome=Step.Kind.CONFIRMED,
                )
            return


def _acknowledge(room: Room, summary: ClassSummary, teacher: User, after_ms: int) -> bool:
    """Acknowledge the first alert of the class if it lasted long enough. Return whether there was one."""
    for alert in from_rows(summary.alerts):
        if alert.start + after_ms < alert.end:
            with _at(alert.start + after_ms):
                record.done(
                    actor=teacher,
                    action="wall.snooze",
                    room_uuid=room.room_uuid,
                    params={"reasons": [alert.kind], "minutes": 10},
                )
            return True
    return False
