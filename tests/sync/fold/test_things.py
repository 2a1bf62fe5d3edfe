"""Recordings, resources, quizzes and polls."""

from classroom_admin.sync.decode import Stream, decode
from classroom_admin.sync.fold import EventTime, PeerRow, fold
from tests.sync.fold.story import Story, at, ms, person


def test_a_recording():
    story = Story()
    urls = {"rtmp": "rtmp://x"}
    started = {"state": 1, "recordId": "a", "sid": "s", "startTime": ms(3), "streamingUrl": urls}
    assert story.tell(1001, started) == {("room",), ("recording", "a")}
    row = story.rows.recordings["a"]
    assert (row.state, row.started_at, row.started_sequence) == ("recording", at(3), 1)
    assert (row.sid, row.streaming_urls, story.room.recording_state) == ("s", urls, "recording")
    story.tell(1001, {"state": 0, "recordId": "a"}, second=60)
    assert (row.state, row.ended_at, row.ended_sequence) == ("ended", at(60), 2)
    assert story.room.recording_state == "ended"


def test_a_recording_without_an_id():
    story = Story()
    story.tell(1001, {"state": 1}, second=5)
    story.tell(1001, {"state": 1}, second=6)
    assert list(story.rows.recordings) == ["seq-1"], "told again, it is the same"
    story.tell(1001, {"state": 2}, second=9)
    row = story.rows.recordings["seq-1"]
    assert (row.started_at, row.ended_at, row.state) == (at(5), at(9), "ended")
    story.tell(1001, {"state": 1}, second=20)
    assert story.rows.recordings["seq-4"].started_at == at(20)
    story.tell(1001, {"state": 1, "startTime": ms(40)}, second=41)
    assert story.rows.recordings["seq-4"].ended_at == at(40)
    assert story.rows.recordings["seq-5"].state == "recording"
    story.tell(1001, {"state": 0, "recordId": "late-name"}, second=50)
    assert story.rows.recordings["seq-5"].ended_at == at(50)
    assert "late-name" not in story.rows.recordings


def test_an_end_without_an_id_ends_the_running_one():
    story = Story()
    story.tell(1001, {"state": 1, "recordId": "a"})
    story.tell(1001, {"state": 0})
    assert story.rows.recordings["a"].state == "ended"
    assert story.tell(1001, {"state": 0}) == {("room",)}


def test_a_second_start_ends_the_first():
    story = Story()
    story.tell(1001, {"state": 1, "recordId": "a"}, second=5)
    story.tell(1001, {"state": 1, "recordId": "b"}, second=9)
    assert (story.rows.recordings["a"].state, story.rows.recordings["a"].ended_at) == ("ended", at(9))
    assert story.room.recording_state == "recording"
    story.tell(1001, {"state": 0, "recordId": "a"}, second=12)
    assert story.rows.recordings["a"].ended_at == at(9), "an end is kept"
    assert story.room.recording_state == "recording"


def test_an_end_whose_start_was_missed():
    story = Story()
    story.tell(1001, {"state": 2, "recordId": "x", "startTime": ms(-60)}, second=5)
    row = story.rows.recordings["x"]
    assert (row.state, row.started_at, row.started_sequence, row.ended_at) == ("ended", at(-60), None, at(5))
    assert story.room.recording_state == "ended"
    empty = Story()
    empty.tell(1001, {"state": 2})
    assert (empty.rows.recordings, empty.room.recording_state) == ({}, "ended")


def test_resources():
    story = Story()
    file = {
        "resourceUuid": "f",
        "resourceName": "Notes",
        "ext": "pdf",
        "size": "10",
        "url": "https://x.test/1",
    }
    story.tell(1003, {"resources": [file], "action": 1}, second=5)
    row = story.rows.resources["f"]
    assert (row.name, row.ext, row.size, row.url) == ("Notes", "pdf", 10, "https://x.test/1")
    assert (row.put_sequence, row.put_at, row.converted_percent, row.task) == (1, at(5), None, {})
    story.tell(1003, {"resources": [{"resourceUuid": "f", "resourceName": "Notes 2"}]}, second=6)
    assert (row.name, row.size, row.put_sequence) == ("Notes 2", 10, 1)
    story.tell(1003, {"resources": [{"resourceUuid": "f"}], "action": 2}, second=7)
    story.tell(1003, {"resources": [{"resourceUuid": "f"}], "action": 2}, second=8)
    assert row.removed_at == at(7)
    story.tell(1003, {"resources": [file], "action": 1}, second=9)
    assert (row.removed_at, row.put_sequence, row.put_at) == (None, 5, at(9))
    story.tell(1003, {"resources": [file | {"url": "https://x.test/2"}]}, second=10)
    assert (row.url, row.put_sequence) == ("https://x.test/2", 6)
    story.tell(1003, {"resources": [{"resourceUuid": "never-seen"}], "action": "2"}, second=11)
    assert story.rows.resources["never-seen"].removed_at == at(11)


def test_conversion():
    story = Story()

    def news(percent=None, task="t", **more):
        progress = {} if percent is None else {"taskProgress": {"convertedPercentage": percent}}
        file = {"resourceUuid": "f", "taskUuid": task, "taskToken": "secret", **progress, **more}
        story.tell(1003, {"resources": [file], "action": 1})
        return story.rows.resources["f"].converted_percent

    assert news() == 0
    assert news("25") == 25
    assert news(100.0) == 100
    row = story.rows.resources["f"]
    assert row.put_sequence == 1
    assert row.task == {"taskUuid": "t", "taskProgress": {"convertedPercentage": 100.0}}
    assert news() == 100, "no news of it"
    assert news(250) == 100
    assert news(task="another") == 0
    assert row.put_sequence == 6
    assert "secret" not in repr(story.rows)


STARTED = {
    "state": 1,
    "extra": {
        "popupQuizId": "q",
        "items": ["A", "B"],
        "correctItems": ["B"],
        "answerState": 1,
        "receiveQuestionTime": ms(1),
        "totalCount": 2,
    },
}


def answer(quiz="q", selected=("B",), second=5):
    return {
        "popupQuizId": quiz,
        "selectedItems": list(selected),
        "isCorrect": list(selected) == ["B"],
        "lastCommitTime": ms(second),
    }


def test_a_quiz():
    story = Story()
    assert story.quiz(STARTED, 1, operator=person("ada", 1)) == {("room",), ("quiz", "q")}
    row = story.rows.quizzes["q"]
    assert (row.running, row.items, row.correct_items, row.started_at) == (True, ["A", "B"], ["B"], at(1))
    story.quiz(answer(selected=["A"], second=4), 3, fromUser=person("ben"))
    story.quiz(answer(second=6), 3, fromUser=person("ada", "host"), operator=person("ben"))
    [given] = story.rows.answers.values()
    assert (given.of, given.question_id, given.user_uuid, given.name) == ("quiz", "q", "ben", "Ben")
    assert (given.selected, given.is_correct, given.answered_at, given.sequence) == (["B"], True, at(6), 3)
    story.quiz({"extra": {"selectedCount": 1, "correctCount": 1, "averageAccuracy": 1}}, 4)
    assert (row.selected_count, row.correct_count, row.total_count, row.average_accuracy) == (1, 1, 2, 1.0)
    assert row.running
    story.quiz({"extra": {"answerState": 0, "selectedCount": 2}}, 2)
    assert (row.running, row.selected_count, row.ended_at) == (False, 2, at(5))
    assert story.quiz({"extra": {"selectedCount": 9}}, 4) == {("room",)}, "no quiz runs"
    assert "ben" not in story.rows.participants, "streams touch rows of their own only"


def test_an_answer_before_its_quiz_is_known():
    story = Story()
    changed = story.quiz(answer(), 3, fromUser=person("ben"))
    assert changed == {("room",), ("quiz", "q"), ("answer", "quiz", "q", "ben")}
    row = story.rows.quizzes["q"]
    assert (row.running, row.started_at, row.items) == (True, None, [])
    story.quiz({"extra": {"answerState": 0}}, 2)
    assert not row.running
    story.quiz(answer(), 3, fromUser=person("cat"))
    assert not row.running, "a late answer opens nothing"


def test_the_next_quiz_ends_the_one_before():
    story = Story()
    story.quiz(STARTED, 1)
    second = {"extra": {"popupQuizId": "q2", "answerState": "1"}}
    assert story.quiz(second, 1) == {("room",), ("quiz", "q"), ("quiz", "q2")}
    assert (story.rows.quizzes["q"].running, story.rows.quizzes["q"].ended_at) == (False, at(2))
    story.quiz({"extra": {"selectedCount": 3}}, 4)
    assert (story.rows.quizzes["q2"].selected_count, story.rows.quizzes["q"].selected_count) == (3, None)
    assert story.rows.quizzes["q2"].started_at == at(2)


def test_a_poll():
    story = Story()
    extra = {"pollId": "p", "pollItems": ["x", "y"], "mode": 2, "pollingState": 1, "pollDetails": {}}
    story.poll({"state": 1, "extra": extra}, 1)
    row = story.rows.polls["p"]
    assert (row.running, row.multiple, row.items, row.started_at) == (True, True, ["x", "y"], at(1))
    story.poll({"pollId": "p", "selectIndex": [0]}, 3, fromUser=person("ben"))
    story.poll({"extra": {"pollId": "p", "selectIndex": ["1", 0]}}, 3, fromUser=person("ben"))
    given = story.rows.answers["poll", "p", "ben"]
    assert (given.selected, given.is_correct, given.answered_at, given.sequence) == ([1, 0], None, at(3), 3)
    story.poll({"extra.pollId": "p", "extra.pollDetails": {"0": {"num": "1", "percentage": 0.5}}}, 4)
    assert row.details == {"0": {"num": 1, "percentage": 0.5}}
    story.poll({"extra": {"pollId": "p", "pollState": 0}}, 2)
    assert (row.running, row.ended_at) == (False, at(5))


def test_a_peer_message_is_kept_under_its_digest_and_changes_nothing_else():
    story = Story()
    story.enter("ben")
    before = repr((story.rows.room, story.rows.participants, story.rows.messages))
    raw = {"cmd": 1, "toUserUuid": "amy", "data": {"fromUser": person("ben"), "message": "psst"}}
    event = decode(Stream.PEER, raw)
    story.rows.dirty.clear()
    fold(event, EventTime(at(7), True), story.rows)
    assert story.rows.dirty == set(), "without its digest nobody knows which one it is"
    event.digest, event.sequence = "d1", 5
    for _ in range(2):
        fold(event, EventTime(at(7), True), story.rows)
    assert story.rows.dirty == {("peer", "d1")}
    assert story.rows.peers == {
        "d1": PeerRow("d1", 5, at(7), "chat", "ben", "Ben", "student", "amy", "psst", approximate=True)
    }
    assert repr((story.rows.room, story.rows.participants, story.rows.messages)) == before


def test_a_peer_message_of_a_kind_that_we_do_not_know_is_only_stored():
    story = Story()
    event = decode(Stream.PEER, {"cmd": 7, "data": {"message": "psst"}})
    event.digest = "d1"
    fold(event, EventTime(at(1), False), story.rows)
    assert not story.rows.peers
