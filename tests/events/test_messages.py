"""Messages of apps, and from one person to another."""

from classroom_admin.events import EventTime, Stream, decode, project
from classroom_admin.events.messages import Message
from classroom_admin.events.people import Person
from classroom_admin.events.rows import PeerRow
from tests.events.lesson import ADA, Lesson, T, at, decoded, person, say


def test_custom_message_in_both_numbers():
    expected = Message("custom", "ping", Person("ada", "Ada", "teacher"))
    assert decoded(99, {"fromUser": ADA, "message": "ping"}).data == expected
    assert decoded(21, {"fromUser": ADA, "message": "ping"}).data == expected
    assert decoded(99, {"message": {"cmd": 1, "x": "é"}}).data.text == '{"cmd": 1, "x": "é"}'


def test_peer_messages():
    data = {"fromUser": ADA, "fromRoom": {"roomUuid": "r"}, "message": "psst"}
    assert decode(Stream.PEER, {"cmd": 1, "data": data}).data.kind == "chat"
    assert decode(Stream.PEER, {"cmd": 99, "data": data, "ts": T}).data.kind == "custom"
    assert decode(Stream.PEER, {"cmd": 2, "data": data}).data is None


def test_a_peer_message_is_kept_under_its_digest_and_changes_nothing_else():
    lesson = Lesson()
    lesson.enter("ben")
    before = repr((lesson.rows.room, lesson.rows.participants, lesson.rows.messages))
    raw = {"cmd": 1, "toUserUuid": "amy", "data": {"fromUser": person("ben"), "message": "psst"}}
    event = decode(Stream.PEER, raw)
    lesson.rows.dirty.clear()
    project(event, EventTime(at(7), True), lesson.rows)
    assert lesson.rows.dirty == set(), "without its digest nobody knows which one it is"
    event.digest, event.sequence = "d1", 5
    for _ in range(2):
        project(event, EventTime(at(7), True), lesson.rows)
    assert lesson.rows.dirty == {("peer", "d1")}
    assert lesson.rows.peers == {
        "d1": PeerRow("d1", 5, at(7), "chat", "ben", "Ben", "student", "amy", "psst", approximate=True)
    }
    assert repr((lesson.rows.room, lesson.rows.participants, lesson.rows.messages)) == before


def test_a_peer_message_of_a_kind_that_we_do_not_know_is_only_stored():
    lesson = Lesson()
    event = decode(Stream.PEER, {"cmd": 7, "data": {"message": "psst"}})
    event.digest = "d1"
    project(event, EventTime(at(1), False), lesson.rows)
    assert not lesson.rows.peers


def test_sentence():
    assert say(99, {"fromUser": ADA, "message": "x"}) == "Ada sent a message to the class's apps"
