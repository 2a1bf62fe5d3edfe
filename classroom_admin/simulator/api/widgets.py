"""The calls of a classroom client for quizzes and polls."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import as_integer
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import Room, widgets
from classroom_admin.simulator.world.model import Question

MOST_ITEMS = 26


def _items(call: Call, name: str) -> list[str]:
    items = call.fields.strings(name, required=True)
    if len(items) > MOST_ITEMS:
        raise bad_parameter(name, f"must hold at most {MOST_ITEMS}")
    return items


def _quiz(call: Call, room: Room) -> Question:
    quiz = room.quizzes.get(call.params["quiz"])
    if quiz is None:
        raise widgets.no_such_question()
    return quiz


def _poll(call: Call, room: Room) -> Question:
    poll = room.polls.get(call.params["poll"])
    if poll is None:
        raise widgets.no_such_question()
    return poll


@router.add("POST", "/v2/rooms/{room}/widgets/popupQuizs/start", "start_quiz", region="optional")
def start_quiz(call: Call) -> dict[str, Any]:
    items, correct = _items(call, "items"), _items(call, "correctItems")
    if not set(correct) <= set(items):
        raise bad_parameter("correctItems", "must be among items")
    quiz = widgets.start_quiz(call.world, call.room(), starter=call.uid, items=items, correct=correct)
    return {"popupQuizId": quiz.uuid}


@router.add("POST", "/v2/rooms/{room}/widgets/popupQuizs/{quiz}/stop", "stop_quiz", region="optional")
@router.add("PUT", "/v2/rooms/{room}/widgets/popupQuizs/{quiz}/stop", "stop_quiz_put", region="optional")
def stop_quiz(call: Call) -> None:
    room = call.room()
    widgets.stop_quiz(call.world, room, _quiz(call, room))


@router.add(
    "PUT", "/v2/rooms/{room}/widgets/popupQuizs/{quiz}/users/{user}", "answer_quiz", region="optional"
)
def answer_quiz(call: Call) -> None:
    selected = call.fields.strings("selectedItems", required=True)
    room = call.room()
    quiz = _quiz(call, room)
    if not set(selected) <= set(quiz.items):
        raise bad_parameter("selectedItems", "must be among the quiz's items")
    widgets.answer_quiz(call.world, room, quiz, call.user(room), selected)


@router.add("GET", "/v2/rooms/{room}/widgets/popupQuizs/{quiz}/users", "quiz_answers", region="optional")
def quiz_answers(call: Call) -> dict[str, Any]:
    """List the answers to a quiz."""
    room = call.room()
    quiz = _quiz(call, room)
    rows = []
    for uuid, selected in quiz.answers.items():
        user = room.users[uuid]
        row: dict[str, Any] = {"ownerUserUuid": uuid, "ownerUserName": user.name, "popupQuizId": quiz.uuid}
        row |= {"selectedItems": selected, "lastCommitTime": quiz.answered_ms[uuid]}
        row["isCorrect"] = sorted(selected) == sorted(quiz.correct)
        rows.append(row)
    return call.page(rows, call.query_integer("count", low=1, high=1000) or 100)


@router.add("POST", "/v2/rooms/{room}/widgets/polls/start", "start_poll", region="optional")
def start_poll(call: Call) -> dict[str, Any]:
    """Start a poll. ``mode`` is 1 (single choice) or 2 (multiple choice)."""
    mode = call.fields.integer("mode", low=1, high=2, required=True) or 1
    items = _items(call, "pollItems")
    poll = widgets.start_poll(call.world, call.room(), starter=call.uid, items=items, mode=mode)
    return {"pollId": poll.uuid}


@router.add("POST", "/v2/rooms/{room}/widgets/polls/{poll}/stop", "stop_poll", region="optional")
@router.add("PUT", "/v2/rooms/{room}/widgets/polls/{poll}/stop", "stop_poll_put", region="optional")
def stop_poll(call: Call) -> None:
    room = call.room()
    widgets.stop_poll(call.world, room, _poll(call, room))


@router.add("POST", "/v2/rooms/{room}/widgets/polls/{poll}/users/{user}", "answer_poll", region="optional")
def answer_poll(call: Call) -> None:
    """Answer a poll with the index of an option."""
    given = call.fields.array("selectIndex", required=True) or []
    room = call.room()
    poll = _poll(call, room)
    indexes = [as_integer(index) for index in given]
    chosen = [index for index in indexes if index is not None and 0 <= index < len(poll.items)]
    if not chosen or len(chosen) != len(given) or (poll.mode == 1 and len(chosen) > 1):
        raise bad_parameter("selectIndex", "must be indexes of the poll's items, only one if mode is 1")
    widgets.answer_poll(call.world, room, poll, call.user(room), chosen)
