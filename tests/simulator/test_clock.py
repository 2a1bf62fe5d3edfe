"""The simulator's clock and timeline."""

import pytest

from classroom_admin.simulator.clock import STEPPED_START_MS, SimClock
from classroom_admin.simulator.testing import ControlFailed, running_simulator
from classroom_admin.simulator.world import World
from classroom_admin.simulator.world.timeline import Timeline
from tests.simulator.conftest import Api


class Machine:
    """A machine whose time the test sets."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


def clock_on(machine, **more):
    return SimClock(start_ms=1_000_000, monotonic=machine, **more)


def test_real_clock_follows_the_machine():
    machine = Machine()
    clock = clock_on(machine)
    machine.seconds += 1.5
    assert clock.now_ms() == 1_001_500


def test_speed_multiplies_real_time():
    machine = Machine()
    clock = clock_on(machine, speed=60)
    machine.seconds += 60
    assert clock.now_ms() == 1_000_000 + 3_600_000


def test_changed_clock_continues_from_now():
    machine = Machine()
    clock = clock_on(machine, speed=10)
    machine.seconds += 1
    clock.change(speed=1)
    machine.seconds += 1
    assert clock.now_ms() == 1_011_000
    clock.change(mode="stepped")
    machine.seconds += 1000
    assert clock.now_ms() == 1_011_000
    assert clock.step(5) == 1_011_005
    clock.change(mode="real")
    machine.seconds += 1
    assert clock.now_ms() == 1_012_005


def test_running_clock_cannot_be_stepped():
    with pytest.raises(ValueError, match="stepped first"):
        SimClock().step(1)


@pytest.mark.parametrize("speed", [0, -1])
def test_speed_must_be_positive(speed):
    with pytest.raises(ValueError, match="speed"):
        SimClock(speed=speed)


def test_clock_never_runs_backwards():
    with pytest.raises(ValueError, match="back"):
        SimClock(mode="stepped").step(-1)


def test_timeline_runs_effects_by_due_time_then_by_insertion():
    timeline, seen = Timeline(), []
    timeline.at(20, lambda: seen.append("b"))
    timeline.at(10, lambda: seen.append("a"))
    timeline.at(20, lambda: seen.append("c"))
    timeline.at(15, lambda: seen.append("never")).cancel()
    timeline.at(30, lambda: seen.append("later"))
    while (due := timeline.next_due(25)) is not None:
        due.effect()
    assert seen == ["a", "b", "c"]
    assert timeline.next_at() == 30


def test_busy_world_continues_in_later_ticks():
    """Effects that a tick does not reach run in the next one, in order. Until then the time stays behind."""
    world, seen = World(now_ms=0, app_id="x"), []
    for at_ms in range(1, 201):
        world.timeline.at(at_ms, lambda at_ms=at_ms: seen.append(at_ms))
    assert world.advance(500, go_on=lambda: False) is False
    assert (seen, world.now) == (list(range(1, 65)), 64)
    assert world.advance(500) is True
    assert (seen, world.now) == (list(range(1, 201)), 500)


def test_clock_is_stepped_over_http(sim, api):
    assert sim.control("GET", "/clock")["nowMs"] == STEPPED_START_MS
    assert sim.step(2500)["nowMs"] == STEPPED_START_MS + 2500
    assert api.get("/v2/configs").json()["ts"] == STEPPED_START_MS + 2500
    with pytest.raises(ControlFailed):
        sim.control("POST", "/clock", {"step": -1})


def test_stepping_a_running_clock_over_http_is_a_conflict():
    with running_simulator() as sim, pytest.raises(ControlFailed) as failed:
        sim.step(1000)
    assert failed.value.status == 409


def test_fast_clock_runs_a_whole_class():
    """At 100,000 times real time, a class starts, ends and closes without any steps."""
    with running_simulator(speed=100_000, plain=True) as sim:
        api = Api(sim)
        sim.make_room("fast", startTime=sim.world.now, duration=3600, closeDelay=600)
        states = []
        while len(states) < 3:
            states += [event["data"]["state"] for event in api.poll() if event["cmd"] == 1]
        assert states == [1, 2, 3]


def test_mode_can_be_changed_while_running(sim):
    changed = sim.control("POST", "/clock", {"mode": "real", "speed": 1000})
    assert (changed["mode"], changed["speed"]) == ("real", 1000)
    began = sim.control("GET", "/clock")["nowMs"]
    while sim.control("GET", "/clock")["nowMs"] < began + 1000:
        pass
    stopped = sim.control("POST", "/clock", {"mode": "stepped"})["nowMs"]
    assert sim.control("GET", "/clock")["nowMs"] == stopped


def test_start_time_can_be_set():
    with running_simulator(stepped=True, start_ms=1_000) as sim:
        assert sim.control("GET", "/clock")["nowMs"] == 1_000
