"""What is read back: names, plans, and the files of recordings. And how the sync says that it is well."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.agora.event_calls import PollEvents
from classroom_admin.agora.models import RecordingItem, RoomInfo
from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import freshness, health, tasks
from classroom_admin.sync.models import Lease, RoomRefresh
from classroom_admin.sync.polling import Poller
from classroom_admin.sync.room_refresh import next_profile, profile_columns, recording_columns
from tests.stepped_clock import SteppedClock
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_room_that_nobody_announced_gets_its_name_type_and_plan(
    sim: RunningSimulator, cloud: Client
) -> None:
    start_ms = clock.now_ms() - 60_000
    sim.make_room(
        "r1", roomName="Geography · 7b", roomType=2, startTime=start_ms, duration=1800, closeDelay=300
    )
    Poller(cloud).poll()
    tasks.project_waiting(within_s=5)
    version = room("r1").version
    tasks.refresh_rooms()
    here = room("r1")
    assert (here.name, here.room_type, here.profile_state) == ("Geography · 7b", 2, 1)
    assert here.planned_start_at == clock.from_ms(start_ms)
    assert here.planned_end_at == clock.from_ms(start_ms + 1_800_000)
    assert here.version == version + 1
    refresh = RoomRefresh.objects.get(room=here)
    assert refresh.profile_due_at is not None
    assert refresh.profile_due_at > clock.now()


def test_a_class_that_was_made_here_is_known_to_the_sync(sim: RunningSimulator, cloud: Client) -> None:
    sim.make_room("r1", roomName="Planned", state=0)
    Room.objects.create(room_uuid="r1")
    cloud.send(PollEvents())
    assert sync_once() == ""
    assert room("r1").name == "Planned"


def test_the_files_of_a_recording_are_looked_for_until_they_are_there(
    sim: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    sim.make_room("r1", state=1)
    sim.room("r1", "record", state=1, mode="web")
    sim.room("r1", "record", state=0)
    assert sync_once() == ""
    for _ask in range(40):
        hands.step(30)
        sim.control("POST", "/clock", {"speed": 1000})
        tasks.refresh_rooms()
        if Recording.objects.get().file_urls:
            break
    recording = Recording.objects.get()
    assert recording.file_urls
    assert recording.mode == "web"
    assert RoomRefresh.objects.get().recordings_due_at is None


def test_what_a_room_says_of_itself() -> None:
    info = RoomInfo.model_validate(
        {"roomName": "x" * 300, "roomProperties": {"schedule": {"startTime": "1700000000000", "state": "1"}}}
    )
    columns = profile_columns(info)
    assert columns["name"] == "x" * 255
    assert columns["profile_state"] == 1
    assert columns["planned_start_at"] == clock.from_ms(1_700_000_000_000)
    assert profile_columns(RoomInfo()) == {}
    absurd = {"roomProperties": {"schedule": {"startTime": 10**18, "endTime": -4}}, "roomType": 10**12}
    assert profile_columns(RoomInfo.model_validate(absurd)) == {}


def test_a_recording_that_failed_is_not_asked_for_again() -> None:
    assert recording_columns(RecordingItem(unready=True, type=3)) == {"mode": "web", "unready": True}
    assert recording_columns(RecordingItem(type=2, url="https://files.test/a.m3u8")) == {
        "mode": "composite",
        "file_urls": ["https://files.test/a.m3u8"],
    }
    assert recording_columns(None) == {}


def test_the_next_look_is_past_the_next_planned_moment() -> None:
    now = clock.now()
    planned = Room(
        profile_state=0,
        planned_start_at=now + timedelta(hours=1),
        planned_end_at=now + timedelta(hours=2),
    )
    due = next_profile(planned, now=now)
    assert due is not None
    assert timedelta(hours=1) < due - now < timedelta(hours=1, minutes=1)
    assert next_profile(Room(state=3), now=now) is None


def test_health_tells_the_age_the_backlog_and_who_polls(
    sim: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    assert health.health().age_s is None
    sim.make_room("r1", state=1)
    Poller(cloud).poll()
    first = health.health()
    assert first.age_s == 0
    assert first.backlog == 1
    assert f"process {Lease.objects.get().pid}" in first.leader
    tasks.project_waiting(within_s=5)
    hands.step(7)
    assert health.health().backlog == 0
    polled_at, error = freshness.read()
    assert polled_at is not None
    assert ((clock.now() - polled_at).total_seconds(), error) == (7, "")
