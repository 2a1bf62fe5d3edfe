"""The class's state."""

import pytest

from classroom_admin.events import Undecodable
from classroom_admin.events.class_state import ClassState
from tests.events.lesson import ADA, Lesson, T, at, decoded, ms, named, say


def test_decoding():
    assert decoded(1, {"state": 1, "startTime": T, "operator": ADA}).data == ClassState(1, T)
    closed = decoded("1", {"state": "3", "startTime": T, "endTime": str(T + 1), "closeTime": T + 2})
    assert closed.data == ClassState(3, T, T + 1, T + 2)
    assert closed.ts_ms == T + 2
    assert decoded(1, {"state": 2, "startTime": T, "endTime": T + 9}).ts_ms == T + 9
    assert decoded(1, {"state": 2, "startTime": T}).ts_ms is None, "the start is not when it ended"
    assert decoded(1, {"state": 0, "startTime": T}).ts_ms is None, "a planned start is no event's time"
    for state in (4, -1, "x", None, {}):
        with pytest.raises(Undecodable, match="state"):
            decoded(1, {"state": state})


def test_a_class_from_start_to_close():
    lesson = Lesson()
    lesson.enter("ada", 1)
    lesson.apply(1, {"state": 1, "startTime": ms(2)}, second=3)
    room = lesson.room
    assert (room.state, room.state_at, room.started_at) == (1, at(2), at(2))
    lesson.apply(1, {"state": "2", "startTime": ms(2), "endTime": ms(60)})
    assert (room.state, room.state_at, room.started_at, room.ended_at) == (2, at(60), at(2), at(60))
    assert lesson.who("ada").online, "they may stay for the close delay"
    lesson.apply(1, {"state": 3, "endTime": ms(60), "closeTime": ms(660)}, second=661)
    assert (room.state, room.ended_at, room.closed_at) == (3, at(60), at(660))


def test_states_without_times_take_the_events():
    lesson = Lesson()
    for second, state in ((5, 1), (9, 2), (12, 3)):
        lesson.apply(1, {"state": state}, second=second)
    room = lesson.room
    assert (room.started_at, room.ended_at, room.closed_at, room.state_at) == (at(5), at(9), at(12), at(12))


def test_a_state_told_again_changes_only_what_it_tells():
    lesson = Lesson()
    lesson.apply(1, {"state": 1}, second=5)
    lesson.apply(1, {"state": 1}, second=50)
    assert (lesson.room.started_at, lesson.room.state_at) == (at(5), at(5))
    lesson.apply(1, {"state": 1, "startTime": ms(4)}, second=51)
    assert (lesson.room.started_at, lesson.room.state_at) == (at(4), at(5))


def test_a_class_started_again_has_not_ended():
    lesson = Lesson()
    lesson.apply(1, {"state": 1}, second=5)
    lesson.apply(1, {"state": 2}, second=9)
    lesson.apply(1, {"state": 1}, second=12)
    assert (lesson.room.state, lesson.room.started_at, lesson.room.ended_at) == (1, at(5), None)
    lesson.apply(1, {"state": 0, "startTime": ms(99)}, second=15)
    assert (lesson.room.state, lesson.room.started_at) == (0, None)


def test_closing_sends_everybody_out_and_ends_the_recording():
    lesson = Lesson()
    for uuid in ("ada", "ben", "cat"):
        lesson.enter(uuid)
    lesson.leave("cat")
    lesson.apply(1501, {"addAcceptedUsers": named("ben", "stranger")})
    lesson.apply(1502, {"addProgressUsers": named("ada")})
    lesson.apply(1001, {"state": 1, "recordId": "rec"})
    changed = lesson.apply(1, {"state": 3, "closeTime": ms(100)}, second=101)
    assert lesson.counts() == (0, 0, 0)
    assert (lesson.room.on_stage, lesson.room.hands_raised) == (0, 0)
    assert [lesson.stays(uuid)[0].left_at for uuid in ("ada", "ben", "cat")] == [at(100), at(100), at(4)]
    assert lesson.who("cat").times_left == 1
    assert ("participant", "cat") not in changed
    assert lesson.who("stranger").on_stage is False
    recording = lesson.rows.recordings["rec"]
    assert (recording.state, recording.ended_at, lesson.room.recording_state) == ("ended", at(100), "ended")
    assert lesson.room.ended_at is None, "no end was told"


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (1, {"state": 0}, "The class has not started"),
        (1, {"state": "1"}, "The class started"),
        (1, {"state": 2}, "The class ended"),
        (1, {"state": 3}, "The class was closed"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words
