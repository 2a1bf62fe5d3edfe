"""Another client reads the events of the same App ID: we report it within a minute and lose no event."""

from __future__ import annotations

import os
from typing import Any

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import competing_reader, health, tasks
from classroom_admin.sync.models import MissedEvent
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import all_stored, assert_nothing_lost_nothing_twice
from tests.chaos.school import School
from tests.stepped_clock import SteppedClock

pytestmark = pytest.mark.django_db(transaction=True)

ROOMS = 4


@pytest.fixture
def school(sim: RunningSimulator, cloud: Client, own_clock: SteppedClock) -> School:
    sim.control("POST", "/clock", {"mode": "stepped"})
    school = School(sim, rooms=ROOMS, seed=4)
    seconds_pass(school, own_clock, 3, events=10)
    return school


def seconds_pass(
    school: School, own_clock: SteppedClock, seconds: int, *, events: int, until: Any = lambda: False
) -> int:
    """Run a busy school and the periodic tasks. Return the seconds until `until()` was true."""
    poller = Poller(tasks.client() or pytest.fail("no cloud is set up"))
    for second in range(seconds):
        if until():
            return second
        if events:
            school.happen(events)
        poller.poll()
        tasks.fill_gaps()
        tasks.reconcile()
        tasks.project_waiting(within_s=5)
        own_clock.step(1)
        if school.sim.cloud.clock.mode == "stepped":
            school.sim.step(1000)
    return seconds


LONG = bool(os.environ.get("CHAOS"))


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0] if LONG else [0.5, 1.0])
def test_competing_reader_is_named_within_a_minute_and_loses_no_events(
    sim: RunningSimulator, cloud: Client, own_clock: SteppedClock, school: School, share: float
) -> None:
    """`share`: the part of the events that the other client takes."""
    assert competing_reader.find() is None
    fault = sim.fault("foreign_reader", route="poll", params={"share": share})
    took_s = seconds_pass(school, own_clock, 90, events=6, until=competing_reader.find)
    print(f"\nshare {share}: named after {took_s} s")
    assert took_s <= 60
    named = health.health().competing_reader
    assert named is not None
    assert named.words.startswith("Another program seems to read the events of this App ID: ")
    assert "Another program seems to read" in health.in_one_line(health.health())

    sim.control("DELETE", f"/faults/{fault}")
    school.last_words()
    seconds_pass(school, own_clock, 60, events=0, until=lambda: all_stored(sim))
    assert_nothing_lost_nothing_twice(sim)
    own_clock.step(competing_reader.REPORTED_FOR.total_seconds())
    assert competing_reader.find() is None, "it is over"


@pytest.mark.parametrize("kind", ["lose_answer", "cut", "truncate"] if LONG else ["lose_answer"])
def test_lost_answers_are_not_a_competing_reader(
    sim: RunningSimulator, cloud: Client, own_clock: SteppedClock, school: School, kind: str
) -> None:
    sim.fault(kind, route="poll", probability=0.3)
    seconds_pass(school, own_clock, 90, events=6)
    assert competing_reader.find() is None
    assert not MissedEvent.objects.filter(confirmed_at__isnull=False).exists()


def test_ordinary_day_is_not_a_competing_reader(
    sim: RunningSimulator, cloud: Client, own_clock: SteppedClock, school: School
) -> None:
    """Reconciliation is ahead of the poll, events come out of order and twice, numbers are void."""
    sim.fault("reorder", route="poll")
    sim.fault("duplicate", route="poll")
    for _part in range(6):
        for uuid in school.uuids[:2]:
            sim.room(uuid, "void", count=2)
        school.happen(5)
        tasks.reconcile()
        seconds_pass(school, own_clock, 15, events=4)
    assert competing_reader.find() is None
    assert not MissedEvent.objects.filter(confirmed_at__isnull=False).exists()


def test_event_type_missing_from_the_stream_is_not_a_competing_reader(
    sim: RunningSimulator, cloud: Client, own_clock: SteppedClock, school: School
) -> None:
    sim.fault("withhold", params={"cmd": 1101})
    seconds_pass(school, own_clock, 90, events=6)
    assert not MissedEvent.objects.filter(cmd=1101, confirmed_at__isnull=False).exists()
    assert competing_reader.find() is None


def test_backlog_before_the_next_poll_does_not_count_as_missed(
    sim: RunningSimulator, cloud: Client, own_clock: SteppedClock, school: School
) -> None:
    """After a pause of an hour reconciliation is ahead of the stream: judge only at the end of the stream."""
    school.happen(300)
    own_clock.step(3600)
    tasks.reconcile()
    assert MissedEvent.objects.exists()
    own_clock.step(60)
    assert competing_reader.judge() == 0
    assert MissedEvent.objects.exists(), "not judged yet"
    seconds_pass(school, own_clock, 40, events=1)
    assert not MissedEvent.objects.filter(confirmed_at__isnull=False).exists()
