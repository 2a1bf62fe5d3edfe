"""The stored figures of classes that are over."""

from __future__ import annotations

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.reports import summaries
from classroom_admin.reports.models import PersonSummary
from classroom_admin.rooms.models import Room
from classroom_admin.simulator.testing import RunningSimulator
from tests.reports.summarised import person, summarised
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_class_that_is_over_gets_a_summary(sim: RunningSimulator, cloud: Client) -> None:
    sim.make_room("r1", roomName="One", state=1)
    sim.room("r1", "enter", userUuid="u1", userName="Ada", role=2)
    sim.room("r1", "chat", userUuid="u1", message="Hello")
    assert sync_once() == ""
    assert not summaries.outdated(Room.objects.all()).exists()
    sim.room("r1", "state", state=2)
    assert sync_once() == ""
    assert summaries.outdated(Room.objects.all()).get() == room("r1")
    made = summarised(room("r1"))
    assert made.students == 1
    assert person(room("r1"), "id:u1").chat == 1
    assert summaries.current(room("r1")) == made
    sim.room("r1", "chat", userUuid="u1", message="Bye")
    assert sync_once() == ""
    assert summaries.outdated(Room.objects.all()).exists()
    summaries.current(room("r1"))
    assert PersonSummary.objects.get().chat == 2
