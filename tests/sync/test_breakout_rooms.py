"""A breakout room with events of its own, under the id of the group, is part of its class."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.reports.class_attendance import stays_of
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.class_selectors import as_shown, class_for
from classroom_admin.rooms.models import Participant, Room, RoomTeacher
from classroom_admin.simulator.testing import running_simulator
from classroom_admin.sync import projector
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom.breakout_rooms import shown_groups
from classroom_admin.web.classroom.events import EventPage
from tests.sync.conftest import config_for, room, sync_once
from tests.sync.test_order import arrive, project_all

pytestmark = pytest.mark.django_db(transaction=True)
T = 1_763_757_600_000
BEN = {"userUuid": "ben", "userName": "Ben", "role": 2}


def event(room_uuid: str, sequence: int, cmd: int, data: dict[str, Any]) -> dict[str, Any]:
    return {"roomUuid": room_uuid, "cmd": cmd, "sequence": sequence, "ts": T + sequence * 1000, "data": data}


def groups(sequence: int = 2, uuid: str = "g1", name: str = "Red") -> dict[str, Any]:
    details = {uuid: {"groupName": name, "users": [{"userUuid": "ben"}]}}
    return event("maths", sequence, 4, {"changeProperties": {"groups": {"state": 1, "details": details}}})


START = event("maths", 1, 1, {"state": 1, "startTime": T})
LEAVES = event("maths", 3, 20, {"offlineUsers": [BEN]})
INSIDE = [
    event("g1", 1, 20, {"onlineUsers": [BEN]}),
    event("g1", 2, 3, {"fromUser": BEN, "message": "hello"}),
]


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_user("admin@school.test", "x", name="Grace", role=User.Role.ADMINISTRATOR)


@pytest.mark.parametrize("order", ["class first", "breakout room first", "together", "no longer open"])
def test_events_of_a_breakout_room_appear_with_their_class(administrator: User, order: str) -> None:
    own, inside = [START, groups(), LEAVES], INSIDE
    if order == "no longer open":
        closed = {"changeProperties": {"groups": {"state": 0, "details": {}}}}
        own = [*own, event("maths", 4, 4, closed)]
    answers = {
        "class first": [own, inside],
        "breakout room first": [[START], inside, own[1:]],
        "together": [own + inside],
        "no longer open": [own, inside],
    }[order]
    for answer in answers:
        arrive(answer)
        project_all()
    here, inner = room("maths"), room("g1")
    assert (inner.parent, here.parent) == (here, None)
    assert set(visible_rooms(administrator)) == {here}, "it is no class of its own"
    assert StoredEvent.objects.filter(room=inner).count() == 2, "stored once, in its own room"
    words = [row["words"].replace("\u2068", "").replace("\u2069", "") for row in EventPage(here).rows]
    assert "In Red: Ben wrote: hello" in words
    assert "In Red: Ben joined" in words
    assert len(words) == len({row["pk"] for row in EventPage(here).rows}) == sum(map(len, answers))
    for one in (here, inner):
        assert projector.project_again(one.pk).rows == 0
    assert room("g1").parent == here


def test_a_class_is_told_of_changes_in_its_breakout_room() -> None:
    arrive([START, groups()])
    project_all()
    before = PageVersion.of(as_shown().get(room_uuid="maths"))
    arrive(INSIDE)
    project_all()
    after = PageVersion.of(as_shown().get(room_uuid="maths"))
    assert after.version > before.version
    assert (after.events - before.events, after.event > before.event) == (2, True)


def test_people_in_a_breakout_room_attend_the_class() -> None:
    arrive([START, groups(), LEAVES, *INSIDE])
    project_all()
    here = room("maths")
    (group,) = shown_groups(here)
    assert [(person.name, person.online) for person in group.people] == [("Ben", True)]
    people = list(Participant.objects.filter(room=here))
    assert any(stay.left_at is None for stay in stays_of(here, people)["ben"])


def test_a_gap_in_a_breakout_room_is_a_gap_of_its_class(administrator: User) -> None:
    arrive([START, groups(), *INSIDE])
    project_all()
    room("g1").gaps.create(stream="room", first=5, last=6)
    assert class_for(administrator, room("maths").key).gap_count == 1


def test_a_class_cannot_be_claimed_as_a_breakout_room(administrator: User) -> None:
    earlier = Room.objects.create(room_uuid="earlier", known_since=clock.now() - timedelta(days=1))
    arrive([START])
    project_all()
    for uuid in ("taught", "other"):
        arrive([event(uuid, 1, 20, {"onlineUsers": [{"userUuid": f"t-{uuid}", "role": 1}]})])
        project_all()
    RoomTeacher.objects.create(room=room("taught"), user=administrator)
    for sequence, uuid in enumerate(("earlier", "taught", "other", "maths"), 2):
        arrive([groups(sequence, uuid)])
        project_all()
    assert not Room.objects.exclude(parent=None).exists()
    assert earlier.pk


def test_breakout_rooms_of_the_simulated_cloud(settings: Any) -> None:
    for dialect in ("2021", "sdk"):
        with running_simulator(plain=True, dialect=dialect, group_rooms=True) as sim:
            settings.AGORA = config_for(sim)
            sim.make_room("maths", roomName="Maths", state=1)
            for user in ("t", "ben", "cat"):
                sim.room("maths", "enter", userUuid=user, userName=user.title(), role=1 if user == "t" else 2)
            sim.do(lambda world: _open(world))
            assert sync_once() == ""
            here = room("maths")
            assert {one.room_uuid for one in here.breakout_rooms.all()} == {"g1", "g2"}
            assert Room.objects.filter(parent=None).count() == 1
            words = [row["words"] for row in EventPage(here).rows]
            assert sum("Red" in sentence for sentence in words) >= 1
            Room.objects.all().delete()


def _open(world: Any) -> None:
    from classroom_admin.simulator.world.groups import open_groups

    rows = [
        {"groupUuid": "g1", "groupName": "Red", "users": [{"userUuid": "ben"}]},
        {"groupUuid": "g2", "groupName": "Blue", "users": [{"userUuid": "cat"}]},
    ]
    open_groups(world, world.rooms["maths"], rows, operator="t")
