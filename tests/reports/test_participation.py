"""What people did in a class, and when it was recorded, read from the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from classroom_admin.common import clock
from classroom_admin.events import Stream
from classroom_admin.reports.participation import Participation, combined, participation_of
from classroom_admin.reports.stays import class_time
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import ChatMessage, Recording
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.simulator.world import recordings
from classroom_admin.sync.models import StoredEvent
from tests.reports.summarised import person, summarised
from tests.sync.conftest import config_for, room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stepped(settings: Any) -> Iterator[RunningSimulator]:
    """A class that has begun, with Ada in it. Its time is stepped."""
    start_ms = clock.now_ms() - 7_200_000
    with running_simulator(stepped=True, plain=True, dialect="sdk", start_ms=start_ms) as sim:
        settings.AGORA = config_for(sim)
        sim.make_room("r1", state=1)
        sim.room("r1", "enter", userUuid="u1", userName="Ada", role=2)
        yield sim


def end(sim: RunningSimulator) -> None:
    sim.room("r1", "state", state=2)
    assert sync_once() == ""


def test_pauses_are_not_recorded_time(stepped: RunningSimulator) -> None:
    def change(**config: Any) -> None:
        stepped.do(lambda world: recordings.update(world, world.room("r1"), config))

    stepped.do(lambda world: recordings.start(world, world.room("r1"), mode="web", config={}))
    for onhold in (True, False):
        stepped.step(60_000)
        change(onhold=onhold)
    stepped.step(30_000)
    end(stepped)
    summary = summarised(room("r1"))
    assert summary.recorded_ms == 90_000
    (one, other) = summary.tracks["recording"]
    assert (one[1] - one[0], other[0] - one[1], other[1] - other[0]) == (60_000, 60_000, 30_000)
    assert one[2] == other[2] == Recording.objects.get().record_id


@pytest.mark.parametrize("change", [{"files_missing": True}, {"unready": True}, {"state": "failed"}])
def test_a_recording_without_files_covers_nothing(stepped: RunningSimulator, change: dict[str, Any]) -> None:
    stepped.do(lambda world: recordings.start(world, world.room("r1"), mode="composite", config={}))
    stepped.step(60_000)
    end(stepped)
    assert summarised(room("r1")).recorded_ms == 60_000
    Recording.objects.update(**change)
    assert summarised(room("r1")).recorded_ms == 0


def test_counts_include_the_time_around_the_class_and_durations_do_not(stepped: RunningSimulator) -> None:
    stepped.step(10_000)
    stepped.room("r1", "stage", userUuid="u1")
    stepped.room("r1", "wave", userUuid="u1")
    stepped.step(20_000)
    end(stepped)
    stepped.step(60_000)
    stepped.room("r1", "lower", userUuid="u1")
    stepped.room("r1", "wave", userUuid="u1")
    stepped.room("r1", "chat", userUuid="u1", message="Goodbye")
    assert sync_once() == ""
    summarised(room("r1"))
    ada = person(room("r1"), "id:u1")
    assert (ada.hands, ada.chat, ada.stage_ms) == (2, 1, 20_000)
    (hand,) = ada.spans["hand"]
    assert hand[1] - hand[0] == 20_000


def test_messages_of_apps_are_no_chat(stepped: RunningSimulator) -> None:
    stepped.room("r1", "chat", userUuid="u1", message="Hello")
    stepped.room("r1", "custom", userUuid="u1", message="{}", cmd=99)
    end(stepped)
    assert ChatMessage.objects.count() == 2
    summarised(room("r1"))
    assert person(room("r1"), "id:u1").chat == 1


def test_an_event_without_a_time_is_placed_between_all_its_neighbours(stepped: RunningSimulator) -> None:
    """The events before and after it change nobody's hand, but they have times."""
    stepped.step(10_000)
    stepped.room("r1", "chat", userUuid="u1", message="before")
    data = {"progressUsers": [{"userUuid": "u1"}], "addProgressUsers": [{"userUuid": "u1"}]}
    stepped.control("POST", "/emit", {"roomUuid": "r1", "cmd": 1502, "data": data, "fields": {"ts": None}})
    stepped.room("r1", "chat", userUuid="u1", message="after")
    stepped.step(30_000)
    end(stepped)
    assert StoredEvent.objects.get(cmd=1502, stream=Stream.ROOM).ts_ms is None
    summarised(room("r1"))
    (hand,) = person(room("r1"), "id:u1").spans["hand"]
    assert hand[1] - hand[0] == 30_000


def test_a_person_with_two_devices_is_on_stage_once() -> None:
    one = Participation(hands=1, chat=2, spans={"stage": [(0, 10), (20, 30)]})
    other = Participation(hands=2, rewards=1, spans={"stage": [(5, 25)], "camera": [(1, 2)]})
    both = combined([one, other])
    assert (both.hands, both.chat, both.rewards) == (3, 2, 1)
    assert (both.stage_ms, both.camera_ms) == (30, 1)


def test_a_class_that_runs_has_figures_until_now(stepped: RunningSimulator) -> None:
    stepped.room("r1", "stage", userUuid="u1")
    stepped.step(45_000)
    assert sync_once() == ""
    here = room("r1")
    now = clock.from_ms(stepped.cloud.clock.now_ms())
    did = participation_of(class_selectors.room_ids(here), class_time(here, now=now))
    assert did["u1"].stage_ms == 45_000
