"""Quizzes and polls. Each kind has its own event stream with its own sequence."""

from typing import Any

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.errors import CloudError, conflict
from classroom_admin.simulator.world import widget_settings
from classroom_admin.simulator.world.model import POLL_STREAM, QUIZ_STREAM, Question, Role, Room, User
from classroom_admin.simulator.world.world import World

STARTED, ENDED, ANSWERED, TOTALS = 1, 2, 3, 4
ROOM_ROW, USER_ROW = 4, 22


def no_such_question() -> CloudError:
    return CloudError(404, 404, "no such quiz or poll")


def start_quiz(world: World, room: Room, *, starter: str, items: list[str], correct: list[str]) -> Question:
    """Start a quiz. Raise CloudError 409 20409000 if a quiz is running."""
    _refuse_while_running(room.quizzes)
    quiz = Question(room.shapes.hex(), starter, world.now, items, correct=correct)
    room.quizzes[quiz.uuid] = quiz
    extra = {
        "popupQuizId": quiz.uuid,
        "items": items,
        "correctItems": correct,
        "receiveQuestionTime": world.now,
    }
    _emit_change(
        world,
        room,
        QUIZ_STREAM,
        quiz,
        {"state": 1, "extra": extra | {"answerState": 1} | _quiz_totals(room, quiz)},
        STARTED,
    )
    _announce(world, room, "popupQuiz", quiz, running=True)
    return quiz


def answer_quiz(world: World, room: Room, quiz: Question, user: User, selected: list[str]) -> None:
    """Store a student's answer. Students may change it until the quiz ends."""
    _refuse_ended(quiz)
    quiz.answers[world.present(user).uuid] = selected
    quiz.answered_ms[user.uuid] = world.now
    row = {
        "popupQuizId": quiz.uuid,
        "selectedItems": selected,
        "lastCommitTime": world.now,
        "isCorrect": sorted(selected) == sorted(quiz.correct),
    }
    _emit_change(world, room, QUIZ_STREAM, quiz, row, ANSWERED, student=user)
    _emit_change(world, room, QUIZ_STREAM, quiz, {"extra": _quiz_totals(room, quiz)}, TOTALS)


def stop_quiz(world: World, room: Room, quiz: Question) -> None:
    _end(world, quiz)
    _emit_change(
        world, room, QUIZ_STREAM, quiz, {"extra": {"answerState": 0} | _quiz_totals(room, quiz)}, ENDED
    )
    _announce(world, room, "popupQuiz", quiz, running=False)


def start_poll(world: World, room: Room, *, starter: str, items: list[str], mode: int) -> Question:
    _refuse_while_running(room.polls)
    poll = Question(room.shapes.hex(), starter, world.now, items, mode=mode)
    room.polls[poll.uuid] = poll
    extra = {
        "pollId": poll.uuid,
        "pollItems": items,
        "mode": mode,
        _poll_state(room): 1,
        "pollDetails": _poll_totals(poll),
    }
    _emit_change(world, room, POLL_STREAM, poll, {"state": 1, "extra": extra}, STARTED)
    _announce(world, room, "poll", poll, running=True)
    return poll


def answer_poll(world: World, room: Room, poll: Question, user: User, indexes: list[int]) -> None:
    _refuse_ended(poll)
    poll.answers[world.present(user).uuid] = list(indexes)
    poll.answered_ms[user.uuid] = world.now
    row: dict[str, Any] = {"pollId": poll.uuid, "selectIndex": indexes}
    _emit_change(
        world, room, POLL_STREAM, poll, room.shapes.either(row, {"extra": row}), ANSWERED, student=user
    )
    _emit_change(
        world,
        room,
        POLL_STREAM,
        poll,
        {"extra": {"pollId": poll.uuid, "pollDetails": _poll_totals(poll)}},
        TOTALS,
    )


def stop_poll(world: World, room: Room, poll: Question) -> None:
    _end(world, poll)
    extra = {"pollId": poll.uuid, _poll_state(room): 0, "pollDetails": _poll_totals(poll)}
    _emit_change(world, room, POLL_STREAM, poll, {"extra": extra}, ENDED)
    _announce(world, room, "poll", poll, running=False)


def _refuse_while_running(questions: dict[str, Question]) -> None:
    if any(question.running for question in questions.values()):
        raise conflict("another quiz or poll is running")


def _refuse_ended(question: Question) -> None:
    if not question.running:
        raise conflict("the quiz or poll has ended")


def _end(world: World, question: Question) -> None:
    _refuse_ended(question)
    question.running, question.ended_ms = False, world.now


def _poll_state(room: Room) -> str:
    return str(room.shapes.either("pollState", "pollingState"))


def _quiz_totals(room: Room, quiz: Question) -> dict[str, Any]:
    answered = len(quiz.answers)
    right = sum(sorted(chosen) == sorted(quiz.correct) for chosen in quiz.answers.values())
    students = sum(user.role == Role.STUDENT for user in room.online())
    return {
        "selectedCount": answered,
        "correctCount": right,
        "totalCount": max(students, answered),
        "averageAccuracy": round(right / answered, 4) if answered else 0,
    }


def _poll_totals(poll: Question) -> dict[str, Any]:
    voters = len(poll.answers)
    counts = [sum(index in chosen for chosen in poll.answers.values()) for index in range(len(poll.items))]
    return {
        str(index): {"num": count, "percentage": round(count / voters, 4) if voters else 0}
        for index, count in enumerate(counts)
    }


def _emit_change(
    world: World,
    room: Room,
    stream: str,
    question: Question,
    changed: dict[str, Any],
    action: int,
    student: User | None = None,
) -> None:
    shapes = room.shapes
    id_name = "popupQuizId" if stream == QUIZ_STREAM else "pollId"
    cause: Any = {"action": action, id_name: question.uuid}
    if world.dialect != "2021" and stream == QUIZ_STREAM:
        cause = {"action": action, "popQuizId": question.uuid}
    if shapes.chance(0.3):
        cause = json_bytes.dump(cause).decode()
    data: dict[str, Any] = {"action": 1, "changeProperties": shapes.properties(changed), "cause": cause}
    operator = student.uuid if student is not None else question.starter
    data["operator"] = world.operator(room, operator)
    if student is not None:
        data["fromUser"] = world.operator(room, shapes.either(student.uuid, question.starter, 0.3))
    elif action == STARTED:
        data["fromUser"] = world.operator(room, question.starter)
    beside: dict[str, Any] = {}
    if world.dialect != "2021" and student is not None:
        beside["fromUser"] = data.pop("fromUser")
    cmd = USER_ROW if student is not None else ROOM_ROW
    world.emit(room, cmd, data, stream=stream, widget=stream, beside=beside)


def _announce(world: World, room: Room, widget: str, question: Question, *, running: bool) -> None:
    """Emit an event in the room's stream when a quiz or poll starts or stops."""
    widget_settings.put(world, room, widget, state=int(running), operator=question.starter)
