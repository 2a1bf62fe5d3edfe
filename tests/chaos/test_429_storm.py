"""The cloud answers "too many requests" for minutes: we send fewer, and lose no event. (Invariant 1.)"""

from __future__ import annotations

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import health
from classroom_admin.sync.models import Lease, SequenceGap
from classroom_admin.sync.polling import LONGEST_PAUSE_S, Poller
from tests.chaos.checks import all_stored, assert_nothing_lost_nothing_twice
from tests.chaos.school import School
from tests.chaos.test_competing_reader import seconds_pass
from tests.stepped_clock import SteppedClock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("retry_after", [None, 3])
def test_429_storm_is_obeyed_and_loses_no_event(
    sim: RunningSimulator, quick_client: Client, own_clock: SteppedClock, retry_after: int | None
) -> None:
    """The cloud refuses most requests of every type for two minutes."""
    school = School(sim, rooms=6, seed=5)
    seconds_pass(school, own_clock, 3, events=5)
    params = {} if retry_after is None else {"retryAfter": retry_after}
    fault = sim.fault("too_many", probability=0.8, params=params)
    before = sim.cloud.requests
    seconds_pass(school, own_clock, 120, events=5)
    hits = {each["id"]: each["hits"] for each in sim.control("GET", "/faults")["faults"]}[fault]
    assert hits > 20
    assert sim.cloud.requests - before < 120 * 20, "fewer requests, not more"
    sim.control("DELETE", f"/faults/{fault}")
    school.last_words()
    seconds_pass(school, own_clock, 130, events=0, until=lambda: all_stored(sim))
    assert_nothing_lost_nothing_twice(sim)
    assert not SequenceGap.objects.filter(state=SequenceGap.State.OPEN).exists()
    assert health.health().last_error is None


def test_429_storm_of_the_poll_is_shown_and_obeyed(
    sim: RunningSimulator, quick_client: Client, own_clock: SteppedClock
) -> None:
    sim.make_room("r1", state=1)
    sim.fault("too_many", route="poll", count=1, params={"retryAfter": 7})
    poller = Poller(quick_client)
    assert poller.poll() is not None
    asked = sim.cloud.requests
    for _second in range(6):
        own_clock.step(1)
        assert poller.poll() is None
    assert sim.cloud.requests == asked
    assert health.health().last_error == Problem("poll_rate_limited")
    own_clock.step(1)
    assert poller.poll() is not None
    assert health.health().last_error is None


def test_429_storm_pauses_for_at_most_an_hour(
    sim: RunningSimulator, quick_client: Client, own_clock: SteppedClock
) -> None:
    """A `Retry-After` of a year counts as an hour at most, because rooms are destroyed after an hour."""
    sim.fault("too_many", route="poll", count=1, params={"retryAfter": 31_536_000})
    Poller(quick_client).poll()
    until = Lease.objects.get(app_id=sim.app_id).not_before
    assert until is not None
    assert (until - clock.now()).total_seconds() <= LONGEST_PAUSE_S
