"""The cloud is unreachable for a while: no event that it still has is lost. (Invariants 1 and 4.)"""

from __future__ import annotations

import os

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.rooms.models import Gap
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import health, reconciliation, tasks
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import assert_nothing_lost_nothing_twice
from tests.stepped_clock import SteppedClock
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)
LONG = bool(os.environ.get("CHAOS"))


@pytest.fixture
def class_sim(sim: RunningSimulator, quick_client: Client, own_clock: SteppedClock) -> RunningSimulator:
    """Start two classes on a stepped clock; one ends by itself after 20 minutes."""
    sim.control("POST", "/reset", {"stepped": True, "plain": True, "startMs": clock.now_ms()})
    sim.make_room("short", roomName="Short", state=1, duration=1200, closeDelay=60)
    sim.make_room("long", roomName="Long", state=1)
    for uuid in ("short", "long"):
        sim.room(uuid, "enter", userUuid="p1", userName="Ada")
    assert sync_once() == ""
    return sim


def time_passes(sim: RunningSimulator, own_clock: SteppedClock, seconds: float, *, every_s: int = 15) -> None:
    """Step both clocks and run the periodic tasks; a student writes a chat message now and then."""
    poller = Poller(tasks.client() or pytest.fail("no cloud is set up"))
    for turn in range(int(seconds) // every_s):
        if turn % 4 == 0:
            sim.room("long", "chat", userUuid="p1", message=f"after {turn * every_s} s")
        sim.step(every_s * 1000)
        own_clock.step(every_s)
        poller.poll()
        tasks.fill_gaps()
        tasks.reconcile()
        tasks.refresh_rooms()
        tasks.project_waiting(within_s=5)


@pytest.mark.parametrize("outage_s", [30, 300, 1800, 3300])
@pytest.mark.parametrize("drained", [False, True] if LONG else [True])
def test_outage_loses_no_event_that_the_cloud_still_has(
    class_sim: RunningSimulator, own_clock: SteppedClock, outage_s: int, drained: bool
) -> None:
    """`outage_s`: length of the outage. `drained`: the last answer before it is lost too."""
    if drained:
        class_sim.fault("lose_answer", route="poll", count=1)
        class_sim.room("short", "chat", userUuid="p1", message="drained, then the cloud was gone")
    fault = class_sim.fault("refuse", **({"afterCalls": 1} if drained else {}))
    time_passes(class_sim, own_clock, outage_s, every_s=max(15, outage_s // 12))
    assert health.health().last_error
    class_sim.control("DELETE", f"/faults/{fault}")
    time_passes(class_sim, own_clock, 180, every_s=30)
    assert health.health().last_error is None
    assert_nothing_lost_nothing_twice(class_sim)
    assert not Gap.objects.exists()


def test_outage_longer_than_the_life_of_a_room_shows_a_gap(
    class_sim: RunningSimulator, own_clock: SteppedClock
) -> None:
    """The room is destroyed before the cloud is back: it has a gap, and the other class is complete."""
    fault = class_sim.fault("refuse")
    class_sim.room("short", "chat", userUuid="p1", message="nobody will ever read this")
    time_passes(class_sim, own_clock, 1200 + 60 + 3600 + 140, every_s=100)
    class_sim.control("DELETE", f"/faults/{fault}")
    time_passes(class_sim, own_clock, 300)
    here = room("short")
    assert here.gone_at is not None
    assert list(Gap.objects.values_list("room__room_uuid", "stream", "first")) == [
        ("short", "room", here.last_sequence + 1)
    ]
    assert room("long").last_sequence == class_sim.world.rooms["long"].logs["room"].last


def test_outage_backs_off_and_recovers_within_ten_seconds(
    class_sim: RunningSimulator, own_clock: SteppedClock
) -> None:
    """Ask less often during the outage, and continue within ten seconds after it."""
    fault = class_sim.fault("refuse")
    before = class_sim.cloud.requests
    time_passes(class_sim, own_clock, 60, every_s=1)
    asked = class_sim.cloud.requests - before
    # Waits are random: 164 to 181 requests were counted.
    assert 6 <= asked <= 200, f"{asked} requests in a minute"
    class_sim.control("DELETE", f"/faults/{fault}")
    class_sim.room("long", "chat", userUuid="p1", message="it is back")
    time_passes(class_sim, own_clock, 10, every_s=1)
    assert room("long").last_sequence == class_sim.world.rooms["long"].logs["room"].last
    assert reconciliation.LONGEST_BACK_OFF_S <= 120
