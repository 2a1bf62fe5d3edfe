"""Store notices, in the transaction of the change that they are about.

All notices of a room are stored while the room is locked. So two processes never store the same one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from classroom_admin.actions import scheduled
from classroom_admin.common import clock
from classroom_admin.events import RoomRow, Rows
from classroom_admin.integrations.notices import occurrences, receivers
from classroom_admin.integrations.notices.models import Handover, Notice
from classroom_admin.integrations.notices.occurrences import Occurrence
from classroom_admin.rooms.models import Participant, Recording, Room, RoomState
from classroom_admin.sync import signals

HAND_OVER = "notices.hand_over"


def connect() -> None:
    """Store notices about changes of classes from now on."""
    signals.projected.connect(_projected, dispatch_uid="notices")
    signals.recording_files_found.connect(_recording_files_found, dispatch_uid="notices")
    signals.gone.connect(_gone, dispatch_uid="notices")


def record(room: Room, found: Iterable[Occurrence]) -> list[Notice]:
    """Store a notice for each recent occurrence that has none, and return the new ones.

    The room must be locked. The receivers get the notices after the transaction.
    """
    now = clock.cloud_now()
    numbered = {one.number(room.room_uuid): one for one in found if one.is_recent(now)}
    if not numbered:
        return []
    known = set(Notice.objects.filter(number__in=list(numbered)).values_list("number", flat=True))
    new = [
        Notice(
            number=number,
            kind=one.kind,
            room=room,
            at=one.at,
            data=one.data,
            awaits_attendance=one.kind == Notice.Kind.CLASS_ENDED,
        )
        for number, one in numbered.items()
        if number not in known
    ]
    if any(one.kind == Notice.Kind.CLASS_STARTED for one in new):
        Notice.objects.filter(room=room, awaits_attendance=True).update(awaits_attendance=False)
    stored = Notice.objects.bulk_create(new)
    names = receivers.names()
    Handover.objects.bulk_create(Handover(notice=one, receiver=name) for one in stored for name in names)
    if stored and names:
        scheduled.wake_up(HAND_OVER)
    return stored


def _projected(*, room: Room, before: RoomRow, rows: Rows, **_: Any) -> None:
    if room.parent_id is not None:
        return
    found = list(occurrences.of_states(before, rows.room))
    if removals := _recent(occurrences.removals(rows)):
        people = Participant.objects.filter(room=room, user_uuid__in={one.user_uuid for one in removals})
        keys = dict(people.values_list("user_uuid", "pk"))
        found += [occurrences.removed(one, keys.get(one.user_uuid)) for one in removals]
    if found:
        record(room, found)


def _recent(removals: list[occurrences.Removal]) -> list[occurrences.Removal]:
    earliest = clock.cloud_now() - occurrences.LATEST
    return [one for one in removals if one.at > earliest]


def _recording_files_found(*, room: Room, recording: Recording, **_: Any) -> None:
    record(room, [occurrences.recorded(recording, clock.cloud_now())])


def _gone(*, room: Room, **_: Any) -> None:
    if room.parent_id is None and room.state == RoomState.STARTED and room.started_at is not None:
        record(room, [occurrences.ended(room, gone_at=clock.cloud_now())])
