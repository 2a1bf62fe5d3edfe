"""The validation of the client's traffic: it sees every exchange and reports violations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.calls import (
    CreateRoom,
    DeleteExtAppProperties,
    DeleteRoomProperties,
    DeleteUserProperties,
    KickUser,
    OpenGroups,
    PutExtAppProperties,
    PutRoomProperties,
    PutUserProperties,
    ReadRoom,
    ReadUser,
    SetClassState,
)
from classroom_admin.agora.client import Client
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import BadParameter, RoomNotFound
from classroom_admin.agora.event_calls import PollEvents, PollWidgetEvents, QuizEvents, RoomEvents
from classroom_admin.agora.recording_and_file_calls import (
    DeleteResources,
    ListRecordings,
    ListResources,
    PutResource,
    StartRecording,
    StopRecording,
    UpdateRecording,
)
from classroom_admin.simulator.testing import RunningSimulator
from tests.contract.document import operations
from tests.contract.watch import Watch

WEB = {"rootUrl": "https://classes.test/room"}
ROOM = "maths 7b"
EVERY: list[CloudCall[Any]] = [
    CreateRoom(
        room_uuid=ROOM,
        room_type=4,
        room_name="Maths",
        schedule={"startTime": 4_102_444_800_000, "duration": 60},
        max_on_stage=3,
    ),
    ReadRoom(room_uuid=ROOM),
    SetClassState(room_uuid=ROOM, state=1),
    StartRecording(room_uuid=ROOM, mode="web", web_config=WEB),
    UpdateRecording(room_uuid=ROOM, web_config={"onhold": True}),
    StopRecording(room_uuid=ROOM),
    ListRecordings(room_uuid=ROOM, next_id=1),
    PutResource(
        room_uuid=ROOM, resource_uuid="plan", resource_name="Plan", size=9, ext="pdf", url="https://x.test/p"
    ),
    ListResources(room_uuid=ROOM),
    DeleteResources(room_uuid=ROOM, resource_uuids=["plan"]),
    PutRoomProperties(room_uuid=ROOM, properties={"a": 1}),
    DeleteRoomProperties(room_uuid=ROOM, names=["a"]),
    PutUserProperties(room_uuid=ROOM, user_uuid="ada", properties={"a": 1}),
    DeleteUserProperties(room_uuid=ROOM, user_uuid="ada", names=["a"]),
    PutExtAppProperties(room_uuid=ROOM, ext_app_uuid="x", properties={}, common_state=1),
    DeleteExtAppProperties(room_uuid=ROOM, ext_app_uuid="x", names=["a"]),
    OpenGroups(room_uuid=ROOM, groups=[{"groupName": "Red", "users": ["ada"]}]),
    ReadUser(room_uuid=ROOM, user_uuid="ada"),
    KickUser(room_uuid=ROOM, user_uuid="ada", ban_s=-1),
    RoomEvents(room_uuid=ROOM, next_id=2, cmd=20),
    QuizEvents(room_uuid=ROOM, count=5),
    PollWidgetEvents(room_uuid=ROOM),
    PollEvents(),
]


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Client]:
    simulator.control("POST", "/reset", {"plain": True})
    config = CloudConfig(
        base_url=simulator.base_url,
        fallback_url="",
        region="eu",
        app_id=simulator.app_id,
        app_certificate=simulator.app_certificate,
        uid="server",
        requests_per_second=0,
    )
    made = Client(config)
    yield made
    made.close()


def test_every_call_of_the_client_keeps_the_contract(
    client: Client, simulator: RunningSimulator, contract: Watch
) -> None:
    for number, call in enumerate(EVERY):
        if number == 1:
            simulator.room(ROOM, "enter", userUuid="ada", userName="Ada")
        client.send(call)
    basic = [one for one in operations() if one.raw["tags"] in (["A"], ["B"])]
    assert contract.seen == len(EVERY) >= len(basic)
    assert contract.wrong == []


def test_refusal_keeps_the_contract(client: Client, contract: Watch) -> None:
    with pytest.raises(RoomNotFound):
        client.send(ReadRoom(room_uuid="nobody is here"))
    assert contract.seen == 1


class Coloured(ReadRoom):
    def query(self) -> Mapping[str, str]:
        return {"colour": "blue"}


def test_invalid_request_is_reported(client: Client, simulator: RunningSimulator, contract: Watch) -> None:
    """The calls bypass the client's checks."""
    simulator.make_room(ROOM)
    with pytest.raises(BadParameter):
        client.send(SetClassState.model_construct(room_uuid=ROOM, state=7))
    client.send(Coloured(room_uuid=ROOM))
    client.send(PutRoomProperties.model_construct(room_uuid=ROOM, properties={}, cause={}))
    found, contract.wrong = contract.wrong, []
    assert [line.partition(":")[2].strip().partition(":")[0] for line in found] == [
        *("path state", "query", "body")
    ]


def test_invalid_answer_is_reported(client: Client, simulator: RunningSimulator, contract: Watch) -> None:
    simulator.make_room(ROOM)
    client.send(PollEvents())
    simulator.control("POST", "/emit", {"roomUuid": ROOM, "cmd": 20, "data": {"onlineUsers": [{"role": {}}]}})
    client.send(PollEvents())
    found, contract.wrong = contract.wrong, []
    assert found
    assert all("polledSequences" in line and "userUuid" in "".join(found) for line in found)
