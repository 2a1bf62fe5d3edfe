"""A competing reader of the App ID is reported within a minute, and no event is lost."""

from __future__ import annotations

import os
from typing import Any

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import background, competing_reader, health
from classroom_admin.sync.models import MissedEvent
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import all_here, assert_nothing_lost_nothing_twice
from tests.chaos.school import School

pytestmark = pytest.mark.django_db(transaction=True)

ROOMS = 4


@pytest.fixture
def school(sim: RunningSimulator, cloud: Client, hands: clock.SteppedClock) -> School:
    sim.control("POST", "/clock", {"mode": "stepped"})
    school = School(sim, rooms=ROOMS, seed=4)
    seconds_pass(school, hands, 3, events=10)
    return school


def seconds_pass(
    school: School, hands: clock.SteppedClock, seconds: int, *, events: int, until: Any = lambda: False
) -> int:
    """A school lives and the beats go on; gives the seconds until `until` was true."""
    poller = Poller(background.client() or pytest.fail("no cloud is set up"))
    for second in range(seconds):
        if until():
            return second
        if events:
            school.happen(events)
        poller.poll()
        background.fill_gaps()
        background.reconcile()
        background.project_due(within_s=5)
        hands.step(1)
        if school.sim.cloud.clock.mode == "stepped":
            school.sim.step(1000)
    return seconds


LONG = bool(os.environ.get("CHAOS"))


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0] if LONG else [0.5, 1.0])
def test_a_competing_reader_is_reported_and_nothing_is_lost(
    sim: RunningSimulator, cloud: Client, hands: clock.SteppedClock, school: School, share: float
) -> None:
    """Noticed and named within 60 s, also one that takes everything; and nothing is lost meanwhile."""
    assert competing_reader.find() is None
    fault = sim.fault("foreign_reader", route="poll", params={"share": share})
    took_s = seconds_pass(school, hands, 90, events=6, until=competing_reader.find)
    print(f"\nshare {share}: named after {took_s} s")
    assert took_s <= 60
    named = health.health().competing_reader
    assert named is not None
    assert named.words.startswith("Another program seems to read the events of this App ID: ")
    assert "Another program seems to read" in health.in_one_line(health.health())

    sim.control("DELETE", f"/faults/{fault}")
    school.last_words()
    seconds_pass(school, hands, 60, events=0, until=lambda: all_here(sim))
    assert_nothing_lost_nothing_twice(sim)
    hands.step(competing_reader.NAMED_FOR.total_seconds())
    assert competing_reader.find() is None, "it is over"


@pytest.mark.parametrize("kind", ["lose_answer", "cut", "truncate"] if LONG else ["lose_answer"])
def test_answers_that_we_lost_ourselves_are_no_competing_reader(
    sim: RunningSimulator, cloud: Client, hands: clock.SteppedClock, school: School, kind: str
) -> None:
    sim.fault(kind, route="poll", probability=0.3)
    seconds_pass(school, hands, 90, events=6)
    assert competing_reader.find() is None
    assert not MissedEvent.objects.filter(confirmed_at__isnull=False).exists()


def test_an_ordinary_day_is_no_competing_reader(
    sim: RunningSimulator, cloud: Client, hands: clock.SteppedClock, school: School
) -> None:
    """Reconciliation that is ahead of the poll, events out of order and twice, void numbers."""
    sim.fault("reorder", route="poll")
    sim.fault("duplicate", route="poll")
    for _part in range(6):
        for uuid in school.uuids[:2]:
            sim.room(uuid, "void", count=2)
        school.happen(5)
        background.reconcile()
        seconds_pass(school, hands, 15, events=4)
    assert competing_reader.find() is None
    assert not MissedEvent.objects.filter(confirmed_at__isnull=False).exists()


def test_a_kind_that_the_cloud_keeps_out_of_the_stream_is_no_competing_reader(
    sim: RunningSimulator, cloud: Client, hands: clock.SteppedClock, school: School
) -> None:
    sim.fault("withhold", params={"cmd": 1101})
    seconds_pass(school, hands, 90, events=6)
    assert not MissedEvent.objects.filter(cmd=1101, confirmed_at__isnull=False).exists()
    assert competing_reader.find() is None


def test_a_backlog_that_the_poll_has_not_come_to_yet_is_not_missed(
    sim: RunningSimulator, cloud: Client, hands: clock.SteppedClock, school: School
) -> None:
    """After an hour's sleep reconciliation is quicker than the stream: judge when the stream is at its end."""
    school.happen(300)
    hands.step(3600)
    background.reconcile()
    assert MissedEvent.objects.exists()
    hands.step(60)
    assert competing_reader.judge() == 0
    assert MissedEvent.objects.exists(), "not judged yet"
    seconds_pass(school, hands, 40, events=1)
    assert not MissedEvent.objects.filter(confirmed_at__isnull=False).exists()
