"""Commands that start and end quizzes and polls.

The event about the widget confirms a command. The events about questions and answers are not used for this.
"""

from collections.abc import Sequence

from classroom_admin.actions import runner
from classroom_admin.actions.classroom_tools import widget_event
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Detail, valid
from classroom_admin.agora.widget_calls import (
    FEWEST_OPTIONS,
    LONGEST_OPTION,
    MOST_OPTIONS,
    StartPoll,
    StartQuiz,
    StopPoll,
    StopQuiz,
)
from classroom_admin.audit.models import Entry
from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Poll, Quiz

QUIZ, POLL = "popupQuiz", "poll"


def start_quiz(access: ClassAccess, *, items: Sequence[str], correct: Sequence[str]) -> Entry:
    """Start a quiz with 2 to 8 options. ``correct`` contains at least one correct option.

    An event about the quiz's widget confirms the command.
    """
    _check_options(items)
    if not correct or not set(correct) <= set(items):
        raise ActionRefused(Problem("correct_wrong"), field="correctItems")
    command = Command(
        action="quiz.start",
        target_name=access.room.name,
        params={"items": list(items), "correct": list(correct)},
        call=valid(
            StartQuiz, room_uuid=access.room.room_uuid, items=list(items), correct_items=list(correct)
        ),
        facts=_id,
        confirmed_by=widget_event(QUIZ, on=True),
    )
    return runner.run(access, command)


def stop_quiz(access: ClassAccess, *, quiz: Quiz) -> Entry:
    """End a quiz of the class. The event about the quiz's widget confirms the command."""
    if quiz.room_id != access.room.pk:
        raise ActionRefused(Problem("question_not_in_class"))
    command = Command(
        action="quiz.stop",
        target=quiz.quiz_id,
        target_name=access.room.name,
        call=valid(StopQuiz, room_uuid=access.room.room_uuid, quiz_id=quiz.quiz_id),
        confirmed_by=widget_event(QUIZ, on=False),
    )
    return runner.run(access, command)


def start_poll(access: ClassAccess, *, items: Sequence[str], multiple: bool = False) -> Entry:
    """Start a poll with 2 to 8 options. The event about the poll's widget confirms the command."""
    _check_options(items)
    command = Command(
        action="poll.start",
        target_name=access.room.name,
        params={"items": list(items), **({"multiple": True} if multiple else {})},
        call=valid(StartPoll, room_uuid=access.room.room_uuid, mode=2 if multiple else 1, items=list(items)),
        facts=_id,
        confirmed_by=widget_event(POLL, on=True),
    )
    return runner.run(access, command)


def stop_poll(access: ClassAccess, *, poll: Poll) -> Entry:
    """End a poll of the class. The event about the poll's widget confirms the command."""
    if poll.room_id != access.room.pk:
        raise ActionRefused(Problem("question_not_in_class"))
    command = Command(
        action="poll.stop",
        target=poll.poll_id,
        target_name=access.room.name,
        call=valid(StopPoll, room_uuid=access.room.room_uuid, poll_id=poll.poll_id),
        confirmed_by=widget_event(POLL, on=False),
    )
    return runner.run(access, command)


def _id(started: str | None) -> Detail | None:
    return {"id": started} if started else None


def _check_options(items: Sequence[str]) -> None:
    right = FEWEST_OPTIONS <= len(items) <= MOST_OPTIONS and len(set(items)) == len(items)
    if not right or not all(has_visible_character(item) and len(item) <= LONGEST_OPTION for item in items):
        wrong = {"least": FEWEST_OPTIONS, "most": MOST_OPTIONS, "longest": LONGEST_OPTION}
        raise ActionRefused(Problem("options_wrong", wrong), field="items")
