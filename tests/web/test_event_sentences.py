"""Events as sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from classroom_admin.web.event_sentences import pretty, sentence

from classroom_admin.web import icons


def say(cmd: int | None, data: Any, stream: str = "room") -> str:
    words = sentence(stream=stream, cmd=cmd, raw=json.dumps({"cmd": cmd, "data": data}))[1]
    return words.replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (1, {"state": "1"}, "The class started"),
        (1, {"state": 3}, "The class was closed"),
        (3, {"fromUser": {"userName": "Ada"}}, "Ada wrote in the chat"),
        (20, {"onlineUsers": [{"userName": "Ada"}]}, "Ada joined"),
        (20, {"offlineUsers": [{"userName": "Ada", "type": "2"}]}, "Removed from the class: Ada"),
        (20, {"offlineUsers": [{"userName": "Ada", "type": 1}]}, "Ada left"),
        (20, {"onlineUsers": [{"userName": n} for n in "ABCDE"]}, "A, B, C and 2 more joined"),
        (21, {"userName": "Ada", "muteChat": 1}, "Ada was muted in the chat"),
        (21, {"fromUser": {"userName": "Ada"}, "message": "x"}, "Ada sent a message to the class's apps"),
        (1001, {"state": 0}, "The recording stopped"),
        (1003, {"resources": [{"resourceName": "a.pdf"}], "action": 2}, "a.pdf was deleted"),
        (1502, {"addProgressUsers": [{}]}, "1 raised a hand"),
        (777, {}, "Event of type 777"),
        (None, {}, "Event of type None"),
    ],
)
def test_event_as_a_sentence(cmd: int | None, data: Any, words: str) -> None:
    assert say(cmd, data) == words


def test_quiz_as_a_sentence() -> None:
    assert say(0, {"cause": '{"action": "1"}'}, "popupQuiz") == "The quiz started"
    assert say(0, {"cause": {"action": 3}}, "poll") == "The poll was answered"


@pytest.mark.parametrize("cmd", [1, 3, 4, 5, 20, 21, 22, 23, 40, 41, 99, 1001, 1003, 1101, 1501, 1502])
@pytest.mark.parametrize(
    "data",
    [None, [], "x", 7, {}, {"state": []}, {"fromUser": "x", "onlineUsers": {}, "offlineUsers": [1, None]}],
)
def test_every_invalid_event_has_a_sentence(cmd: int, data: Any) -> None:
    icon, words = sentence(stream="room", cmd=cmd, raw=json.dumps({"data": data}))
    assert icon in icons.NAMES
    assert words


@pytest.mark.parametrize("raw", ["", "{", "[]", "null", "7"])
def test_invalid_json_is_shown_unchanged(raw: str) -> None:
    assert sentence(stream="room", cmd=3, raw=raw)[1]
    assert sentence(stream="room", cmd=3, raw=raw, unreadable="why")[1] == "Unreadable event"
    assert pretty(raw) is not None
