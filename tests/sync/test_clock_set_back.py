"""Polling continues when the wall clock is set back during a pause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import Lease
from classroom_admin.sync.polling import Poller
from tests.stepped_clock import SteppedClock
from tests.sync.comparison import assert_all_stored_once

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
