"""Polling, gap filling and projection continue when the wall clock is set back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import gap_filling, projector
from classroom_admin.sync.models import Lease, RoomCursor, SequenceGap
from classroom_admin.sync.polling import Poller
from tests.stepped_clock import SteppedClock
from tests.sync.comparison import assert_all_stored_once
from tests.sync.conftest import room

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("hours", [-1, 1])
def test_pause_of_polling_ends_when_the_clock_jumps(
    sim: RunningSimulator, poller: Poller, hands: SteppedClock, hours: int
) -> None:
    assert poller.poll() is not None
    now = clock.now()
    Lease.objects.update(last_poll_at=now, not_before=now + timedelta(seconds=8))
    sim.make_room("one", state=1)
    assert poller.poll() is None
    hands.set_wall(now + timedelta(hours=hours))
    assert poller.poll() is not None
    assert_all_stored_once(sim)


def test_gap_does_not_stop_projection_when_the_clock_is_set_back(
    sim: RunningSimulator, cloud: Client, poller: Poller, hands: SteppedClock
) -> None:
    sim.make_room("one", state=1)
    assert poller.poll() is not None
    here = room("one")
    now = clock.now()
    SequenceGap.objects.create(room=here, stream="room", first=90, last=90, found_at=now, ask_due_at=now)
    RoomCursor.objects.filter(room=here).update(project_due_at=now + projector.GAP_HOLDS)
    assert projector.due_rooms() == []
    assert "room" in projector._young_gaps([here.pk])[here.pk], "the projection waits for the event"

    hands.set_wall(now - timedelta(seconds=30))
    assert projector.due_rooms() == [], "the clocks of two servers may differ as much"
    assert gap_filling.fill_due(cloud).requests == 0

    hands.set_wall(now - timedelta(hours=1))
    assert projector.due_rooms() == [here.pk]
    assert projector._young_gaps([here.pk]) == {}
    assert gap_filling.fill_due(cloud).requests > 0
