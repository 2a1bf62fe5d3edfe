"""The chat, and who may write in it."""

import pytest

from classroom_admin.events import Undecodable
from classroom_admin.events.chat import UserState
from classroom_admin.events.messages import Message
from classroom_admin.events.people import Person
from tests.events.lesson import ADA, BEN, Lesson, at, decoded, person, say


def test_decoding_a_message():
    assert decoded(3, {"fromUser": ADA, "message": "hi", "type": 1}).data == Message(
        "chat", "hi", Person("ada", "Ada", "teacher")
    )
    assert decoded(3, {"message": "a\x00b"}).data == Message("chat", "a�b")
    assert decoded(3, {"message": 5, "fromUser": {"userUuid": 9}}).data == Message("chat", "5", Person("9"))
    with pytest.raises(Undecodable):
        decoded(3, {"fromUser": ADA})


def test_decoding_a_user_state():
    data = {**BEN, "muteChat": "1", "operator": ADA}
    assert decoded(21, data).data == [UserState(Person("ben", "Ben", "student"), True)]
    assert decoded(21, {"userUuid": "ben"}).data == [UserState(Person("ben"), None)]
    with pytest.raises(Undecodable):
        decoded(21, {"muteChat": 1})


def test_chat_and_custom_messages():
    lesson = Lesson()
    lesson.enter("ada", 1)
    changed = lesson.apply(3, {"fromUser": person("ada", "host"), "message": "hello", "type": 1})
    assert changed == {("room",), ("message", 2)}
    message = lesson.rows.messages[2]
    assert (message.kind, message.user_uuid, message.name, message.role) == ("chat", "ada", "Ada", "teacher")
    assert (message.text, message.sent_at, message.approximate) == ("hello", at(2), False)
    lesson.apply(99, {"fromUser": {"userUuid": "ada"}, "message": "{}"}, approximate=True)
    message = lesson.rows.messages[3]
    assert (message.kind, message.name, message.role, message.approximate) == (
        "custom",
        "Ada",
        "teacher",
        True,
    )
    lesson.apply(21, {"message": "bell"})
    assert (lesson.rows.messages[4].kind, lesson.rows.messages[4].user_uuid) == ("custom", "")
    lesson.apply(3, {"fromUser": person("stranger"), "message": "x"})
    assert "stranger" not in lesson.rows.participants, "chatting is not entering"
    assert lesson.room.chat_count == 2


def test_mute():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(21, person("ben") | {"muteChat": 1})
    assert lesson.who("ben").chat_muted
    assert lesson.apply(21, person("ben") | {"muteChat": "1"}) == {("room",)}
    lesson.apply(21, person("ben"))
    assert lesson.who("ben").chat_muted, "nothing was said about it"
    lesson.apply(21, person("ben") | {"muteChat": False})
    assert not lesson.who("ben").chat_muted
    lesson.apply(
        23, {"fromUser": person("ben"), "changeProperties": {"mute.muteChat": 1}, "cause": {"cmd": 6}}
    )
    assert lesson.who("ben").chat_muted
    for value, muted in ((1, True), ("0", False), ({"audience": 1}, True), ({"host": 1}, False)):
        lesson.apply(4, {"changeProperties": {"muteChat": value}})
        assert lesson.room.chat_muted is muted
    lesson.apply(4, {"changeProperties": {"muteChat": 1}})
    lesson.apply(4, {"action": 1, "changeProperties": {"muteChat": 1}})
    assert not lesson.room.chat_muted


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (3, {"fromUser": ADA, "message": "a\nb"}, "Ada wrote: a b"),
        (3, {"fromUser": {"userUuid": "ada"}, "message": "a"}, "Ada wrote: a"),
        (3, {"fromUser": {"userUuid": "x"}, "message": "a"}, "Someone wrote: a"),
        (3, {"fromUser": ADA, "message": ""}, "Ada wrote in the chat"),
        (21, {**ADA, "muteChat": 1}, "Ada was muted in the chat"),
        (21, {**ADA, "muteChat": "0"}, "Ada was unmuted in the chat"),
        (21, ADA, "The details of Ada changed"),
        (21, {"fromUser": ADA, "message": "x"}, "Ada sent a message to the class's apps"),
        (4, {"changeProperties": {"muteChat": 1}}, "Students can no longer chat"),
        (5, {"changeProperties": {"mute": {"muteChat": {"audience": "0"}}}}, "Students can chat again"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words


def test_a_long_message_is_cut():
    assert len(say(3, {"fromUser": ADA, "message": "x" * 500})) < 120
