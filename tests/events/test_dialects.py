"""The same lesson in every dialect of the cloud gives the same facts."""

import itertools

import pytest

from classroom_admin.events import EventTime, Rows, Stamped, Stream, decode, needs, project, sentence
from tests.events.dialects import DIALECTS
from tests.events.lesson import at
from tests.events.test_invariants import Store


def events_of(dialect):
    for number, (cmd, data, beside) in enumerate(DIALECTS[dialect], 1):
        yield decode(Stream.ROOM, {"roomUuid": "r", "cmd": cmd, "sequence": number, "data": data, **beside})


def rows_of(dialect):
    rows = Rows()
    for event in events_of(dialect):
        assert event.type is not None, event.cmd
        assert event.odd == ()
        project(event, EventTime(at(event.sequence), False), rows)
    return rows


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_lesson_is_read_alike_in_every_dialect(dialect):
    rows = rows_of(dialect)
    room = rows.room
    assert (room.state, room.chat_muted, room.people_online) == (1, True, 3)
    assert (room.hands_raised, room.on_stage, room.recording_state) == (1, 1, "recording")
    assert room.properties["flex"] == {"page": 3}
    assert room.properties["widgets"] == {"poll": {"state": 1, "extra": {"a": 1}}}
    recording = rows.recordings["a"]
    assert list(rows.recordings) == ["a"]
    assert (recording.state, recording.started_at, recording.pauses) == ("recording", at(10), [])
    facts = {
        user: (row.camera_on, row.microphone_on, row.sharing_screen, row.hand_raised, row.on_stage)
        for user, row in rows.participants.items()
    }
    assert facts == {
        "ada": (False, False, False, False, False),
        "ben": (True, False, False, True, False),
        "cat": (False, False, False, False, True),
    }
    assert rows.participants["ben"].properties == {"device": "pad"}
    assert rows.participants["cat"].properties == {"device": "pc"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_event_of_every_dialect_has_a_sentence(dialect):
    for event in events_of(dialect):
        icon, words = sentence(event, {"ada": "Ada", "ben": "Ben", "cat": "Cat"})
        assert icon
        assert "Event of type" not in words


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_parts_of_every_dialect_give_what_the_whole_gives(dialect, size):
    whole = rows_of(dialect)
    store, found = Store(), list(events_of(dialect))
    stamps = {event.sequence: Stamped(None, at(event.sequence)) for event in found}
    for start in range(0, len(found), size):
        batch = list(itertools.islice(found, start, start + size))
        rows = store.load(needs(batch))
        for event in batch:
            project(event, EventTime(stamps[event.sequence].received_at, False), rows)
        store.save(rows)
    people = {key[1]: row for key, row in store.rows.items() if key[0] == "participant"}
    assert people == whole.participants
    assert {key[1]: row for key, row in store.rows.items() if key[0] == "recording"} == whole.recordings
    assert store.rows["room",] == whole.room
