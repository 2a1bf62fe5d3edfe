"""The cloud is away for a while, and comes back: nothing is lost that it still has. (Invariants 1 and 4.)"""

from __future__ import annotations

import os

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.rooms.models import Gap
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import background, health, reconciliation
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import assert_nothing_lost_nothing_twice
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)
LONG = bool(os.environ.get("CHAOS"))


@pytest.fixture
def lesson(sim: RunningSimulator, impatient: Client, hands: clock.SteppedClock) -> RunningSimulator:
    """Two classes on a stepped clock, of which one ends by itself in 20 minutes."""
    sim.control("POST", "/reset", {"stepped": True, "plain": True, "startMs": clock.now_ms()})
    sim.make_room("short", roomName="Short", state=1, duration=1200, closeDelay=60)
    sim.make_room("long", roomName="Long", state=1)
    for uuid in ("short", "long"):
        sim.room(uuid, "enter", userUuid="p1", userName="Ada")
    assert sync_once() == ""
    return sim


def minutes_pass(
    sim: RunningSimulator, hands: clock.SteppedClock, seconds: float, *, every_s: int = 15
) -> None:
    """Time passes for both, and the beats go on; now and then a person writes."""
    poller = Poller(background.client() or pytest.fail("no cloud is set up"))
    for turn in range(int(seconds) // every_s):
        if turn % 4 == 0:
            sim.room("long", "chat", userUuid="p1", message=f"after {turn * every_s} s")
        sim.step(every_s * 1000)
        hands.step(every_s)
        poller.poll()
        background.fill_gaps()
        background.reconcile()
        background.refresh_rooms()
        background.project_due(within_s=5)


@pytest.mark.parametrize("away_s", [30, 300, 1800, 3300])
@pytest.mark.parametrize("drained", [False, True] if LONG else [True])
def test_outage(lesson: RunningSimulator, hands: clock.SteppedClock, away_s: int, drained: bool) -> None:
    """30 s, 5 min, 30 min, 55 min; `drained`: the cloud's last answer before it was lost as well."""
    if drained:
        lesson.fault("lose_answer", route="poll", count=1)
        lesson.room("short", "chat", userUuid="p1", message="drained, then the cloud was gone")
    fault = lesson.fault("refuse", **({"afterCalls": 1} if drained else {}))
    minutes_pass(lesson, hands, away_s, every_s=max(15, away_s // 12))
    assert health.health().last_error
    lesson.control("DELETE", f"/faults/{fault}")
    minutes_pass(lesson, hands, 180, every_s=30)
    assert health.health().last_error == ""
    assert_nothing_lost_nothing_twice(lesson)
    assert not Gap.objects.exists()


def test_outage_beyond_the_room(lesson: RunningSimulator, hands: clock.SteppedClock) -> None:
    """Asked for only after the room was destroyed: a gap is shown, and the rest of the school is whole."""
    fault = lesson.fault("refuse")
    lesson.room("short", "chat", userUuid="p1", message="nobody will ever read this")
    minutes_pass(lesson, hands, 1200 + 60 + 3600 + 140, every_s=100)
    lesson.control("DELETE", f"/faults/{fault}")
    minutes_pass(lesson, hands, 300)
    here = room("short")
    assert here.gone_at is not None
    assert list(Gap.objects.values_list("room__room_uuid", "stream", "first")) == [
        ("short", "room", here.last_sequence + 1)
    ]
    assert room("long").last_sequence == lesson.world.rooms["long"].logs["room"].last


def test_outage_backs_off_and_comes_back_by_itself(
    lesson: RunningSimulator, hands: clock.SteppedClock
) -> None:
    """While it is away the cloud is asked less often, and within ten seconds of its return all goes on."""
    fault = lesson.fault("refuse")
    before = lesson.cloud.requests
    minutes_pass(lesson, hands, 60, every_s=1)
    asked = lesson.cloud.requests - before
    assert 6 <= asked <= 200, (
        f"{asked} requests in a minute"
    )  # waits are spread by chance: 164 to 181 were seen
    lesson.control("DELETE", f"/faults/{fault}")
    lesson.room("long", "chat", userUuid="p1", message="it is back")
    minutes_pass(lesson, hands, 10, every_s=1)
    assert room("long").last_sequence == lesson.world.rooms["long"].logs["room"].last
    assert reconciliation.LONGEST_BACK_OFF_S <= 120
