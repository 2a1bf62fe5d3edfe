"""Messages of Agora Chat: what is decoded, the rows, and the sentences."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.events import EventTime, Rows, Stream, Undecodable, decode, filters, project, sentence
from classroom_admin.events.agora_chat import FIRST_NUMBER
from classroom_admin.events.event import EventKind
from classroom_admin.events.registry import kinds_named
from tests.events.lesson import T, at


def raw(body: dict[str, Any], **ext: Any) -> dict[str, Any]:
    shown = {"nickName": "Zoë", "role": 2, **ext}
    return {
        "msg_id": "7",
        "timestamp": T,
        "from": "U1",
        "chatUserUuid": "u1",
        "payload": {"ext": shown, "bodies": [body]},
    }


def say(body: dict[str, Any], **ext: Any) -> str:
    event = decode(Stream.CHAT, raw(body, **ext))
    return sentence(event, {})[1].replace("\u2068", "").replace("\u2069", "")


def projected(body: dict[str, Any], number: int = 3) -> Rows:
    rows = Rows()
    event = decode(Stream.CHAT, raw(body))
    event.sequence, event.digest = number, "d"
    project(event, EventTime(at(0), False), rows)
    return rows


def test_text_message_becomes_a_row_with_the_name_in_it():
    rows = projected({"type": "txt", "msg": "Hello"})
    row = rows.messages[FIRST_NUMBER + 3]
    assert (row.kind, row.text, row.name, row.role, row.user_uuid) == (
        "chat",
        "Hello",
        "Zoë",
        "student",
        "u1",
    )
    assert rows.room.chat_count == 1
    assert decode(Stream.CHAT, raw({"type": "txt", "msg": "x"})).ts_ms == T


def test_message_is_counted_only_as_chat():
    rows = projected({"type": "custom", "customEvent": "gift", "customExts": {"n": 1}})
    assert [row.kind for row in rows.messages.values()] == ["custom"]
    assert rows.room.chat_count == 0
    assert projected({"type": "cmd", "action": "setAllMute"}).messages == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"type": "txt", "msg": "Hi"}, "Zoë wrote: Hi"),
        ({"msg": "Hi"}, "Zoë wrote: Hi"),
        ({"type": "img", "filename": "cat.png"}, "Zoë shared in the chat: cat.png"),
        ({"type": "audio"}, "Zoë wrote in the chat"),
        ({"type": "custom"}, "Zoë sent a message to the class's apps"),
        ({"type": "cmd", "action": "setAllMute"}, "Zoë muted the chat for everyone"),
        ({"type": "cmd", "action": "removeAllMute"}, "Zoë unmuted the chat for everyone"),
        ({"type": "cmd", "action": "mute"}, "Zoë muted Ben in the chat"),
        ({"type": "cmd", "action": "unmute"}, "Zoë unmuted Ben in the chat"),
        ({"type": "cmd", "action": "DEL"}, "Zoë deleted a chat message"),
        ({"type": "cmd", "action": "other"}, "Zoë sent a message to the class's apps"),
    ],
)
def test_sentence(body: dict[str, Any], words: str):
    assert say(body, muteNickName="Ben") == words


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {}},
        {"payload": None},
        {"payload": {"bodies": []}},
        {"payload": {"bodies": [{"type": "txt"}]}},
        {"from": None, "chatUserUuid": None},
    ],
)
def test_message_without_sender_or_content_is_undecodable(change: dict[str, Any]):
    with pytest.raises(Undecodable):
        decode(Stream.CHAT, {**raw({"type": "txt", "msg": "x"}), **change})


def test_filter_for_chat_shows_both_kinds_of_chat():
    assert kinds_named("chat") == [EventKind.CHAT, EventKind.AGORA_CHAT]
    assert [str(one.label) for one in filters() if one.name == "chat"] == ["Chat"]
