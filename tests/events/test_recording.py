"""Recordings."""

import pytest

from classroom_admin.events import Undecodable
from classroom_admin.events.recording import RecordingChange
from tests.events.lesson import Lesson, T, at, decoded, ms, say


def test_decoding():
    data = {"state": 1, "recordId": "x", "sid": "y", "resourceId": "z", "startTime": T}
    urls = {"rtmp": "rtmp://a", "flv": "b", "hls": "c"}
    read = decoded(1001, {**data, "streamingUrl": urls})
    assert read.data == RecordingChange(True, "x", "y", T, None, urls)
    assert read.ts_ms == T
    for ended in (0, 2, "0", "2"):
        end = decoded(1001, {"state": ended, "startTime": T})
        assert end.data == RecordingChange(False, started_ms=T)
        assert end.ts_ms is None
    for state in (5, None, "on"):
        with pytest.raises(Undecodable):
            decoded(1001, {"state": state})


def test_a_recording():
    lesson = Lesson()
    urls = {"rtmp": "rtmp://x"}
    started = {"state": 1, "recordId": "a", "sid": "s", "startTime": ms(3), "streamingUrl": urls}
    assert lesson.apply(1001, started) == {("room",), ("recording", "a")}
    row = lesson.rows.recordings["a"]
    assert (row.state, row.started_at, row.started_sequence) == ("recording", at(3), 1)
    assert (row.sid, row.streaming_urls, lesson.room.recording_state) == ("s", urls, "recording")
    lesson.apply(1001, {"state": 0, "recordId": "a"}, second=60)
    assert (row.state, row.ended_at, row.ended_sequence) == ("ended", at(60), 2)
    assert lesson.room.recording_state == "ended"


def test_a_recording_without_an_id():
    lesson = Lesson()
    lesson.apply(1001, {"state": 1}, second=5)
    lesson.apply(1001, {"state": 1}, second=6)
    assert list(lesson.rows.recordings) == ["seq-1"], "told again, it is the same"
    lesson.apply(1001, {"state": 2}, second=9)
    row = lesson.rows.recordings["seq-1"]
    assert (row.started_at, row.ended_at, row.state) == (at(5), at(9), "ended")
    lesson.apply(1001, {"state": 1}, second=20)
    assert lesson.rows.recordings["seq-4"].started_at == at(20)
    lesson.apply(1001, {"state": 1, "startTime": ms(40)}, second=41)
    assert lesson.rows.recordings["seq-4"].ended_at == at(40)
    assert lesson.rows.recordings["seq-5"].state == "recording"
    lesson.apply(1001, {"state": 0, "recordId": "late-name"}, second=50)
    assert lesson.rows.recordings["seq-5"].ended_at == at(50)
    assert "late-name" not in lesson.rows.recordings


def test_an_end_without_an_id_ends_the_running_one():
    lesson = Lesson()
    lesson.apply(1001, {"state": 1, "recordId": "a"})
    lesson.apply(1001, {"state": 0})
    assert lesson.rows.recordings["a"].state == "ended"
    assert lesson.apply(1001, {"state": 0}) == {("room",)}


def test_a_second_start_ends_the_first():
    lesson = Lesson()
    lesson.apply(1001, {"state": 1, "recordId": "a"}, second=5)
    lesson.apply(1001, {"state": 1, "recordId": "b"}, second=9)
    assert (lesson.rows.recordings["a"].state, lesson.rows.recordings["a"].ended_at) == ("ended", at(9))
    assert lesson.room.recording_state == "recording"
    lesson.apply(1001, {"state": 0, "recordId": "a"}, second=12)
    assert lesson.rows.recordings["a"].ended_at == at(9), "an end is kept"
    assert lesson.room.recording_state == "recording"


def test_an_end_whose_start_was_missed():
    lesson = Lesson()
    lesson.apply(1001, {"state": 2, "recordId": "x", "startTime": ms(-60)}, second=5)
    row = lesson.rows.recordings["x"]
    assert (row.state, row.started_at, row.started_sequence, row.ended_at) == ("ended", at(-60), None, at(5))
    assert lesson.room.recording_state == "ended"
    empty = Lesson()
    empty.apply(1001, {"state": 2})
    assert (empty.rows.recordings, empty.room.recording_state) == ({}, "ended")


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (1001, {"state": 1}, "The recording started"),
        (1001, {"state": 0}, "The recording stopped"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words
