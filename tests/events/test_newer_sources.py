"""What newer documents and the vendor's client say about events, next to the first documents."""

import pytest

from classroom_admin.events import EventTime, Stream, Undecodable, confirms, decode, project, sentence
from classroom_admin.events.property_changes import Change
from tests.events.lesson import ADA, BEN, Lesson, at, decoded, ms, named, person, say

CAMERA = {"streamUuid": "c", "videoSourceType": 1, "audioSourceType": 1}


def devices(row):
    return (row.camera_on, row.microphone_on, row.sharing_screen)


def happened(cmd, data, **beside):
    return decode(Stream.ROOM, {"roomUuid": "r", "cmd": cmd, "sequence": 7, "data": data, **beside})


# 1 — the action of streams
def test_action_2_with_a_state_updates_a_stream():
    lesson = Lesson()
    lesson.enter("ben")
    on = {"fromUser": BEN, **CAMERA, "videoState": 1, "audioState": 1}
    lesson.apply(40, {**on, "action": 0})
    lesson.apply(40, {**on, "action": 2, "audioState": 0})
    assert devices(lesson.who("ben")) == (True, False, False)
    lesson.apply(41, {"streams": [{"fromUser": BEN, "streamUuid": "c", "action": "2", "audioState": 1}]})
    assert devices(lesson.who("ben")) == (True, True, False)
    lesson.apply(40, {"fromUser": BEN, "streamUuid": "c", "action": 2, "videoSourceState": 0})
    assert devices(lesson.who("ben")) == (False, True, False)


@pytest.mark.parametrize("data", [{"action": 2}, {"action": 3, "videoState": 1, "audioState": 1}])
def test_action_2_without_a_state_and_action_3_end_a_stream(data):
    for cmd, change in ((40, {"fromUser": BEN, "streamUuid": "c", **data}), (41, None)):
        lesson = Lesson()
        lesson.enter("ben")
        lesson.apply(40, {"fromUser": BEN, **CAMERA, "videoState": 1, "audioState": 1, "action": 1})
        lesson.apply(cmd, change or {"streams": [{"fromUser": BEN, "streamUuid": "c", **data}]})
        assert (devices(lesson.who("ben")), lesson.who("ben").streams) == ((False, False, False), {})


# 2 — the action of properties
@pytest.mark.parametrize("cmd", [4, 5])
@pytest.mark.parametrize("action", [0, 1, 2, None])
def test_the_word_deleted_always_deletes_a_property_of_the_room(cmd, action):
    lesson = Lesson()
    lesson.apply(4, {"changeProperties": {"a": 1, "b": {"c": 2, "d": 3}, "muteChat": 1}})
    changes = {"a": "deleted", "b.c": "deleted", "muteChat": "deleted"}
    lesson.apply(cmd, {"action": action, "changeProperties": changes})
    assert lesson.room.properties == {"b": {"d": 3}}
    assert not lesson.room.chat_muted


@pytest.mark.parametrize("cmd", [22, 23])
def test_the_word_deleted_always_deletes_a_property_of_a_person(cmd):
    lesson = Lesson()
    lesson.apply(22, {"fromUser": BEN, "changeProperties": {"a": 1, "b": {"c": 2, "d": 3}}})
    lesson.apply(cmd, {"fromUser": BEN, "action": 1, "changeProperties": {"b.c": "deleted", "a": "deleted"}})
    assert lesson.who("ben").properties == {"b": {"d": 3}}


def test_the_word_deleted_in_an_object_leaves_the_rest():
    lesson = Lesson()
    lesson.apply(4, {"changeProperties": {"widgets": {"poll": {"state": 1, "extra": {"a": 1, "b": 2}}}}})
    lesson.apply(5, {"changeProperties": {"widgets": {"poll": {"extra": {"a": "deleted"}}}}})
    lesson.apply(5, {"changeProperties": {"x": {"keep": ["deleted"], "gone": "deleted"}}})
    assert lesson.room.properties == {
        "widgets": {"poll": {"state": 1, "extra": {"b": 2}}},
        "x": {"keep": ["deleted"]},
    }


def test_action_1_sets_in_events_about_several_properties_and_deletes_in_others():
    lesson = Lesson()
    lesson.apply(5, {"action": 1, "changeProperties": {"muteChat": 1, "page": 3}})
    assert (lesson.room.properties, lesson.room.chat_muted) == ({"muteChat": 1, "page": 3}, True)
    lesson.apply(4, {"action": 1, "changeProperties": {"muteChat": 1}})
    assert (lesson.room.properties, lesson.room.chat_muted) == ({"page": 3}, False)
    lesson.apply(23, {"fromUser": BEN, "action": 1, "changeProperties": {"device": "pad", "level": 1}})
    assert lesson.who("ben").properties == {"device": "pad", "level": 1}
    lesson.apply(22, {"fromUser": BEN, "action": 1, "changeProperties": {"level": 1}})
    assert lesson.who("ben").properties == {"device": "pad"}


@pytest.mark.parametrize("cmd", [4, 5, 22, 23])
def test_action_2_deletes_in_every_event(cmd):
    read = happened(cmd, {"fromUser": BEN, "action": 2, "changeProperties": {"a": 1, "b.c": 2}}).data.changes
    expected = [Change(("a",), deleted=True), Change(("b", "c"), deleted=True)]
    assert read == (
        expected
        if cmd < 10
        else [(decoded(22, {"fromUser": BEN, "changeProperties": {}}).data.changes[0][0], expected)]
    )


def test_action_1_sets_and_action_2_deletes_below_widgets():
    lesson = Lesson()
    for cmd in (4, 5):
        lesson.apply(
            cmd, {"action": 1, "changeProperties": {"widgets": {"poll": {"state": 1, "extra": {"a": 1}}}}}
        )
        assert lesson.room.properties == {"widgets": {"poll": {"state": 1, "extra": {"a": 1}}}}
        lesson.apply(cmd, {"action": 2, "changeProperties": {"widgets.poll.extra": {"a": 1}}})
        assert lesson.room.properties == {"widgets": {"poll": {"state": 1, "extra": {}}}}
        lesson.apply(cmd, {"action": 2, "changeProperties": {"widgets.poll": None}})
        assert lesson.room.properties == {"widgets": {}}


# 3 — several properties, people and subscriptions
def test_a_batch_of_properties_stands_beside_the_data():
    entries = [
        {"fromUser": BEN, "changeProperties": {"x": 1}, "cause": {}, "operator": ADA},
        {"fromUser": person("cat"), "changeProperties": {"y": "deleted"}},
    ]
    batch = {"id": "b", "total": 2, "progress": 1}
    for data in ({"fromUser": BEN, "changeProperties": {"x": 0, "z": 5}}, {}, None):
        read = happened(23, data, batch=batch, list=entries)
        changes = {who.user_uuid: [] for who, _ in read.data.changes}
        for who, some in read.data.changes:
            changes[who.user_uuid] += some
        assert changes["cat"] == [Change(("y",), deleted=True)]
        assert changes["ben"][-1] == Change(("x",), 1)
        assert (Change(("z",), 5) in changes["ben"]) == bool(data)
        assert read.odd == ()
    assert len(happened(23, {}, list=[*entries, {"fromUser": BEN}]).odd) == 1
    words = sentence(happened(23, {}, list=entries), {})[1]
    assert words.count("Ben") == words.count("Cat") == 1
    with pytest.raises(Undecodable):
        happened(23, None, batch=batch)


def test_a_batch_of_properties_of_the_room_stands_beside_the_data():
    read = happened(5, {}, list=[{"changeProperties": {"a": 1}}, {"changeProperties": {"b": 2}}])
    assert read.data.changes == [Change(("a",), 1), Change(("b",), 2)]


def test_subscriptions_are_known_and_change_nothing():
    lesson = Lesson()
    data = {"users": [{"subscribe": 1, "streams": [{"streamUuid": "c"}]}]}
    assert lesson.apply(24, data) == {("room",)}
    assert say(24, data) == "Some people now receive different cameras and microphones"


def test_an_event_about_several_people():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.apply(25, {"users": [{**BEN, "muteChat": 1}, {**person("cat"), "changeProperties": {"a.b": 1}}]})
    assert lesson.who("ben").chat_muted
    assert (lesson.who("cat").name, lesson.who("cat").properties) == ("Cat", {"a": {"b": 1}})
    lesson.apply(25, [{**BEN, "muteChat": 0}])
    assert not lesson.who("ben").chat_muted
    assert (
        say(25, {"users": [{**BEN, "muteChat": 1}, {**ADA, "muteChat": 1}]})
        == "Ben, Ada was muted in the chat"
    )
    assert len(decoded(25, {"users": [BEN, 7]}).odd) == 1


# 4 — 1110
def test_a_widget_property():
    lesson = Lesson()
    lesson.apply(1110, {"widgetUuid": "poll", "action": 1, "changeProperties": {"state": 1, "extra.a": 1}})
    lesson.apply(1110, {"widgetUuid": "poll", "action": 1, "changeProperties": {"extra": {"b": 2}}})
    assert lesson.room.properties == {"widgets": {"poll": {"state": 1, "extra": {"a": 1, "b": 2}}}}
    lesson.apply(1110, {"widgetUuid": "poll", "action": 2, "changeProperties": {"extra": {"a": 1}}})
    lesson.apply(1110, {"widgetUuid": "poll", "action": 1, "changeProperties": {"extra.b": "deleted"}})
    assert lesson.room.properties == {"widgets": {"poll": {"state": 1, "extra": {}}}}
    assert say(1110, {"widgetUuid": "poll", "action": 1, "changeProperties": {"state": 1}}) == (
        "Opened in the class: poll"
    )
    with pytest.raises(Undecodable):
        decoded(
            1110, {"action": 1, "changeProperties": {}, "widgetUuid": 5, "x": 1} | {"changeProperties": 5}
        )


# 5 — devices
def test_a_camera_is_on_if_it_is_published_and_its_device_runs():
    def camera(**states):
        lesson = Lesson()
        lesson.enter("ben")
        lesson.apply(40, {"fromUser": BEN, "streamUuid": "c", "videoSourceType": 1, "action": 1, **states})
        return lesson.who("ben").camera_on

    assert camera(videoState=1)
    assert camera(videoState=1, videoSourceState=1)
    assert camera(videoSourceState=1)
    assert not camera(videoState=1, videoSourceState=0)
    assert not camera(videoState=1, videoSourceState=2), "the device has an error"
    assert not camera(videoState=0, videoSourceState=1)


def test_who_enters_with_a_camera_on_needs_no_event_about_it():
    lesson = Lesson()
    stream = {**CAMERA, "videoState": 1, "audioState": 0, "videoSourceState": 1, "audioSourceState": 1}
    urls = {"playUrl": "https://x", "flvPlayUrl": "https://y", "rtmpPlayUrl": "rtmp://z"}
    lesson.online(person("ben", streams=[{**stream, **urls}], type=1))
    ben = lesson.who("ben")
    assert devices(ben) == (True, False, False)
    assert "https" not in str(ben.streams)


# 6 — why an event about a recording came
def test_a_recording_that_is_tried_again_has_not_ended():
    lesson = Lesson()
    lesson.apply(1001, {"state": 1, "recordId": "a", "reason": 1}, second=5)
    lesson.apply(1001, {"state": 2, "recordId": "a", "reason": 4}, second=60)
    row = lesson.rows.recordings["a"]
    assert (row.state, row.ended_at, row.retrying) == ("recording", None, True)
    assert lesson.room.recording_state == "recording"
    lesson.apply(4, {"changeProperties": {"record": {"state": 0}}})
    assert row.state == "recording", "it is being tried again"
    lesson.apply(1001, {"state": 1, "recordId": "a", "reason": 3}, second=90)
    assert (row.state, row.started_at, row.retrying) == ("recording", at(5), False)
    lesson.apply(1001, {"state": 2, "recordId": "a", "reason": 2}, second=99)
    assert (row.state, row.ended_at, lesson.room.recording_state) == ("ended", at(99), "ended")


def test_a_recording_whose_property_ended_first_is_still_tried_again():
    lesson = Lesson()
    lesson.apply(1001, {"state": 1, "recordId": "a"})
    lesson.apply(4, {"changeProperties": {"record.state": 0}})
    lesson.apply(1001, {"state": 2, "recordId": "a", "reason": 4})
    row = lesson.rows.recordings["a"]
    assert (row.state, row.ended_at, row.ended_sequence) == ("recording", None, None)


def test_a_recording_that_the_cloud_gave_up_has_failed():
    lesson = Lesson()
    lesson.apply(1001, {"state": 1, "recordId": "a"}, second=5)
    lesson.apply(4, {"changeProperties": {"record": {"state": 0}}}, second=59)
    lesson.apply(1001, {"state": 2, "recordId": "a", "reason": "5"}, second=60)
    row = lesson.rows.recordings["a"]
    assert (row.state, row.ended_at, lesson.room.recording_state) == ("failed", at(59), "failed")
    lesson.apply(1001, {"state": 2, "recordId": "a"}, second=61)
    assert (row.state, lesson.room.recording_state) == ("failed", "failed")
    lesson.apply(1001, {"state": 1, "recordId": "b"}, second=70)
    assert lesson.room.recording_state == "recording"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (1, "The recording stopped"),
        (2, "The recording stopped"),
        (3, "The recording started again after a failure"),
        (4, "The recording timed out, and the cloud is trying again"),
        (5, "The recording failed, and the cloud does not try again"),
        (77, "The recording stopped"),
    ],
)
def test_the_reason_is_said_in_words(reason, words):
    assert say(1001, {"state": 2, "recordId": "a", "reason": reason}) == words


def test_a_time_out_confirms_no_stop_and_a_retry_confirms_a_start():
    def confirmed(reason, state):
        event = decoded(1001, {"state": 2, "reason": reason})
        return confirms(event, cmd=1001, match={"state": state}, since_sequence=0)

    assert [confirmed(reason, 0) for reason in (2, 3, 4, 5)] == [True, False, False, True]
    assert [confirmed(reason, 1) for reason in (2, 3, 4, 5)] == [False, True, False, False]


# 7 — what the client reads from properties of the room
def test_a_pause_of_a_recording_is_seen():
    lesson = Lesson()
    lesson.apply(1001, {"state": 1, "recordId": "a"}, second=5)
    lesson.apply(4, {"changeProperties": {"record": {"state": 1, "onhold": True, "ready": 1}}}, second=10)
    row = lesson.rows.recordings["a"]
    assert row.pauses == [[ms(10), None]]
    lesson.apply(4, {"changeProperties": {"record.onhold": True}}, second=12)
    lesson.apply(5, {"action": 1, "changeProperties": {"record.onhold": "false"}}, second=20)
    lesson.apply(4, {"changeProperties": {"record.onhold": 1}}, second=30)
    assert row.pauses == [[ms(10), ms(20)], [ms(30), None]]
    lesson.apply(1001, {"state": 2, "recordId": "a"}, second=40)
    assert row.pauses == [[ms(10), ms(20)], [ms(30), ms(40)]]
    assert say(4, {"changeProperties": {"record.onhold": True}}) == "The recording is paused"
    assert say(4, {"changeProperties": {"record.onhold": False}}) == "The recording is running"


@pytest.mark.parametrize("first", ["property", "event"])
def test_a_recording_starts_once_whichever_source_comes_first(first):
    urls = {"hls": "https://x"}
    start = (1001, {"state": 1, "recordId": "a", "startTime": ms(10)})
    told = (4, {"changeProperties": {"record": {"state": 1, "onhold": False, "streamingUrl": urls}}})
    lesson = Lesson()
    for cmd, data in (told, start) if first == "property" else (start, told):
        lesson.apply(cmd, data, second=lesson.second + 11)
    assert list(lesson.rows.recordings) == ["a"]
    row = lesson.rows.recordings["a"]
    assert (row.state, row.started_at, row.streaming_urls) == ("recording", at(10), urls)
    ends = [(1001, {"state": 2, "recordId": "a"}), (4, {"changeProperties": {"record": {"state": 0}}})]
    for cmd, data in ends if first == "event" else reversed(ends):
        lesson.apply(cmd, data, second=lesson.second + 60)
    assert (row.state, row.ended_at, list(lesson.rows.recordings)) == ("ended", at(lesson.second - 60), ["a"])


def test_a_recording_known_only_from_the_property():
    lesson = Lesson()
    lesson.apply(4, {"changeProperties": {"record": {"state": 0}}})
    assert (lesson.rows.recordings, lesson.room.recording_state) == ({}, "")
    lesson.apply(5, {"changeProperties": {"record.state": 1}}, second=5)
    assert lesson.rows.recordings["seq-2"].started_at == at(5)
    assert lesson.room.recording_state == "recording"
    lesson.apply(5, {"changeProperties": {"record.ready": 1}}, second=7)
    lesson.apply(5, {"changeProperties": {"record.state": 2}}, second=9)
    assert lesson.rows.recordings["seq-2"].ended_at == at(9)
    lesson.apply(1, {"state": 3})
    lesson.apply(5, {"changeProperties": {"record.state": 1}})
    assert lesson.room.recording_state == "ended", "a closed class is not recorded"


def test_hands_and_the_stage_from_processes():
    lesson = Lesson()
    for who in ("ben", "cat", "dan"):
        lesson.enter(who)
    lesson.apply(4, {"changeProperties": {"processes.waveArm.progress": named("ben", "cat")}}, second=20)
    assert (lesson.room.hands_raised, lesson.who("cat").hand_raised_at) == (2, at(20))
    lesson.apply(5, {"action": 1, "changeProperties": {"processes": {"waveArm": {"progress": named("cat")}}}})
    assert [lesson.who(who).hand_raised for who in ("ben", "cat")] == [False, True]
    lesson.apply(4, {"changeProperties": {"processes.handsUp.progress": named("dan")}})
    assert (lesson.room.hands_raised, lesson.room.on_stage) == (1, 0), "an invitation is neither"
    lesson.apply(4, {"changeProperties": {"processes.handsUp": {"maxAccept": 4, "accepted": ["dan"]}}})
    lesson.apply(4, {"changeProperties": {"processes.waveArm.accepted": named("ben")}})
    assert [lesson.who(who).on_stage for who in ("ben", "cat", "dan")] == [True, False, True]
    lesson.apply(4, {"changeProperties": {"processes.handsUp.maxAccept": 6}})
    assert lesson.room.on_stage == 2
    lesson.apply(4, {"changeProperties": {"processes": "deleted"}})
    assert (lesson.room.on_stage, lesson.room.hands_raised) == (0, 0)


def test_someone_who_left_does_not_go_up_by_an_old_list():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.leave("ben")
    lesson.apply(4, {"changeProperties": {"processes.waveArm.progress": named("ben")}})
    lesson.apply(4, {"changeProperties": {"processes.handsUp.accepted": named("ben")}})
    assert (lesson.room.hands_raised, lesson.room.on_stage) == (0, 0)


def test_a_shared_screen_from_the_property():
    lesson = Lesson()
    lesson.enter("ben")
    lesson.enter("cat")
    screen = {"state": 1, "userUuid": "ben", "streamUuid": "s"}
    lesson.apply(4, {"changeProperties": {"screen": screen}})
    assert lesson.who("ben").sharing_screen
    lesson.apply(4, {"changeProperties": {"screen": {**screen, "userUuid": "cat", "streamUuid": "t"}}})
    assert (lesson.who("ben").sharing_screen, lesson.who("cat").sharing_screen) == (False, True)
    lesson.apply(5, {"changeProperties": {"screen.state": 0}})
    assert not lesson.who("cat").sharing_screen
    lesson.apply(4, {"changeProperties": {"screen": screen}})
    lesson.apply(4, {"changeProperties": {"screen": "deleted"}})
    assert not lesson.who("ben").sharing_screen
    assert say(4, {"changeProperties": {"screen": screen}}, ben="Ben") == "Ben started sharing the screen"


def test_the_properties_of_carousel_and_chat_are_read():
    lesson = Lesson()
    lesson.apply(4, {"changeProperties": {"carousel": {"state": 1, "range": 1}, "muteChat": 1}})
    lesson.apply(4, {"changeProperties": {"carousel.state": 0}})
    assert lesson.room.properties["carousel"] == {"state": 0, "range": 1}
    assert lesson.room.chat_muted
    assert say(4, {"changeProperties": {"carousel.state": 0}}) == "Class settings changed: stage rotation"


HANDS = [
    (1502, {"progressUsers": named("ben"), "addProgressUsers": named("ben")}, "ben raised a hand"),
    (4, {"changeProperties": {"processes.waveArm.progress": named("ben")}}, "Raised hands: ben"),
]
STAGE = [
    (1501, {"acceptedUsers": named("ben"), "addAcceptedUsers": named("ben")}, "ben went on stage"),
    (4, {"changeProperties": {"processes.handsUp.accepted": named("ben")}}, "On stage: ben"),
]
RECORDING = [
    (1001, {"state": 1, "recordId": "a"}, "The recording started"),
    (4, {"changeProperties": {"record": {"state": 1}}}, "The recording started"),
]
SCREEN = [
    (40, {"fromUser": BEN, "streamUuid": "s", "videoSourceType": 2, "videoState": 1, "action": 0},
     "Ben started sharing the screen"),
    (4, {"changeProperties": {"screen": {"state": 1, "userUuid": "ben", "streamUuid": "s"}}},
     "ben started sharing the screen"),
]  # fmt: skip
WIDGET = [
    (
        1110,
        {"widgetUuid": "poll", "action": 1, "changeProperties": {"state": 1}},
        "Opened in the class: poll",
    ),
    (4, {"changeProperties": {"widgets": {"poll": {"state": 1}}}}, "Opened in the class: poll"),
]


@pytest.mark.parametrize("sources", [HANDS, STAGE, RECORDING, SCREEN, WIDGET])
@pytest.mark.parametrize("turned", [False, True])
def test_what_two_sources_say_happens_once_and_is_said_once(sources, turned):
    lesson = Lesson()
    lesson.enter("ben")
    said = []
    for number, (cmd, data, words) in enumerate(reversed(sources) if turned else sources, 2):
        event = decode(Stream.ROOM, {"roomUuid": "r", "cmd": cmd, "sequence": number, "data": data})
        project(event, EventTime(at(number), False), lesson.rows)
        spoken = sentence(event, {"ben": "ben"})[1].replace("\u2068", "").replace("\u2069", "")
        said.append(spoken == words)
        after = (lesson.room.hands_raised, lesson.room.on_stage, len(lesson.rows.recordings))
        if number == 2:
            first = after
    assert said == [True, False]
    assert after == first


# 8 — the end of a quiz
def test_a_quiz_ends_by_the_id_in_its_cause():
    lesson = Lesson()
    started = {"extra": {"popupQuizId": "q1", "items": ["A"], "answerState": 1}}
    lesson.quiz(started, 1)
    lesson.quiz({"extra": {**started["extra"], "popupQuizId": "q2"}}, 1)
    data = {"changeProperties": {"extra.answerState": 0}, "cause": {"action": 2, "popQuizId": "q1"}}
    lesson.apply(4, data, stream=Stream.QUIZ)
    assert [lesson.rows.quizzes[quiz].running for quiz in ("q1", "q2")] == [False, True]
    data["cause"] = '{"action": 2, "popQuizId": "q2"}'
    lesson.apply(4, data, stream=Stream.QUIZ)
    assert not lesson.rows.quizzes["q2"].running


def test_who_answered_may_stand_beside_the_data():
    raw = {
        "cmd": 1110,
        "sequence": 1,
        "data": {
            "widgetUuid": "popupQuiz",
            "changeProperties": {"popupQuizId": "q", "selectedItems": ["A"], "isCorrect": True},
        },
        "fromUser": BEN,
        "operator": BEN,
    }
    answer = decode(Stream.QUIZ, raw).data.answer
    assert (answer.person.user_uuid, answer.selected) == ("ben", ["A"])


def test_a_widget_answer_belongs_to_the_person_beside_the_data():
    lesson = Lesson()
    data = {"widgetUuid": "dice", "action": 1, "changeProperties": {"extra": {"thrown": 6}}}
    event = happened(1110, data, fromUser=BEN)
    assert event.data.person.user_uuid == "ben"
    lesson.apply(1110, {**data, "fromUser": BEN})
    assert lesson.who("ben").properties == {"widgets": {"dice": {"extra": {"thrown": 6}}}}
    assert lesson.room.properties == {}
    lesson.apply(1110, {**data, "fromUser": ADA, "changeProperties": {"state": 1}})
    assert lesson.room.properties == {"widgets": {"dice": {"state": 1}}}
