"""Erased people are replaced in all forms of events, and nobody else is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from classroom_admin.common.names import exact_key
from classroom_admin.events import Stream, decode
from classroom_admin.events.erasure import Replacement, rewrite, rewrite_answer, rewrite_event

STAND_IN = "erased-7f3a"


@dataclass
class Find:
    ids: tuple[str, ...] = ("ada-lovelace",)
    names: tuple[str, ...] = ("Ada",)
    remove: bool = False

    def _found(self) -> Replacement:
        return Replacement(STAND_IN, "Erased person 7f3a", self.remove)

    def by_id(self, text: str) -> Replacement | None:
        return self._found() if text in self.ids else None

    def by_name(self, text: str) -> Replacement | None:
        return self._found() if exact_key(text) in map(exact_key, self.names) else None

    def of_contact(self, text: str) -> bool:
        return text == "ada@school.test"


ADA = {"userUuid": "ada-lovelace", "userName": "Ada", "role": 2}
BEN = {"userUuid": "ben", "userName": "Ben", "role": 2}


def event(cmd: int, **data: Any) -> dict[str, Any]:
    return {"roomUuid": "r", "sequence": 5, "cmd": cmd, "ts": 1, "data": data}


def test_words_and_names_of_the_author_are_emptied() -> None:
    found = rewrite_event(event(3, fromUser=ADA, message="My words"), Find())
    assert found["data"] == {
        "fromUser": {"userUuid": STAND_IN, "userName": "Erased person 7f3a", "role": 2},
        "message": "",
        "deletedByRetention": True,
    }


def test_words_of_others_stay() -> None:
    before = event(3, fromUser=BEN, message="Hi Ada")
    assert rewrite_event(before, Find()) == before


def test_a_direct_message_to_the_person_is_emptied() -> None:
    before = {**event(1, fromUser=BEN, message="Hi Ada"), "toUserUuid": "ada-lovelace"}
    found = rewrite_event(before, Find())
    assert (found["toUserUuid"], found["data"]["message"]) == (STAND_IN, "")
    assert found["data"]["fromUser"] == BEN


@pytest.mark.parametrize("as_text", [False, True])
def test_data_as_json_text_is_rewritten(as_text: bool) -> None:
    data: Any = {"onlineUsers": [ADA, BEN], "total": 2}
    before = {**event(20), "data": json.dumps(data) if as_text else data}
    found = rewrite_event(before, Find())["data"]
    assert (json.loads(found) if as_text else found) == {
        "onlineUsers": [{"userUuid": STAND_IN, "userName": "Erased person 7f3a", "role": 2}, BEN],
        "total": 2,
    }


def test_ids_in_keys_and_paths_are_replaced() -> None:
    before = {
        "people": {"ada-lovelace": {"name": "Ada"}},
        "path": "users.ada-lovelace.mic",
        "users": ["ada-lovelace"],
    }
    assert rewrite(before, Find()) == {
        "people": {STAND_IN: {"name": "Erased person 7f3a"}},
        "path": f"users.{STAND_IN}.mic",
        "users": [STAND_IN],
    }


def test_a_short_id_does_not_replace_ordinary_values() -> None:
    before = event(
        20, onlineUsers=[{"userUuid": "2", "userName": "Ada", "role": "2", "state": "2"}], total="2"
    )
    found = rewrite_event(before, Find(ids=("2",)))["data"]
    assert found == {
        "onlineUsers": [{"userUuid": STAND_IN, "userName": "Erased person 7f3a", "role": "2", "state": "2"}],
        "total": "2",
    }


def test_another_person_with_the_same_name_keeps_it() -> None:
    before = event(20, onlineUsers=[{"userUuid": "another", "userName": "Ada"}])
    assert rewrite_event(before, Find()) == before


def test_a_message_of_agora_chat_is_emptied() -> None:
    before = {
        "chatRoomId": "c",
        "msg_id": "m",
        "from": "ada-lovelace",
        "chatUserUuid": "ada-lovelace",
        "payload": {
            "bodies": [{"type": "img", "url": "https://a.test/me.png", "filename": "me.png"}],
            "ext": {"nickName": "Ada", "avatarUrl": "https://a.test/ada.png", "role": 2},
        },
    }
    found = rewrite_event(before, Find())
    assert found["payload"] == {
        "ext": {"nickName": "Erased person 7f3a", "avatarUrl": "", "role": 2},
    }
    data = decode(Stream.CHAT, found).data
    assert (data.sender.user_uuid, data.kind, data.text, data.deleted) == (STAND_IN, "chat", "", True)
    assert rewrite_event(before, Find(remove=True)) is None


@pytest.mark.parametrize(
    ("stream", "before"),
    [
        (Stream.ROOM, event(3, fromUser=ADA, message="My words")),
        (
            Stream.QUIZ,
            event(
                1,
                fromUser=ADA,
                cause={"action": 3},
                changeProperties={"popupQuizId": "q", "selectedItems": ["A"]},
            ),
        ),
    ],
)
def test_a_removed_event_can_be_read_and_names_nobody(stream: Stream, before: dict[str, Any]) -> None:
    found = rewrite_event(before, Find(remove=True))
    assert (found["sequence"], found["cmd"], found["ts"]) == (5, 0, 1)
    assert "ada" not in json.dumps(found).lower()
    decode(stream, found)


def test_removed_people_are_left_out_of_lists() -> None:
    found = rewrite_event(event(20, onlineUsers=[ADA, BEN], total=2), Find(remove=True))
    assert found["data"]["onlineUsers"] == [BEN]


def test_a_whole_answer_is_rewritten() -> None:
    before = {
        "code": 0,
        "data": {"list": [event(3, fromUser=ADA, message="My words"), event(3, fromUser=BEN, message="x")]},
    }
    found = json.dumps(rewrite_answer(before, Find()))
    assert "My words" not in found
    assert "Ben" in found
    relayed = {"channel": "peer", "notification": event(1, fromUser=ADA, message="My words")}
    assert "My words" not in json.dumps(rewrite_answer([relayed], Find()))


def test_an_email_address_is_emptied_everywhere() -> None:
    assert rewrite({"contact": "ada@school.test", "other": "ben@school.test"}, Find()) == {
        "contact": "",
        "other": "ben@school.test",
    }
