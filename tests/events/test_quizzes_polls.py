"""Quizzes and polls: nested and dotted, under `extra` or flat, and who it was that answered."""

import json

import pytest

from classroom_admin.events import Stream, Undecodable, decode
from classroom_admin.events.people import Person
from classroom_admin.events.quizzes_polls import Answered, QuestionChange
from tests.events.lesson import Lesson, at, ms, person, say

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
    assert read.data == QuestionChange(
        "quiz",
        "q",
        1 if "1" in str(cause) else None,
        running=True,
        started_ms=T,
        columns={
            "items": ["A", "B"],
            "correct_items": ["B"],
            "selected_count": 0,
            "correct_count": 0,
            "total_count": 12,
            "average_accuracy": 0.0,
        },
    )
    assert read.ts_ms == T


def test_quiz_below_its_widget_and_without_a_data_object():
    nested = {"widgets": {"popupQuiz": STARTED}}
    assert quiz(nested).data == quiz(STARTED).data
    bare = decode(Stream.QUIZ, {"sequence": "3", "changeProperties": STARTED, "cause": {"action": 1}})
    assert bare.data == quiz(STARTED, {"action": 1}).data
    assert bare.sequence == 3


def test_quiz_summary_and_end():
    counts = {"selectedCount": 5, "correctCount": 4, "totalCount": 12, "averageAccuracy": "0.8"}
    summary = quiz({"extra": counts}, {"action": 4}).data
    assert summary == QuestionChange(
        "quiz",
        cause=4,
        columns={"selected_count": 5, "correct_count": 4, "total_count": 12, "average_accuracy": 0.8},
    )
    ended = quiz(dotted({"extra": {**counts, "answerState": "0"}}), {"action": 2}).data
    assert ended.running is False
    assert quiz({"extra": counts}, {"action": 2}).data.running is False, (
        "the cause says so where no field does"
    )
    assert quiz({"state": 0}, "closed").data.running is False, "put away"
    assert quiz({"extra": counts}, {"action": 4, "popupQuizId": "q"}).data.question_id == "q"
    assert quiz({"extra": {"averageAccuracy": float("nan")}}).data.columns == {}


def test_quiz_answer():
    row = {"popupQuizId": "q", "selectedItems": ["A"], "isCorrect": "false", "lastCommitTime": T}
    expected = Answered("q", ben, ["A"], False, T)
    read = quiz(row, {"action": 3}, fromUser=BEN, operator=BEN)
    assert read.data == QuestionChange("quiz", "q", 3, answer=expected)
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
    expected = QuestionChange(
        "poll",
        "p",
        1,
        running=True,
        columns={
            "multiple": True,
            "items": ["yes", "no"],
            "details": {"0": {"num": 0, "percentage": 0.0}, "1": {"num": 0, "percentage": 0.0}},
        },
    )

    assert poll(started, {"action": 1}).data == expected
    expected.cause = None
    assert poll(dotted(started), "started").data == expected
    assert poll({"extra": {"pollId": "p", state: 0}}, {"action": 2}).data == QuestionChange(
        "poll", "p", 2, running=False
    )
    one = poll({"extra": {"pollId": "p", "pollItems": {"1": "b", "0": "a", "10": "c"}, "mode": 1}}).data
    assert one.columns == {"items": ["a", "b", "c"], "multiple": False}
    listed = poll({"extra.pollDetails": [{"num": 1}], "extra.pollDetails.x": 5}).data
    assert listed.columns["details"] in ({"0": {"num": 1}}, {}), "either shape, never an error"
    assert poll({"extra.pollDetails.1.num": "4"}).data.columns["details"] == {"1": {"num": 4}}


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


QUIZ_STARTED = {
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
    lesson = Lesson()
    assert lesson.quiz(QUIZ_STARTED, 1, operator=person("ada", 1)) == {("room",), ("quiz", "q")}
    row = lesson.rows.quizzes["q"]
    assert (row.running, row.items, row.correct_items, row.started_at) == (True, ["A", "B"], ["B"], at(1))
    lesson.quiz(answer(selected=["A"], second=4), 3, fromUser=person("ben"))
    lesson.quiz(answer(second=6), 3, fromUser=person("ada", "host"), operator=person("ben"))
    [given] = lesson.rows.answers.values()
    assert (given.of, given.question_id, given.user_uuid, given.name) == ("quiz", "q", "ben", "Ben")
    assert (given.selected, given.is_correct, given.answered_at, given.sequence) == (["B"], True, at(6), 3)
    lesson.quiz({"extra": {"selectedCount": 1, "correctCount": 1, "averageAccuracy": 1}}, 4)
    assert (row.selected_count, row.correct_count, row.total_count, row.average_accuracy) == (1, 1, 2, 1.0)
    assert row.running
    lesson.quiz({"extra": {"answerState": 0, "selectedCount": 2}}, 2)
    assert (row.running, row.selected_count, row.ended_at) == (False, 2, at(5))
    assert lesson.quiz({"extra": {"selectedCount": 9}}, 4) == {("room",)}, "no quiz runs"
    assert "ben" not in lesson.rows.participants, "streams touch rows of their own only"


def test_an_answer_before_its_quiz_is_known():
    lesson = Lesson()
    changed = lesson.quiz(answer(), 3, fromUser=person("ben"))
    assert changed == {("room",), ("quiz", "q"), ("answer", "quiz", "q", "ben")}
    row = lesson.rows.quizzes["q"]
    assert (row.running, row.started_at, row.items) == (True, None, [])
    lesson.quiz({"extra": {"answerState": 0}}, 2)
    assert not row.running
    lesson.quiz(answer(), 3, fromUser=person("cat"))
    assert not row.running, "a late answer opens nothing"


def test_the_next_quiz_ends_the_one_before():
    lesson = Lesson()
    lesson.quiz(QUIZ_STARTED, 1)
    second = {"extra": {"popupQuizId": "q2", "answerState": "1"}}
    assert lesson.quiz(second, 1) == {("room",), ("quiz", "q"), ("quiz", "q2")}
    assert (lesson.rows.quizzes["q"].running, lesson.rows.quizzes["q"].ended_at) == (False, at(2))
    lesson.quiz({"extra": {"selectedCount": 3}}, 4)
    assert (lesson.rows.quizzes["q2"].selected_count, lesson.rows.quizzes["q"].selected_count) == (3, None)
    assert lesson.rows.quizzes["q2"].started_at == at(2)


def test_a_poll():
    lesson = Lesson()
    extra = {"pollId": "p", "pollItems": ["x", "y"], "mode": 2, "pollingState": 1, "pollDetails": {}}
    lesson.poll({"state": 1, "extra": extra}, 1)
    row = lesson.rows.polls["p"]
    assert (row.running, row.multiple, row.items, row.started_at) == (True, True, ["x", "y"], at(1))
    lesson.poll({"pollId": "p", "selectIndex": [0]}, 3, fromUser=person("ben"))
    lesson.poll({"extra": {"pollId": "p", "selectIndex": ["1", 0]}}, 3, fromUser=person("ben"))
    given = lesson.rows.answers["poll", "p", "ben"]
    assert (given.selected, given.is_correct, given.answered_at, given.sequence) == ([1, 0], None, at(3), 3)
    lesson.poll({"extra.pollId": "p", "extra.pollDetails": {"0": {"num": "1", "percentage": 0.5}}}, 4)
    assert row.details == {"0": {"num": 1, "percentage": 0.5}}
    lesson.poll({"extra": {"pollId": "p", "pollState": 0}}, 2)
    assert (row.running, row.ended_at) == (False, at(5))


@pytest.mark.parametrize(
    ("stream", "change", "cause", "words"),
    [
        (Stream.QUIZ, {"popupQuizId": "q"}, 1, "The quiz started"),
        (Stream.QUIZ, {"popupQuizId": "q"}, "2", "The quiz ended"),
        (Stream.QUIZ, {"popupQuizId": "q"}, 4, "The quiz has new results"),
        (Stream.QUIZ, {"popupQuizId": "q"}, None, "The quiz changed"),
        (
            Stream.QUIZ,
            {"extra.selectedCount": 3, "extra.totalCount": 12},
            4,
            "Quiz so far: 3 of 12 answered",
        ),
        (
            Stream.QUIZ,
            {"extra": {"selectedCount": "x", "totalCount": 12}},
            4,
            "The quiz has new results",
        ),
        (
            Stream.QUIZ,
            {"popupQuizId": "q", "selectedItems": ["5"], "isCorrect": 1},
            3,
            "Ben answered the quiz: 5 (correct)",
        ),
        (
            Stream.QUIZ,
            {"extra.popupQuizId": "q", "extra.selectedItems": ["4"], "extra.isCorrect": False},
            3,
            "Ben answered the quiz: 4 (incorrect)",
        ),
        (Stream.QUIZ, {"popupQuizId": "q"}, 3, "Ben answered the quiz:"),
        (Stream.POLL, {"pollId": "p"}, 1, "The poll started"),
        (Stream.POLL, {"pollId": "p"}, 2, "The poll ended"),
        (Stream.POLL, {"pollId": "p"}, 4, "The poll has new results"),
        (Stream.POLL, {"pollId": "p"}, None, "The poll changed"),
        (Stream.POLL, {"extra": {"pollId": "p", "selectIndex": [1]}}, 3, "Ben answered the poll"),
    ],
)
def test_sentence(stream, change, cause, words):
    data = {"changeProperties": change, "cause": {"action": cause}, "fromUser": BEN}
    assert say(4, data, stream).strip() == words
