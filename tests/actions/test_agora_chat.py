"""Commands about the chat of a class that uses Agora Chat: mute all, mute one, announce."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Browser

from classroom_admin.actions import messages, verification
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.events import decode
from classroom_admin.events.event import Stream
from classroom_admin.events.registry import confirms
from classroom_admin.rooms.access import ClassAccess, access_to
from classroom_admin.rooms.models import AgoraChatRoom, ChatMessage, Participant, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world.agora_chat import chat_user, signed
from classroom_admin.sync import chat_rooms
from tests.actions.conftest import kinds
from tests.sync.conftest import config_for, room, sim, sync_once

__all__ = ["sim"]
pytestmark = pytest.mark.django_db(transaction=True)
CONFIRMED = ["requested", "accepted", "confirmed"]


@pytest.fixture
def access(sim: RunningSimulator, settings: Any, school: Any) -> ClassAccess:
    """The access of an administrator to a live class with Zoë, whose chat is in Agora Chat."""
    settings.AGORA = config_for(sim, chat_url=f"{sim.base_url}/chat")
    settings.AGORA_CHAT_SECRET = "s"
    sim.make_room("maths", roomName="Mathematics", state=1, agoraChat=True)
    sim.room("maths", "enter", userUuid="zoe", userName="Zoë")
    assert sync_once() == ""
    return access_to(school.administrator, room("maths"))


def truth(sim: RunningSimulator) -> dict[str, Any]:
    found: dict[str, Any] = sim.oracle(room="maths")["rooms"][0]["agoraChat"]
    return found


def zoe() -> Participant:
    return Participant.objects.get(user_uuid="zoe")


def test_chat_of_the_class_is_muted_and_opened(sim: RunningSimulator, access: ClassAccess) -> None:
    entry = messages.mute_class_chat(access, muted=True)
    assert truth(sim)["muted"]
    assert kinds(entry) == CONFIRMED
    assert verification.verify(access, entry=entry).done is True
    chat_rooms.read_due(Client(config_for(sim, chat_url=f"{sim.base_url}/chat")))
    assert room("maths").is_chat_muted
    assert kinds(messages.mute_class_chat(access, muted=False)) == CONFIRMED
    assert not truth(sim)["muted"]
    assert verification.verify(access, entry=entry).done is False


def test_person_is_muted_and_unmuted(sim: RunningSimulator, access: ClassAccess) -> None:
    entry = messages.mute_chat_of(access, participant=zoe(), muted=True)
    assert truth(sim)["mutedPeople"] == [chat_user("zoe")]
    assert kinds(entry) == CONFIRMED
    assert verification.verify(access, entry=entry).done is True
    assert kinds(messages.mute_chat_of(access, participant=zoe(), muted=False)) == CONFIRMED
    assert truth(sim)["mutedPeople"] == []


@pytest.mark.parametrize("whom", ["everyone", "zoe"])
def test_command_that_could_not_be_read_back_is_confirmed_by_the_next_read(
    sim: RunningSimulator, access: ClassAccess, settings: Any, whom: str
) -> None:
    route = "chat_room" if whom == "everyone" else "chat_mutes"
    fault = {"route": route, "params": {"retryAfter": 60}}

    def mute(muted: bool) -> Any:
        if whom == "everyone":
            return messages.mute_class_chat(access, muted=muted)
        return messages.mute_chat_of(access, participant=zoe(), muted=muted)

    sim.fault("too_many", **fault)
    first, last = mute(True), mute(False)
    assert (kinds(first), kinds(last)) == (CONFIRMED[:2], CONFIRMED[:2])
    sim.clear_faults()
    assert not chat_rooms.read_due(Client(settings.AGORA)).problems
    assert kinds(last) == CONFIRMED
    assert kinds(first) == CONFIRMED[:2], "nobody saw its effect"
    AgoraChatRoom.objects.update(read_due_at=clock.cloud_now())
    chat_rooms.read_due(Client(settings.AGORA))
    assert kinds(last) == CONFIRMED, "once is enough"


def test_announcement_is_a_message_that_confirms_itself(sim: RunningSimulator, access: ClassAccess) -> None:
    entry = messages.announce(access, text="Fire drill at ten")
    (message,) = truth(sim)["messages"]
    assert message["payload"]["bodies"] == [{"type": "txt", "msg": "Fire drill at ten"}]
    assert kinds(entry) == CONFIRMED[:2]
    (callback,) = sim.do(lambda world: list(world.agora_chat.callbacks))
    body = json.dumps(signed(callback, secret="s"))
    assert Browser().post("/api/agora/chat/", body, content_type="application/json").status_code == 200
    assert kinds(entry) == CONFIRMED
    assert ChatMessage.objects.get().text == "Fire drill at ten"


def test_earlier_message_with_the_same_text_confirms_nothing() -> None:
    now = clock.now_ms()
    payload = {"bodies": [{"type": "txt", "msg": "hi"}]}
    event = decode(Stream.CHAT, {"msg_id": "1", "from": "a", "timestamp": now, "payload": payload})

    def fits(**match: Any) -> bool:
        return confirms(event, cmd=3, match=match, since_sequence=0)

    assert fits(text="hi", since_ms=now)
    assert not fits(text="hi", since_ms=now + 1)
    assert not fits(text="hi")
    assert not fits(text="ho", since_ms=now)


def test_refused_command_is_recorded(sim: RunningSimulator, access: ClassAccess) -> None:
    sim.fault("refused", route="chat_ban")
    entry = messages.mute_class_chat(access, muted=True)
    assert kinds(entry) == ["requested", "failed"]
    assert not truth(sim)["muted"]


def test_commands_go_to_the_cloud_without_an_address_of_agora_chat(
    sim: RunningSimulator, access: ClassAccess, settings: Any
) -> None:
    settings.AGORA = config_for(sim)
    messages.mute_class_chat(access, muted=True)
    assert not truth(sim)["muted"]
    assert sim.oracle(room="maths")["rooms"][0]["muteChat"] == 1
    assert Room.objects.filter(room_uuid="maths").exists()
