"""What the simulator knows, held against what arrived here."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

from classroom_admin.rooms.models import Participant, Presence, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import StoredEvent

Number = tuple[str, str, int]


def emitted(sim: RunningSimulator) -> dict[Number, Any]:
    """Every event of the cloud by (room, stream, sequence)."""
    return {
        (event["roomUuid"], event["stream"], event["sequence"]): json.loads(event["raw"])
        for event in sim.oracle()["events"]
    }


def stored() -> Counter[Number]:
    """How often each number is stored here."""
    rows = StoredEvent.objects.exclude(stream="peer")
    return Counter(rows.values_list("room__room_uuid", "stream", "sequence"))


def assert_all_stored_once(sim: RunningSimulator) -> None:
    cloud_side, here = emitted(sim), stored()
    assert set(here) == set(cloud_side)
    assert set(here.values()) <= {1}
    for event in StoredEvent.objects.exclude(stream="peer").select_related("room"):
        assert json.loads(event.raw) == cloud_side[event.room.room_uuid, event.stream, event.sequence or 0]


def assert_rooms_match(sim: RunningSimulator) -> None:
    """The read models say of every room and person what the cloud says."""
    rooms = sim.oracle(events=0)["rooms"]
    assert {each["roomUuid"] for each in rooms} == set(Room.objects.values_list("room_uuid", flat=True))
    for cloud_side in rooms:
        room = Room.objects.get(room_uuid=cloud_side["roomUuid"])
        assert room.name == cloud_side["roomName"]
        assert room.current_state == cloud_side["state"]
        assert (room.last_sequence, room.event_count) == (cloud_side["last"]["room"],) * 2
        assert room.chat_count == len(cloud_side["chat"])
        people = {person["userUuid"]: person for person in cloud_side["users"]}
        assert {one.user_uuid: of_participant(one) for one in Participant.objects.filter(room=room)} == {
            uuid: of_user(person) for uuid, person in people.items()
        }
        assert room.people_online == sum(person["online"] for person in people.values())
        assert stays(room) == {
            uuid: [(entered, left) for entered, left, _how in person["presence"]]
            for uuid, person in people.items()
            if person["presence"]
        }


def of_participant(one: Participant) -> dict[str, Any]:
    return {
        "name": one.name,
        "online": one.online,
        "on_stage": one.on_stage,
        "hand_raised": one.hand_raised,
        "chat_muted": one.chat_muted,
        "rewards": one.rewards,
    }


def of_user(person: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": person["userName"],
        "online": person["online"],
        "on_stage": person["onStage"],
        "hand_raised": person["handRaised"],
        "chat_muted": bool(person["muteChat"]),
        "rewards": person["rewards"],
    }


def stays(room: Room) -> dict[str, list[tuple[int, int | None]]]:
    """Each person's stays in ms, in order."""
    found: dict[str, list[tuple[int, int | None]]] = {}
    for stay in Presence.objects.filter(room=room).order_by("entered_at", "entered_sequence"):
        left = None if stay.left_at is None else ms(stay.left_at)
        found.setdefault(stay.user_uuid, []).append((ms(stay.entered_at), left))
    return found


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
