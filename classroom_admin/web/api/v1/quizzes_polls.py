"""Quizzes and polls of a class, and the answers."""

from __future__ import annotations

from typing import Any, Final

from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from classroom_admin.rooms.chat_selectors import names_in
from classroom_admin.rooms.models import Answer, Poll, Quiz, Room
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.paging import Paging, page_of, page_of_rows
from classroom_admin.web.api.v1.schemas import Moment, Page, RowId

router: Final = Router(tags=["Quizzes and polls"])


class QuizOut(Schema):
    """A quiz. The counts are those that the cloud reported last."""

    id: int
    running: bool
    items: list[str]
    correct: list[str]
    started_at: Moment | None
    ended_at: Moment | None
    students: int | None
    answered: int | None
    answered_correctly: int | None


class PollOut(Schema):
    """A poll. `votes` has the number of votes for each item."""

    id: int
    running: bool
    multiple: bool
    items: list[str]
    votes: list[int]
    started_at: Moment | None
    ended_at: Moment | None


class AnswerOut(Schema):
    user_id: str
    name: str
    selected: list[str]
    correct: bool | None = Field(description="Null for a poll, or if it is not known.")
    answered_at: Moment | None


@router.get("/classes/{key}/quizzes", response=Page[QuizOut], url_name="quizzes")
def list_quizzes(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the quizzes of a class, newest first."""
    room = class_access(request, key).room
    return page_of(Quiz.objects.filter(room=room), paging, _of_quiz)


@router.get("/classes/{key}/quizzes/{id}/answers", response=Page[AnswerOut], url_name="quiz_answers")
def list_quiz_answers(request: ApiHttpRequest, key: str, id: RowId, paging: Query[Paging]) -> Any:
    """List the answers to a quiz."""
    room = class_access(request, key).room
    quiz = get_object_or_404(Quiz, room=room, pk=id)
    return _answers(room, paging, of=Answer.Of.QUIZ, question_id=quiz.quiz_id, items=[])


@router.get("/classes/{key}/polls", response=Page[PollOut], url_name="polls")
def list_polls(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the polls of a class, newest first."""
    room = class_access(request, key).room
    return page_of(Poll.objects.filter(room=room), paging, _of_poll)


@router.get("/classes/{key}/polls/{id}/answers", response=Page[AnswerOut], url_name="poll_answers")
def list_poll_answers(request: ApiHttpRequest, key: str, id: RowId, paging: Query[Paging]) -> Any:
    """List the answers to a poll."""
    room = class_access(request, key).room
    poll = get_object_or_404(Poll, room=room, pk=id)
    return _answers(room, paging, of=Answer.Of.POLL, question_id=poll.poll_id, items=_texts(poll.items))


def _of_quiz(quiz: Quiz) -> dict[str, Any]:
    return {
        "id": quiz.pk,
        "running": quiz.running,
        "items": _texts(quiz.items),
        "correct": _texts(quiz.correct_items),
        "started_at": quiz.started_at,
        "ended_at": quiz.ended_at,
        "students": quiz.total_count,
        "answered": quiz.selected_count,
        "answered_correctly": quiz.correct_count,
    }


def _of_poll(poll: Poll) -> dict[str, Any]:
    items = _texts(poll.items)
    return {
        "id": poll.pk,
        "running": poll.running,
        "multiple": poll.multiple,
        "items": items,
        "votes": [_votes(poll.details, number) for number in range(len(items))],
        "started_at": poll.started_at,
        "ended_at": poll.ended_at,
    }


def _votes(details: Any, number: int) -> int:
    one = details.get(str(number)) if isinstance(details, dict) else None
    count = one.get("num") if isinstance(one, dict) else None
    return count if isinstance(count, int) else 0


def _texts(values: Any) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []


def _answers(room: Room, paging: Paging, *, of: str, question_id: str, items: list[str]) -> dict[str, Any]:
    found = Answer.objects.filter(room=room, of=of, question_id=question_id)

    def shown(rows: list[Answer]) -> list[dict[str, Any]]:
        names = names_in(room, {row.user_uuid for row in rows})
        return [
            {
                "user_id": row.user_uuid,
                "name": row.name or names.get(row.user_uuid, ""),
                "selected": [_word(one, items) for one in row.selected],
                "correct": row.is_correct,
                "answered_at": row.answered_at,
            }
            for row in rows
        ]

    return page_of_rows(found, paging, shown, newest_first=False)


def _word(chosen: Any, items: list[str]) -> str:
    """Return the chosen item. An answer to a poll has its position."""
    is_position = isinstance(chosen, int) and 0 <= chosen < len(items)
    return items[chosen] if is_position else str(chosen)
