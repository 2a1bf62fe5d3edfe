"""What a projection brings about: a room refresh, a search for recordings' files, reconciliation."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from classroom_admin.common import clock
from classroom_admin.events import RoomRow, Rows
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync.models import NUMBERED, Errand, RoomCursor

FILES_AFTER = timedelta(seconds=3)
END_SWEEP_AFTER = timedelta(seconds=5)


def plan(room: Room, *, before: RoomRow, rows: Rows) -> None:
    """Note what is due after a projection, in its transaction; nothing for most."""
    now = clock.cloud_now()
    errand = Errand.objects.filter(room=room)
    if rows.room.state != before.state:
        errand.update(profile_due_at=now, profile_failures=0)
        if rows.room.state in (RoomState.ENDED, RoomState.CLOSED):
            soon = now + END_SWEEP_AFTER
            RoomCursor.objects.filter(
                Q(sweep_due_at__isnull=True) | Q(sweep_due_at__gt=soon), room=room, stream__in=NUMBERED
            ).update(sweep_due_at=soon)
    ended = any(
        key[0] == "recording" and rows.recordings[str(key[1])].state != "recording"
        for key in rows.dirty
        if key[0] == "recording" and key[1] in rows.recordings
    )
    if ended:
        errand.filter(recordings_due_at__isnull=True).update(
            recordings_due_at=now + FILES_AFTER, recordings_asks=0
        )
