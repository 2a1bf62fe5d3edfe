"""All processes share a request limit per second: commands first, then the poll, then background work."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin import agora
from classroom_admin.agora.calls import KickUser
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.event_calls import PollEvents, RoomEvents
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.request_limiter import (
    LONGEST_DEBT_S,
    Pace,
    SharedLimiter,
    in_background,
    reserve,
    take_what_is_left,
)
from tests.chaos.processes import ProcessGroup
from tests.stepped_clock import SteppedClock

pytestmark = pytest.mark.django_db(transaction=True)
APP = "0123456789abcdef0123456789abcdef"
KICK = KickUser(room_uuid="r", user_uuid="u")
EVENTS = RoomEvents(room_uuid="r")


@given(
    bound=st.floats(0.2, 100),
    asks=st.lists(st.tuples(st.floats(0, 0.4), st.booleans()), min_size=1, max_size=200),
)
def test_no_second_has_more_requests_than_the_limit(bound: float, asks: list[tuple[float, bool]]) -> None:
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


def test_command_goes_before_the_poll_and_background_work(own_clock: SteppedClock) -> None:
    background = SharedLimiter(APP, 20.0, sleep=own_clock.step)
    commands = SharedLimiter(APP, 20.0, sleep=own_clock.step)
    with in_background():
        began = clock.monotonic()
        for _request in range(150):
            assert background.wait_s(EVENTS) == 0
        took_s = clock.monotonic() - began
    assert 150 / 20 <= took_s <= 150 / 15, "it uses all that is left, and no more"
    assert [commands.wait_s(KICK) for _ in range(2)] == [0, 0], "reserved for commands"
    for _command in range(14):
        commands.wait_s(KICK)
    ahead_s = commands.wait_s(PollEvents())
    assert 0.7 < ahead_s < 1.2, "the poll after the commands"
    with in_background():
        began = clock.monotonic()
        assert background.wait_s(EVENTS) == 0
    assert clock.monotonic() - began >= ahead_s, "background work after both"


def test_background_work_gets_a_request_among_many_commands(own_clock: SteppedClock) -> None:
    commands = SharedLimiter(APP, 1.0)

    def busy(seconds: float) -> None:
        own_clock.step(seconds)
        commands.wait_s(KICK)

    with in_background():
        began = clock.monotonic()
        SharedLimiter(APP, 1.0, sleep=busy).wait_s(EVENTS)
    assert clock.monotonic() - began < 60


def test_background_work_knows_its_share_without_waiting(own_clock: SteppedClock) -> None:
    limiter = SharedLimiter(APP, 20.0)
    assert limiter.free_for_background() == 15, "the rest is for commands and the poll"
    for _command in range(15):
        limiter.wait_s(KICK)
    began = clock.monotonic()
    assert limiter.free_for_background() == 4
    for _command in range(20):
        limiter.wait_s(KICK)
    assert limiter.free_for_background() == 1, "one request, after the reserved ones"
    assert clock.monotonic() == began
    own_clock.step(10)
    assert limiter.free_for_background() == 15
    assert SharedLimiter(APP, 0.0).free_for_background() is None


def test_clock_set_back_keeps_the_limit(own_clock: SteppedClock) -> None:
    limiter = SharedLimiter(APP, 10.0)
    for _request in range(5):
        limiter.wait_s(KICK)
    own_clock.set_wall(clock.from_ms(clock.now_ms() - 3_600_000))
    waits = [limiter.wait_s(KICK) for _request in range(10)]
    assert waits == sorted(waits)
    assert waits[-1] <= 10 / 8 + 0.5


def test_several_threads_share_the_limit() -> None:
    waits: list[float] = []

    def ask() -> None:
        limiter = SharedLimiter(APP, 50.0)
        waits.extend(limiter.wait_s(KICK) for _ in range(15))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    began = clock.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pace = Pace.of(50.0)
    assert max(waits) + clock.monotonic() - began >= (60 - pace.burst) / pace.per_second - 0.1


def test_every_client_shares_the_limit() -> None:
    config = CloudConfig(region="na", app_id=APP, app_certificate=APP, uid="server")
    client = agora.client_for(config)
    assert client.transport.limiter.__func__ is SharedLimiter.wait_s


def test_three_processes_share_the_limit(sim: RunningSimulator, hire: Callable[..., ProcessGroup]) -> None:
    """The simulator counts, and refuses the 21st request in any second."""
    for number in range(60):
        sim.make_room(f"r{number}", state=1)
    fault = sim.fault("budget", params={"perSecond": 21})
    processes = hire(sim, per_second=20.0)
    for role in ("poll", "work", "work"):
        processes.start(role)
    before = sim.cloud.requests
    began = clock.monotonic()
    while sim.cloud.requests - before < 120:
        assert clock.monotonic() - began < 60
        assert not processes.ended(within_s=0.1), processes.failures()
    took_s = clock.monotonic() - began
    processes.dismiss()
    assert 120 / took_s <= 21
    refused = {each["id"]: each["hits"] for each in sim.control("GET", "/faults")["faults"]}[fault]
    assert refused <= 2, "only requests that were delayed on the way"
