"""Entering and leaving."""

import pytest

from classroom_admin.events.people import Person
from classroom_admin.events.presence import Arrival, Departure, Movement
from classroom_admin.events.streams import StreamState
from tests.events.lesson import ADA, BEN, Lesson, T, at, decoded, ms, named, person, say


def test_decoding():
    online = {**ADA, "streams": [{"streamUuid": "s1", "streamName": "cam"}], "type": 1, "updateTime": T}
    offline = {**BEN, "streamUuid": 55, "type": "2", "updateTime": str(T + 5), "operator": ADA}
    read = decoded(20, {"total": 1, "onlineUsers": [online], "offlineUsers": [offline]})
    assert read.data == Movement(
        [Arrival(Person("ada", "Ada", "teacher"), [StreamState("s1", "cam")], None, T)],
        [Departure(Person("ben", "Ben", "student"), True, T + 5)],
        1,
    )
    assert read.ts_ms == T + 5
    one = decoded(
        20, {"onlineUsers": [{**BEN, "type": 2, "streamUuid": 55, "userProperties": {"a.b": 1}}]}
    ).data
    assert one.arrivals == [
        Arrival(Person("ben", "Ben", "student"), [StreamState("55")], {"a": {"b": 1}}, None)
    ]
    assert decoded(20, {"total": 4}).data == Movement([], [], 4)
    for unusable in ("many", -1, None, {}):
        assert decoded(20, {"total": unusable}).data.total is None


def test_movement_takes_who_can_be_read_and_names_the_rest():
    users = [{"userName": "nobody"}, "text", None, {"userUuid": "x" * 300}, {"userUuid": "a\x00"}, BEN]
    read = decoded(20, {"onlineUsers": users, "offlineUsers": "none"})
    assert [one.person.user_uuid for one in read.data.arrivals] == ["ben"]
    assert len(read.odd) == 6
    assert any("offlineUsers" in reason for reason in read.odd)


def test_movement_with_someone_twice_counts_the_later_entry():
    read = decoded(20, {"onlineUsers": [{**BEN, "type": 1}, {**BEN, "userName": "Benno", "type": 2}]})
    assert [one.person.name for one in read.data.arrivals] == ["Benno"]


def test_long_names_are_cut():
    read = decoded(20, {"onlineUsers": [{"userUuid": "u", "userName": "é" * 999}]})
    assert read.data.arrivals[0].person.name == "é" * 255


UNSEEN = ("\u200b", "\u3164", " \u2060", "\u2800")


def test_names_that_show_nothing_are_no_names():
    for unseen in UNSEEN:
        read = decoded(20, {"onlineUsers": [{"userUuid": "u", "userName": unseen}]})
        assert read.data.arrivals[0].person.name == ""
        lesson = Lesson()
        lesson.enter("ada", 1)
        lesson.apply(20, {"onlineUsers": [{**ADA, "userName": unseen}]})
        assert lesson.who("ada").name == "Ada", "the known name stays"


def test_rows_have_the_search_key_of_the_last_name():
    lesson = Lesson()
    lesson.apply(20, {"onlineUsers": [{**ADA, "userName": "Zoë"}]})
    assert lesson.who("ada").name_search == "zoe"
    lesson.apply(20, {"onlineUsers": [{**ADA, "userName": "ÉMILE"}]})
    assert lesson.who("ada").name_search == "emile"


def test_entering():
    lesson = Lesson()
    changed = lesson.enter("ada", 1)
    assert changed == {("room",), ("participant", "ada"), ("presence", "ada", 1)}
    ada = lesson.who("ada")
    assert (ada.name, ada.role, ada.online, ada.was_teacher) == ("Ada", "teacher", True, True)
    assert ada.entered_at == ada.online_since == at(1)
    assert ada.left_at is None
    assert lesson.counts() == (1, 1, 0)
    assert lesson.room.last_event_at == at(1)
    [stay] = lesson.stays("ada")
    assert (stay.entered_sequence, stay.entered_at, stay.left_at, stay.approximate) == (1, at(1), None, False)


def test_own_time_of_the_person_wins_and_a_receipt_time_is_marked():
    lesson = Lesson()
    lesson.online(person("ben", updateTime=ms(-5)), approximate=True)
    lesson.enter("cat", approximate=True)
    assert (lesson.stays("ben")[0].entered_at, lesson.stays("ben")[0].approximate) == (at(-5), False)
    assert (lesson.stays("cat")[0].entered_at, lesson.stays("cat")[0].approximate) == (at(2), True)
    lesson.leave("ben", approximate=True)
    assert lesson.stays("ben")[0].approximate


def test_entering_twice_is_one_person_in_one_stay():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.enter("ben")
    lesson.online(person("ben", type=2))
    assert lesson.counts() == (1, 0, 1)
    assert len(lesson.stays("ben")) == 1
    assert lesson.who("ben").online_since == at(1)


def test_leaving_and_coming_back():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.leave("ben")
    ben = lesson.who("ben")
    assert (ben.online, ben.online_since, ben.left_at, ben.times_left) == (False, None, at(2), 1)
    assert lesson.counts() == (0, 0, 0)
    lesson.online(person("ben", type=2))
    assert (ben.online, ben.online_since, ben.entered_at, ben.left_at) == (True, at(3), at(1), at(2))
    first, second = lesson.stays("ben")
    assert (first.left_at, first.left_sequence, first.kicked) == (at(2), 2, False)
    assert (second.entered_sequence, second.left_at) == (3, None)


def test_coming_back_without_having_been_seen_opens_a_stay():
    lesson = Lesson()
    lesson.online(person("ben", type=2))
    assert lesson.who("ben").online
    assert len(lesson.stays("ben")) == 1


def test_leaving_without_having_been_seen_makes_no_stay():
    lesson = Lesson()
    lesson.leave("ada", 1)
    ada = lesson.who("ada")
    assert (ada.online, ada.entered_at, ada.left_at, ada.times_left) == (False, None, at(1), 1)
    assert ada.was_teacher, "they were here as teacher"
    assert lesson.stays("ada") == []
    assert lesson.counts() == (0, 0, 0)


def test_leaving_twice_counts_once():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.leave("ben")
    changed = lesson.leave("ben")
    assert changed == {("room",)}
    assert (lesson.who("ben").times_left, lesson.who("ben").left_at) == (1, at(2))
    assert lesson.counts() == (0, 0, 0)


def test_being_removed():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.offline(person("ben", type="2", operator=person("ada", 1)))
    ben = lesson.who("ben")
    assert (ben.kicked_at, ben.kicked_sequence) == (at(2), 2)
    assert lesson.stays("ben")[0].kicked
    assert "ada" not in lesson.rows.participants
    lesson.enter("ben")
    assert ben.kicked_at == at(2), "history stays"
    assert not lesson.stays("ben")[1].kicked


def test_being_removed_after_the_room_closed_is_no_removal():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(1, {"state": 3})
    lesson.offline(person("ben", type=2))
    assert lesson.who("ben").kicked_at is None
    assert lesson.who("ben").times_left == 1


def test_leaving_ends_what_hangs_on_it():
    lesson = Lesson()
    stream = {"streamUuid": "s", "videoSourceType": 1, "audioSourceType": 1, "videoState": 1, "audioState": 1}
    lesson.enter("ben")
    lesson.apply(40, {"fromUser": person("ben"), "action": 0, **stream})
    lesson.apply(1501, {"addAcceptedUsers": named("ben")})
    lesson.apply(1502, {"addProgressUsers": named("ben")})
    ben = lesson.who("ben")
    assert (ben.camera_on, ben.microphone_on, ben.on_stage, ben.hand_raised) == (True,) * 4
    assert (lesson.room.on_stage, lesson.room.hands_raised) == (1, 1)
    lesson.leave("ben")
    assert (ben.camera_on, ben.microphone_on, ben.on_stage, ben.hand_raised) == (False,) * 4
    assert (ben.streams, ben.hand_raised_at) == ({}, None)
    assert (lesson.room.on_stage, lesson.room.hands_raised) == (0, 0)


def test_a_time_of_leaving_before_entering_is_set_right():
    lesson = Lesson()
    lesson.online(person("ben", updateTime=ms(10)))
    lesson.offline(person("ben", updateTime=ms(4)))
    assert lesson.stays("ben")[0].left_at == lesson.who("ben").left_at == at(10)


def test_leaving_and_entering_in_one_event():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(20, {"onlineUsers": [person("ben")], "offlineUsers": [person("ben")]})
    assert lesson.who("ben").online
    assert [stay.left_sequence for stay in lesson.stays("ben")] == [2, None]
    assert lesson.counts() == (1, 0, 1)
    both = {
        "onlineUsers": [person("cat", updateTime=ms(20))],
        "offlineUsers": [person("cat", updateTime=ms(25))],
    }
    lesson.apply(20, both)
    assert not lesson.who("cat").online
    [stay] = lesson.stays("cat")
    assert (stay.entered_at, stay.left_at) == (at(20), at(25))


def test_someone_twice_in_one_event():
    lesson = Lesson()
    lesson.online(person("ben"), person("ben"))
    assert lesson.counts() == (1, 0, 1)
    assert len(lesson.stays("ben")) == 1


def test_name_and_role_may_change():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.online(person("ben", "assistant") | {"userName": "Benjamin"})
    assert (lesson.who("ben").name, lesson.who("ben").role) == ("Benjamin", "assistant")
    assert lesson.counts() == (1, 0, 0)
    lesson.apply(21, person("ben", "host"))
    assert lesson.counts() == (1, 1, 0)
    lesson.online({"userUuid": "ben", "role": "wizard"})
    assert (lesson.who("ben").name, lesson.who("ben").role) == ("Ben", "teacher")
    assert lesson.who("ben").was_teacher
    lesson.leave("ben", 1)
    assert lesson.counts() == (0, 0, 0)


def test_properties_and_streams_come_with_the_person():
    lesson = Lesson()
    properties = {"group": {"a": 1}, "x.y": 2}
    lesson.online(
        person("ben", userProperties=properties, streams=[{"streamUuid": "s", "streamName": "cam"}]),
        person("cat", streamUuid="77"),
    )
    assert lesson.who("ben").properties == {"group": {"a": 1}, "x": {"y": 2}}
    assert lesson.who("ben").streams == {"s": {"name": "cam"}}
    assert lesson.who("cat").streams == {"77": {}}
    assert not lesson.who("ben").camera_on


def test_coming_in_again_keeps_what_is_known_of_a_stream():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(40, {"fromUser": person("ben"), "streamUuid": "s", "videoSourceType": 1, "videoState": 1})
    lesson.online(person("ben", type=2, streamUuid="s"))
    assert lesson.who("ben").camera_on


def test_counters_are_those_of_the_rows():
    lesson = Lesson()
    for uuid, role in (("ada", 1), ("ben", 2), ("cat", "audience"), ("dan", 3), ("eve", 0), ("fox", 4)):
        lesson.enter(uuid, role)
    assert lesson.counts() == (6, 1, 2)
    lesson.leave("cat", "audience")
    lesson.leave("ada", "host")
    assert lesson.counts() == (4, 0, 1)


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (20, {"onlineUsers": [ADA]}, "Ada joined"),
        (20, {"offlineUsers": [{**ADA, "type": "2"}]}, "Removed from the class: Ada"),
        (20, {"offlineUsers": [{**ADA, "type": 1}]}, "Ada left"),
        (20, {"onlineUsers": [ADA], "offlineUsers": [BEN]}, "Ada joined; Ben left"),
        (20, {"onlineUsers": [person(n) for n in "abcde"]}, "A, B, C and 2 more joined"),
        (20, {}, "People joined or left"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words
