"""Polling stops before the disk is so full that events could not be stored, and resumes by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import InboxAnswer, Lease
from classroom_admin.sync.polling import DISK_PAUSE_S, Poller
from tests.stepped_clock import SteppedClock
from tests.sync.comparison import assert_all_stored_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite's disk can be measured"),
]
NO_DISK_HAS = 2**62


def a_class(sim: RunningSimulator, uuid: str) -> None:
    sim.make_room(uuid, state=1)
    sim.room(uuid, "enter", userUuid="t", userName="Ms Noether", role=1)


def test_polling_stops_while_the_disk_is_almost_full_and_no_event_is_lost(
    sim: RunningSimulator, poller: Poller, hands: SteppedClock, settings: Any
) -> None:
    a_class(sim, "before")
    assert poller.poll() is not None
    stored = InboxAnswer.objects.count()
    settings.DISK_RESERVE_BYTES = NO_DISK_HAS
    a_class(sim, "meanwhile")
    for _ in range(3):
        assert poller.poll() is None
        hands.step(DISK_PAUSE_S)
    assert InboxAnswer.objects.count() == stored
    assert json.loads(Lease.objects.get().last_error)["code"] == "poll_disk_full"
    settings.DISK_RESERVE_BYTES = 1
    assert poller.poll() is not None
    assert_all_stored_once(sim)
    assert Lease.objects.get().last_error == ""
    assert Lease.objects.get().last_good_at >= clock.now() - timedelta(seconds=1)
