"""Requests a second, for all processes together: people's commands first, then the poll, then the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin import agora
from classroom_admin.agora import calls
from classroom_admin.agora.config import CloudConfig
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.shared_budget import (
    LONGEST_DEBT_S,
    Pace,
    SharedBudget,
    in_background,
    reserve,
    take_what_is_left,
)
from tests.chaos.crew import Crew

pytestmark = pytest.mark.django_db(transaction=True)
APP = "0123456789abcdef0123456789abcdef"


@given(
    bound=st.floats(0.2, 100),
    asks=st.lists(st.tuples(st.floats(0, 0.4), st.booleans()), min_size=1, max_size=200),
)
def test_in_no_second_are_there_more_than_the_bound(bound: float, asks: list[tuple[float, bool]]) -> None:
    pace = Pace.of(bound)
    now, filled, tokens = 0.0, 0.0, pace.burst
    sent: list[float] = []
    for pause, is_command in asks:
        now += pause
        tokens, filled = min(pace.burst, tokens + (now - filled) * pace.per_second), now
        tokens, wait = reserve(tokens, pace) if is_command else take_what_is_left(tokens, pace)
        if wait == 0 or (is_command and wait <= LONGEST_DEBT_S):
            sent.append(now + wait)
    most = max(1.0, bound)
    for first in sent:
        assert sum(first <= moment < first + 1 - 1e-6 for moment in sent) <= most + 1


def test_a_command_finds_a_turn_though_background_work_takes_all_it_can(hands: clock.SteppedClock) -> None:
    sweeping = SharedBudget(APP, 20.0, sleep=hands.step)
    commands = SharedBudget(APP, 20.0, sleep=hands.step)
    with in_background():
        began = clock.monotonic()
        for _request in range(150):
            assert sweeping.wait_s(calls.ROOM_EVENTS) == 0
        took_s = clock.monotonic() - began
    assert 150 / 20 <= took_s <= 150 / 15, "all that is left is used, and no more"
    assert [commands.wait_s(calls.KICK) for _ in range(2)] == [0, 0], "kept for them"
    for _command in range(14):
        commands.wait_s(calls.KICK)
    ahead_s = commands.wait_s(calls.POLL_EVENTS)
    assert 0.7 < ahead_s < 1.2, "the poll after the commands"
    with in_background():
        began = clock.monotonic()
        assert sweeping.wait_s(calls.ROOM_EVENTS) == 0
    assert clock.monotonic() - began >= ahead_s, "sweeps after both"


def test_background_work_is_never_starved(hands: clock.SteppedClock) -> None:
    commands = SharedBudget(APP, 1.0)

    def busy(seconds: float) -> None:
        hands.step(seconds)
        commands.wait_s(calls.KICK)

    with in_background():
        began = clock.monotonic()
        SharedBudget(APP, 1.0, sleep=busy).wait_s(calls.ROOM_EVENTS)
    assert clock.monotonic() - began < 60


def test_a_clock_that_was_set_back_gives_nothing_away_and_ends_nothing(hands: clock.SteppedClock) -> None:
    budget = SharedBudget(APP, 10.0)
    for _request in range(5):
        budget.wait_s(calls.KICK)
    hands.set_wall(clock.from_ms(clock.now_ms() - 3_600_000))
    waits = [budget.wait_s(calls.KICK) for _request in range(10)]
    assert waits == sorted(waits)
    assert waits[-1] <= 10 / 8 + 0.5


def test_several_threads_together_keep_to_it() -> None:
    waits: list[float] = []

    def ask() -> None:
        budget = SharedBudget(APP, 50.0)
        waits.extend(budget.wait_s(calls.KICK) for _ in range(15))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    began = clock.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pace = Pace.of(50.0)
    assert max(waits) + clock.monotonic() - began >= (60 - pace.burst) / pace.per_second - 0.1


def test_every_client_of_the_house_shares_it() -> None:
    config = CloudConfig(region="na", app_id=APP, app_certificate=APP, uid="server")
    client = agora.client_for(config)
    assert isinstance(client.transport._budget, SharedBudget)


def test_two_processes_together_stay_below_the_bound(
    sim: RunningSimulator, hire: Callable[..., Crew]
) -> None:
    """Counted by the simulator, which refuses the 21st request in any second."""
    for number in range(60):
        sim.make_room(f"r{number}", state=1)
    fault = sim.fault("budget", params={"perSecond": 21})
    crew = hire(sim, per_second=20.0)
    for role in ("poll", "work", "work"):
        crew.start(role)
    before = sim.cloud.requests
    began = clock.monotonic()
    while sim.cloud.requests - before < 120:
        assert clock.monotonic() - began < 60
        assert not crew.ended(within_s=0.1), crew.failures()
    took_s = clock.monotonic() - began
    crew.dismiss()
    assert 120 / took_s <= 21
    refused = {each["id"]: each["hits"] for each in sim.control("GET", "/faults")["faults"]}[fault]
    assert refused <= 2, "requests that queued up on their way"
