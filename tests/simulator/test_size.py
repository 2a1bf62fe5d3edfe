"""Large worlds. Speed is measured in CPU time, so a busy machine does not matter."""

import time

import pytest

from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.school import start_lessons
from classroom_admin.simulator.settings import SimulatorSettings


def test_2000_events_a_second_are_emitted_and_polled():
    cloud = Cloud(SimulatorSettings(stepped=True))
    start_lessons(cloud.world, rooms=200, students=30, minutes=60)
    read, began = 0, time.process_time()
    for second in range(60):
        cloud.clock.step(1000)
        cloud.tick()
        events = cloud.world.hand_out(limit=5000, reader="bench", request_id=str(second))
        read += len(b",".join(event.raw for event in events)) > 0
    spent = time.process_time() - began
    assert read > 50
    assert cloud.world.emitted > 10_000
    assert cloud.world.emitted / spent > 2000


@pytest.mark.long
def test_1000_rooms_of_30_run():
    cloud = Cloud(SimulatorSettings(stepped=True))
    made = start_lessons(cloud.world, rooms=1000, students=30, minutes=60)
    cloud.clock.step(30_000)
    cloud.tick()
    assert len(made) == len(cloud.world.rooms) == 1000
    assert all(len(room.users) == 31 for room in cloud.world.rooms.values())
