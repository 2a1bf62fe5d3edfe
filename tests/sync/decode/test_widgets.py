"""Quiz and poll sequences: nested and dotted, under `extra` or flat, and who it was that answered."""

import json

import pytest

from classroom_admin.sync.decode import Stream, Undecodable, decode
from classroom_admin.sync.decode.kinds import Answered, Person, PollChange, QuizChange

T = 1_763_757_600_000
ADA = {"userUuid": "ada", "userName": "Ada", "role": "host"}
BEN = {"userUuid": "ben", "userName": "Ben", "role": "broadcaster"}
CAT = {"userUuid": "cat", "userName": "Cat"}
ben = Person("ben", "Ben", "student")


def quiz(change, cause=None, **more):
    data = {"action": 1, "changeProperties": change, "cause": cause, **more}
    return decode(Stream.QUIZ, {"sequence": 1, "cmd": 4, "data": data})


def poll(change, cause=None, **more):
    data = {"action": 1, "changeProperties": change, "cause": cause, **more}
    return decode(Stream.POLL, {"sequence": 1, "cmd": 4, "data": data})


def dotted(change):
    flat = {f"extra.{key}": value for key, value in change["extra"].items()}
    return {**flat, **{key: value for key, value in change.items() if key != "extra"}}


STARTED = {
    "state": 1,
    "extra": {
        "popupQuizId": "q",
        "items": ["A", "B"],
        "correctItems": ["B"],
        "receiveQuestionTime": T,
        "answerState": 1,
        "selectedCount": 0,
        "correctCount": "0",
        "totalCount": 12,
        "averageAccuracy": 0,
    },
}


@pytest.mark.parametrize("shape", [STARTED, dotted(STARTED), json.dumps(STARTED), STARTED["extra"]])
@pytest.mark.parametrize("cause", [{"action": 1}, '{"action":1}', "a quiz was started", None])
def test_quiz_started(shape, cause):
    read = quiz(shape, cause, operator=ADA)
    assert read.data == QuizChange("q", True, ["A", "B"], ["B"], 0, 0, 12, 0.0, T)
    assert read.ts_ms == T


def test_quiz_below_its_widget_and_without_a_data_object():
    nested = {"widgets": {"popupQuiz": STARTED}}
    assert quiz(nested).data == quiz(STARTED).data
    bare = decode(Stream.QUIZ, {"sequence": "3", "changeProperties": STARTED, "cause": {"action": 1}})
    assert bare.data == quiz(STARTED).data
    assert bare.sequence == 3


def test_quiz_summary_and_end():
    counts = {"selectedCount": 5, "correctCount": 4, "totalCount": 12, "averageAccuracy": "0.8"}
    summary = quiz({"extra": counts}, {"action": 4}).data
    assert summary == QuizChange(None, None, None, None, 5, 4, 12, 0.8)
    ended = quiz(dotted({"extra": {**counts, "answerState": "0"}}), {"action": 2}).data
    assert ended.running is False
    assert quiz({"extra": counts}, {"action": 2}).data.running is False, (
        "the cause says so where no field does"
    )
    assert quiz({"state": 0}, "closed").data.running is False, "put away"
    assert quiz({"extra": counts}, {"action": 4, "popupQuizId": "q"}).data.quiz_id == "q"
    assert quiz({"extra": {"averageAccuracy": float("nan")}}).data.average_accuracy is None


def test_quiz_answer():
    row = {"popupQuizId": "q", "selectedItems": ["A"], "isCorrect": "false", "lastCommitTime": T}
    expected = Answered("q", ben, ["A"], False, T)
    read = quiz(row, {"action": 3}, fromUser=BEN, operator=BEN)
    assert read.data == QuizChange("q", answer=expected)
    assert read.ts_ms == T
    assert quiz({"extra": row}, '{"action": 3}', fromUser=BEN).data.answer == expected
    assert quiz(dotted({"extra": row}), "answered", fromUser=BEN).data.answer == expected
    assert quiz({**row, "selectedItems": "A"}, None, fromUser=BEN).data.answer == expected
    nothing = quiz({"popupQuizId": "q"}, {"action": 3}, fromUser=BEN).data.answer
    assert nothing.selected == []


@pytest.mark.parametrize(
    ("sender", "operator", "who"),
    [
        (BEN, None, "ben"),
        (None, BEN, "ben"),
        (BEN, BEN, "ben"),
        (ADA, BEN, "ben"),
        (BEN, ADA, "ben"),
        (ADA, CAT, "cat"),
        (CAT, BEN, "ben"),
        (CAT, ADA, "cat"),
        (ADA, ADA, "ada"),
        (BEN, {"userUuid": "server", "role": "server"}, "ben"),
        (ADA, {"userUuid": "server", "role": "server"}, "ada"),
        (CAT, {"userUuid": "dan"}, "dan"),
    ],
)
def test_who_answered(sender, operator, who):
    row = {"popupQuizId": "q", "selectedItems": ["A"]}
    people = {key: value for key, value in (("fromUser", sender), ("operator", operator)) if value}
    assert quiz(row, {"action": 3}, **people).data.answer.person.user_uuid == who
    choice = {"pollId": "p", "selectIndex": [0]}
    assert poll(choice, {"action": 3}, **people).data.answer.person.user_uuid == who


@pytest.mark.parametrize("state", ["pollState", "pollingState"])
def test_poll(state):
    started = {
        "state": 1,
        "extra": {
            "pollId": "p",
            "pollItems": ["yes", "no"],
            "mode": "2",
            state: "1",
            "pollDetails": {"0": {"num": "0", "percentage": 0}, "1": {"num": 0, "percentage": "0"}},
        },
    }
    expected = PollChange(
        "p",
        True,
        True,
        ["yes", "no"],
        {"0": {"num": 0, "percentage": 0.0}, "1": {"num": 0, "percentage": 0.0}},
    )
    assert poll(started, {"action": 1}).data == expected
    assert poll(dotted(started), "started").data == expected
    assert poll({"extra": {"pollId": "p", state: 0}}, {"action": 2}).data == PollChange("p", False)
    one = poll({"extra": {"pollId": "p", "pollItems": {"1": "b", "0": "a", "10": "c"}, "mode": 1}}).data
    assert (one.items, one.multiple) == (["a", "b", "c"], False)
    listed = poll({"extra.pollDetails": [{"num": 1}], "extra.pollDetails.x": 5}).data
    assert listed.details in ({"0": {"num": 1}}, {}), "either shape, never an error"
    assert poll({"extra.pollDetails.1.num": "4"}).data.details == {"1": {"num": 4}}


def test_poll_choice_flat_and_under_extra():
    row = {"pollId": "p", "selectIndex": ["0", 2]}
    expected = Answered("p", ben, [0, 2])
    assert poll(row, {"action": 3}, fromUser=BEN).data.answer == expected
    assert poll({"extra": row}, "chosen", fromUser=BEN).data.answer == expected
    assert poll({**row, "selectIndex": 1}, None, fromUser=BEN).data.answer.selected == [1]


@pytest.mark.parametrize(
    ("read", "change", "cause", "people"),
    [
        (quiz, {}, None, {}),
        (quiz, None, None, {}),
        (quiz, [1], None, {}),
        (quiz, {"selectedItems": ["A"]}, None, {"fromUser": BEN}),
        (quiz, {"popupQuizId": "q", "selectedItems": ["A"]}, None, {}),
        (quiz, {"extra": {"items": ["A"]}}, {"action": 1}, {}),
        (quiz, {"extra": {"popupQuizId": "q", "totalCount": 2**40}}, None, {}),
        (quiz, {"extra": {"popupQuizId": "x" * 256}}, None, {}),
        (poll, {"selectIndex": [1]}, None, {"fromUser": BEN}),
        (poll, {"extra": {"pollItems": ["A"]}}, {"action": 1}, {}),
    ],
)
def test_undecodable(read, change, cause, people):
    with pytest.raises(Undecodable):
        read(change, cause, **people)
