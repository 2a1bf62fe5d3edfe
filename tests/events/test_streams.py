"""Cameras, microphones, shared screens."""

import pytest

from classroom_admin.events import Undecodable
from classroom_admin.events.people import Person
from classroom_admin.events.streams import StreamChange, StreamState
from tests.events.lesson import ADA, BEN, Lesson, T, decoded, person, say


def test_decoding():
    data = {
        "fromUser": BEN,
        "streamUuid": "s",
        "streamName": "main",
        "videoSourceType": "1",
        "audioSourceType": 1,
        "videoState": 1,
        "audioState": "0",
        "action": 0,
        "updateTime": T,
    }
    read = decoded(40, data)
    ben = Person("ben", "Ben", "student")
    assert read.data.changes == [StreamChange(ben, StreamState("s", "main", 1, 1, True, False), added=True)]
    assert read.ts_ms == T
    assert decoded(40, {**data, "action": "3"}).data.changes[0].deleted
    rows = {
        "fromUser": BEN,
        "action": 1,
        "streams": [{"streamUuid": "a"}, {"streamUuid": "b", "action": 2}, {}],
    }
    batch = decoded(41, rows)
    assert batch.data.changes == [
        StreamChange(ben, StreamState("a")),
        StreamChange(ben, StreamState("b"), deleted=True),
    ]
    assert len(batch.odd) == 1
    assert decoded(41, [data]).data.changes == read.data.changes
    assert decoded(41, {"streams": [{**data, "action": None, "state": 0}]}).data.changes[0].deleted
    for gone in ("fromUser", "streamUuid"):
        with pytest.raises(Undecodable):
            decoded(40, {**data, gone: None})


def test_devices_follow_the_streams():
    lesson = Lesson()
    lesson.enter("ben")
    camera = {"streamUuid": "c", "streamName": "cam", "videoSourceType": 1, "audioSourceType": 1}
    screen = {"streamUuid": "s", "videoSourceType": "2", "audioSourceType": 0, "videoState": 1}
    lesson.apply(40, {"fromUser": person("ben"), "action": 0, **camera, "videoState": 1, "audioState": 0})
    ben = lesson.who("ben")
    assert (ben.camera_on, ben.microphone_on, ben.sharing_screen) == (True, False, False)
    lesson.apply(40, {"fromUser": person("ben"), "action": 0, **screen, "audioState": 1})
    assert (ben.camera_on, ben.microphone_on, ben.sharing_screen) == (True, False, True)
    lesson.apply(
        41, {"streams": [{"fromUser": person("ben"), "action": 1, "streamUuid": "c", "audioState": 1}]}
    )
    assert (ben.camera_on, ben.microphone_on) == (True, True)
    assert ben.streams["c"] == {
        "name": "cam",
        "video_source": 1,
        "audio_source": 1,
        "video_on": True,
        "audio_on": True,
    }
    lesson.apply(40, {"fromUser": person("ben"), "action": 2, "streamUuid": "s"})
    assert (ben.sharing_screen, list(ben.streams)) == (False, ["c"])
    assert lesson.apply(40, {"fromUser": person("ben"), "action": 2, "streamUuid": "s"}) == {("room",)}
    lesson.leave("ben")
    lesson.apply(40, {"fromUser": person("ben"), "action": 1, "streamUuid": "c", "videoState": 1})
    assert (ben.camera_on, ben.streams) == (False, {})


@pytest.mark.parametrize(
    ("cmd", "data", "words"),
    [
        (
            40,
            {"fromUser": ADA, "streamUuid": "s", "videoSourceType": 2, "action": 0},
            "Ada started sharing the screen",
        ),
        (
            40,
            {"fromUser": ADA, "streamUuid": "s", "videoSourceType": 2, "action": 2},
            "Ada stopped sharing the screen",
        ),
        (
            40,
            {"fromUser": ADA, "streamUuid": "s", "videoSourceType": 2},
            "Ada changed their screen-sharing settings",
        ),
        (40, {"fromUser": ADA, "streamUuid": "s", "action": 0}, "Ada turned on the camera or microphone"),
        (40, {"fromUser": ADA, "streamUuid": "s", "action": 2}, "Ada turned off the camera and microphone"),
        (40, {"fromUser": ADA, "streamUuid": "s", "action": 1}, "Ada changed the camera or microphone"),
        (41, {"streams": []}, "Cameras or microphones changed"),
    ],
)
def test_sentence(cmd, data, words):
    assert say(cmd, data, ada="Ada") == words
