"""The validation of the client's traffic: it sees every exchange and reports violations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from classroom_admin.agora import calls
from classroom_admin.agora.client import Client
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import BadParameter, RoomNotFound
from classroom_admin.simulator.testing import RunningSimulator
from tests.contract.document import operations
from tests.contract.watch import Watch

WEB = {"rootUrl": "https://classes.test/room"}
ROOM = "maths 7b"
EVERY: list[Callable[[Client], object]] = [
    lambda client: client.create_room(
        room_uuid=ROOM,
        room_type=4,
        room_name="Maths",
        schedule={"startTime": 4_102_444_800_000, "duration": 60},
        max_on_stage=3,
    ),
    lambda client: client.read_room(room_uuid=ROOM),
    lambda client: client.set_class_state(room_uuid=ROOM, state=1),
    lambda client: client.start_recording(room_uuid=ROOM, mode="web", web_config=WEB),
    lambda client: client.update_recording(room_uuid=ROOM, web_config={"onhold": True}),
    lambda client: client.stop_recording(room_uuid=ROOM),
    lambda client: client.list_recordings(room_uuid=ROOM, next_id=1),
    lambda client: client.put_resource(
        room_uuid=ROOM, resource_uuid="plan", resource_name="Plan", size=9, ext="pdf", url="https://x.test/p"
    ),
    lambda client: client.list_resources(room_uuid=ROOM),
    lambda client: client.delete_resources(room_uuid=ROOM, resource_uuids=["plan"]),
    lambda client: client.put_room_properties(room_uuid=ROOM, properties={"a": 1}),
    lambda client: client.delete_room_properties(room_uuid=ROOM, names=["a"]),
    lambda client: client.put_user_properties(room_uuid=ROOM, user_uuid="ada", properties={"a": 1}),
    lambda client: client.delete_user_properties(room_uuid=ROOM, user_uuid="ada", names=["a"]),
    lambda client: client.put_ext_app_properties(
        room_uuid=ROOM, ext_app_uuid="x", properties={}, common_state=1
    ),
    lambda client: client.delete_ext_app_properties(room_uuid=ROOM, ext_app_uuid="x", names=["a"]),
    lambda client: client.set_groups(room_uuid=ROOM, groups=[{"groupName": "Red", "users": ["ada"]}]),
    lambda client: client.read_user(room_uuid=ROOM, user_uuid="ada"),
    lambda client: client.kick_user(room_uuid=ROOM, user_uuid="ada", dirty_state=1, duration_s=-1),
    lambda client: client.room_sequences(room_uuid=ROOM, next_id=2, cmd=20),
    lambda client: client.quiz_sequences(room_uuid=ROOM, count=5),
    lambda client: client.poll_sequences(room_uuid=ROOM),
    lambda client: client.polled_sequences(),
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
        call(client)
    assert contract.seen == len(EVERY) >= len(operations())
    assert contract.wrong == []


def test_refusal_keeps_the_contract(client: Client, contract: Watch) -> None:
    with pytest.raises(RoomNotFound):
        client.read_room(room_uuid="nobody is here")
    assert contract.seen == 1


def test_invalid_request_is_reported(client: Client, simulator: RunningSimulator, contract: Watch) -> None:
    """The requests bypass the client's checks through its transport."""
    simulator.make_room(ROOM)
    with pytest.raises(BadParameter):
        client.transport.send(calls.CLASS_STATE, parts={"roomUuid": ROOM, "state": "7"})
    client.transport.send(calls.READ_ROOM, parts={"roomUuid": ROOM}, query={"colour": "blue"})
    client.transport.send(
        calls.PUT_ROOM_PROPERTIES, parts={"roomUuid": ROOM}, body={"properties": {}, "cause": {}}
    )
    found, contract.wrong = contract.wrong, []
    assert [line.partition(":")[2].strip().partition(":")[0] for line in found] == [
        *("path state", "query", "body")
    ]


def test_invalid_answer_is_reported(client: Client, simulator: RunningSimulator, contract: Watch) -> None:
    simulator.make_room(ROOM)
    client.polled_sequences()
    simulator.control("POST", "/emit", {"roomUuid": ROOM, "cmd": 20, "data": {"onlineUsers": [{"role": {}}]}})
    client.polled_sequences()
    found, contract.wrong = contract.wrong, []
    assert found
    assert all("polledSequences" in line and "userUuid" in "".join(found) for line in found)
