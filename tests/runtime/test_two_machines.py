"""`serve` on two machines of a district: one PostgreSQL, one Redis. Where the suite has neither, on one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from classroom_admin.rooms.models import ChatMessage, Participant, Room
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.operations.test_commands import MANAGE, READY, Program
from tests.runtime.processes import marked, wait_for
from tests.sync.comparison import emitted, stored
from tests.sync.test_lease import environment

MACHINES = 1 if connection.vendor == "sqlite" else 2
WITHIN_S = 60

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as simulator:
        yield simulator


@pytest.fixture
def machines(sim: RunningSimulator, tmp_path: Path) -> Iterator[list[Program]]:
    env = environment(sim) | {"SECRET_KEY": settings.SECRET_KEY}
    named = {
        name: value for name, value in env.items() if name.startswith(("AGORA_", "DATABASE_", "SECRET_"))
    }
    if broker := os.environ.get("CELERY_BROKER_URL"):
        named["CELERY_BROKER_URL"] = broker
    started = [
        Program(*MANAGE, "serve", data_dir=tmp_path / f"machine-{number}", **named)
        for number in range(MACHINES)
    ]
    yield started
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(timeout=30)
        wait_for(lambda p=program: not marked(p.mark))


def a_class(sim: RunningSimulator, uuid: str) -> None:
    sim.make_room(uuid, roomName=f"Class {uuid}", state=1)
    sim.room(uuid, "enter", userUuid="t", userName="Ms Noether", role=1)
    sim.room(uuid, "enter", userUuid="p", userName="Ådne \N{GRINNING FACE} \u202e<b>")
    sim.room(uuid, "chat", userUuid="p", message="a zero byte: \0, and the end")


def wait_until_all_is_here(sim: RunningSimulator) -> None:
    wait_for(lambda: set(stored()) == set(emitted(sim)), within_s=WITHIN_S)
    wait_for(
        lambda: all(
            (here := Room.objects.get(room_uuid=room["roomUuid"])).event_count == room["last"]["room"]
            and here.name == room["roomName"]
            for room in sim.oracle(events=0)["rooms"]
        ),
        within_s=WITHIN_S,
    )


def test_all_events_are_stored_once_and_the_other_machine_continues(
    sim: RunningSimulator, machines: list[Program]
) -> None:
    for number in range(3):
        a_class(sim, f"room {number}")
    for machine in machines:
        machine.wait_said(READY)
    wait_until_all_is_here(sim)
    if len(machines) > 1:
        code, said = machines[0].end(signal.SIGTERM)
        assert code == 0, said
        assert marked(machines[0].mark) == []
    a_class(sim, "room 9")
    sim.room("room 0", "leave", userUuid="p")
    wait_until_all_is_here(sim)
    assert not Participant.objects.get(room__room_uuid="room 0", user_uuid="p").online
    code, said = machines[-1].end(signal.SIGTERM)
    assert code == 0, said
    assert "Traceback" not in said
    assert "locked" not in said
    # By number, not by letter: a zero byte can't be stored and is kept as a sign that stands for it.
    assert set(stored().values()) == {1}
    assert ChatMessage.objects.filter(text__startswith="a zero byte: ").count() == 4
