"""Calls to Agora Chat, against the simulated service over HTTP."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from agoraiotools.ChatTokenBuilder2 import ChatTokenBuilder2

from classroom_admin.agora import errors
from classroom_admin.agora.chat_calls import (
    ChatRoom,
    MutePeopleInChat,
    ReadChatHistory,
    ReadChatMutes,
    ReadChatRoom,
    chat_mute_all,
    chat_mute_person,
    chat_send,
)
from classroom_admin.agora.chat_files import download
from classroom_admin.agora.client import Client
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.agora.tokens import ChatTokenSource
from classroom_admin.common.problem_texts import in_english
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.agora.cloud import raw, running_cloud

PLACE = {"org_name": "o", "app_name": "a", "chat_room_id": "1"}


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as simulator:
        simulator.make_room("maths", state=1, agoraChat=True)
        simulator.room("maths", "enter", userUuid="zoe", userName="Zoë")
        yield simulator


def config(sim: RunningSimulator, **changes: Any) -> CloudConfig:
    return CloudConfig(
        **{
            "base_url": sim.base_url,
            "fallback_url": "",
            "chat_url": f"{sim.base_url}/chat",
            "region": "na",
            "app_id": sim.app_id,
            "app_certificate": sim.app_certificate,
            "uid": "server",
            "requests_per_second": 0.0,
            **changes,
        }
    )


@pytest.fixture
def client(sim: RunningSimulator) -> Client:
    return Client(config(sim))


@pytest.fixture
def chat(sim: RunningSimulator) -> ChatRoom:
    return ChatRoom(org_name="demo-school", app_name="classroom", chat_room_id=truth(sim)["chatRoomId"])


def truth(sim: RunningSimulator) -> dict[str, Any]:
    found: dict[str, Any] = sim.oracle(room="maths")["rooms"][0]["agoraChat"]
    return found


def place(chat: ChatRoom) -> dict[str, str]:
    return {"org_name": chat.org_name, "app_name": chat.app_name, "chat_room_id": chat.chat_room_id}


def zoe(sim: RunningSimulator) -> str:
    (user,) = sim.oracle(room="maths")["rooms"][0]["users"]
    found: str = user["properties"]["widgets"]["easemobIM"]["userId"]
    return found


def test_chat_of_everyone_is_muted_and_opened(sim: RunningSimulator, client: Client, chat: ChatRoom) -> None:
    assert client.send(chat_mute_all(chat, muted=True)) is True
    assert truth(sim)["muted"]
    assert client.send(ReadChatRoom(**place(chat))) is True
    assert client.send(chat_mute_all(chat, muted=False)) is False
    assert not truth(sim)["muted"]


def test_one_person_is_muted_and_unmuted(sim: RunningSimulator, client: Client, chat: ChatRoom) -> None:
    user = zoe(sim)
    client.send(chat_mute_person(chat, chat_user=user, muted=True, duration_ms=60_000))
    assert truth(sim)["mutedPeople"] == [user]
    assert client.send(ReadChatMutes(**place(chat))) == {user}
    client.send(chat_mute_person(chat, chat_user=user, muted=False))
    assert truth(sim)["mutedPeople"] == []


def test_message_is_sent(sim: RunningSimulator, client: Client, chat: ChatRoom) -> None:
    call = chat_send(chat, text="Fire drill at 10:00", sender_name="Office", room_uuid="maths")
    message_id = client.send(call)
    (message,) = truth(sim)["messages"]
    assert message["msg_id"] == message_id
    assert message["payload"]["bodies"] == [{"type": "txt", "msg": "Fire drill at 10:00"}]
    assert message["payload"]["ext"]["nickName"] == "Office"


def hour_of(hours: int) -> str:
    """Return the hour that many hours from now, as the history names it."""
    return f"{datetime.now(UTC) + timedelta(hours=hours):%Y%m%d%H}"


def test_history_names_a_packed_file(sim: RunningSimulator, client: Client, chat: ChatRoom) -> None:
    hour = {"org_name": chat.org_name, "app_name": chat.app_name, "hour": hour_of(-24)}
    with pytest.raises(errors.PathNotFound, match="history"):
        client.send(ReadChatHistory(**hour))
    sim.room("maths", "chat", userUuid="zoe", message="hello")
    hour["hour"] = hour_of(0)
    (url,) = client.send(ReadChatHistory(**hour))
    assert b'"hello"' in download(client.config, url)
    with pytest.raises(errors.CloudError) as caught:
        download(client.config, url + "x")
    assert caught.value.http_status == 403
    assert "Signature" not in str(caught.value)


def test_file_of_a_plain_address_is_refused_for_a_secure_service(sim: RunningSimulator) -> None:
    secure = config(sim, chat_url="https://a1.chat.agora.io")
    for url in ("http://files.example/x.gz", "file:///etc/passwd", "nonsense", "https://[files/x.gz"):
        with pytest.raises(errors.UnreadableAnswer) as caught:
            download(secure, url)
        assert caught.value.problem is not None
        assert caught.value.problem.code == "chat_file_address"


def test_file_that_was_packed_in_parts_is_read_to_its_end(sim: RunningSimulator) -> None:
    parts = gzip.compress(b"first\n") + gzip.compress(b"second\n")
    with running_cloud(raw(200, parts), raw(200, parts[:-4])) as files:
        assert download(config(sim), f"{files.url}/x.gz") == b"first\nsecond\n"
        with pytest.raises(errors.UnreadableAnswer):
            download(config(sim), f"{files.url}/x.gz")


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"kind": "token_expired"}, errors.Unauthorized),
        ({"kind": "refused"}, errors.CloudError),
        ({"kind": "not_offered"}, errors.PathNotFound),
        ({"kind": "server_error"}, errors.CloudFailed),
        ({"kind": "malform"}, errors.UnreadableAnswer),
    ],
)
def test_refusals_of_the_service(
    sim: RunningSimulator, client: Client, chat: ChatRoom, fault: dict[str, Any], raised: type[Exception]
) -> None:
    sim.fault(fault.pop("kind"), route="chat_mute", **fault)
    with pytest.raises(raised):
        client.send(chat_mute_person(chat, chat_user="a", muted=True))


def test_other_app_is_unknown(client: Client) -> None:
    with pytest.raises(errors.PathNotFound, match="application"):
        client.send(ReadChatRoom(**PLACE))


def test_token_of_another_service_is_refused(sim: RunningSimulator, client: Client, chat: ChatRoom) -> None:
    other = Client(config(sim, app_certificate="1" * 32))
    with pytest.raises(errors.Unauthorized):
        other.send(ReadChatRoom(**place(chat)))


def test_token_has_what_the_vendors_builder_puts_into_it(sim: RunningSimulator) -> None:
    ours = ChatTokenSource(config(sim)).current()
    vendors = ChatTokenBuilder2.build_app_token(sim.app_id, sim.app_certificate, 600)
    verifier = sim.cloud.verifier
    assert verifier._read(ours.secret).for_chat
    assert verifier._read(vendors).for_chat
    assert ours.secret not in repr(ours)


def test_nothing_is_sent_without_an_address(sim: RunningSimulator, chat: ChatRoom) -> None:
    with pytest.raises(errors.CloudUnavailable) as caught:
        Client(config(sim, chat_url="")).send(chat_mute_all(chat, muted=True))
    assert caught.value.problem is not None
    assert "AGORA_CHAT_URL" in in_english(caught.value.problem)
    assert not caught.value.may_have_happened


def test_address_of_the_service_is_checked(sim: RunningSimulator) -> None:
    (problem,) = config(sim, chat_url="a1.chat.agora.io").problems()
    assert "AGORA_CHAT_URL is not a web address" in in_english(problem)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"usernames": []}, "usernames"),
        ({"usernames": ["a/b"]}, "usernames"),
        ({"usernames": [".."]}, "usernames"),
        ({"usernames": [f"u{n}" for n in range(61)]}, "usernames"),
        ({"usernames": ["a"], "duration_ms": 0}, "mute_duration"),
        ({"usernames": ["a"], "duration_ms": True}, "mute_duration"),
        ({"usernames": ["a"], "chat_room_id": "1/../2"}, "chatRoomId"),
    ],
)
def test_bad_arguments_are_refused(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        MutePeopleInChat(**{**PLACE, **fields})
    assert caught.value.field == field
    assert in_english(caught.value.problem)


@pytest.mark.parametrize("text", ["", "  ", "é" * 1501])
def test_bad_message_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        chat_send(ChatRoom(**PLACE), text=text, sender_name="x", room_uuid="r")
    assert chat_send(ChatRoom(**PLACE), text="é" * 1500, sender_name="x", room_uuid="r")


def test_sixty_people_are_muted_with_one_call() -> None:
    call = MutePeopleInChat(**PLACE, usernames=[f"u{n}" for n in range(60)])
    assert call.body()["mute_duration"] == -1
    assert len(call.body()["usernames"]) == 60
