"""The last reconciliation comes before the earliest moment at which the cloud may destroy the room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync.models import Stream
from classroom_admin.sync.reconciliation import Pace, last_chance, next_reconciliation

END = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PACE = Pace.of(1, per_second=20)


@pytest.mark.parametrize("left", [None, -50, -20, 0, 5, 40])
@pytest.mark.parametrize("closed", [None, 10])
def test_last_reconciliation_is_before_the_earliest_of_three_destructions(left, closed):
    room = Room(state=RoomState.CLOSED if closed else RoomState.ENDED, ended_at=END)
    room.closed_at = END + closed * MINUTE if closed else None
    left_at = None if left is None else END + left * MINUTE
    now, asked = END, []
    while (moment := next_reconciliation(room, Stream.ROOM, now=now, pace=PACE, left_at=left_at)) is not None:
        # An ended class is live for an hour after its end, until it closes.
        if moment >= END + HOUR:
            break
        asked.append(moment)
        now = moment
    earliest = min(END, left_at or END) + HOUR
    in_time = [moment for moment in asked if moment <= earliest]
    assert in_time
    assert earliest - max(in_time) <= 10 * MINUTE, "nothing after this reconciliation is likely to be missed"


def test_departure_before_the_end_brings_the_last_reconciliation_forward():
    assert last_chance(END, END - 30 * MINUTE) == END + 20 * MINUTE
    assert last_chance(END, END + 5 * MINUTE) == END + 50 * MINUTE
    assert last_chance(END, None) == END + 50 * MINUTE
