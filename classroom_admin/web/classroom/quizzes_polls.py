"""Prepare quizzes and polls for display in the panel and on the page of each quiz or poll."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.rooms import quiz_poll_selectors
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Answer, Participant, Poll, Quiz, Room
from classroom_admin.rooms.quiz_poll_selectors import MODELS, mark, marked
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in

NAMES_SHOWN: Final = 8
"""The maximum number of students that the panel names because they have not answered."""
MOST_READ: Final = 6
"""The maximum number of quizzes and polls whose answers are read for the panel."""
LONGEST: Final = timedelta(hours=12)
"""The longest plausible time that a person takes to answer. Longer times are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A possible answer and the number of people who chose it. `percent` is their share of all answers."""

    words: str
    count: int
    percent: float
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """A person's answer. `right` is None if unknown. `took_s` is None if it is unknown or implausible."""

    name: str
    words: list[str]
    right: bool | None
    at: datetime | None
    took_s: float | None


@dataclass(slots=True, kw_only=True)
class Question:
    """A quiz or poll for display. `total` is the number of students who could answer.

    `missing` has the names of students who have not answered. In the panel, it is empty after the end.
    """

    kind: str
    pk: int
    running: bool
    started_at: datetime | None
    ended_at: datetime | None
    answered: int
    total: int | None
    right: int | None = None
    multiple: bool = False
    bars: list[Bar] = field(default_factory=list)
    answers: list[GivenAnswer] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    right_words: str = ""

    @property
    def dom_id(self) -> str:
        return f"{'q' if self.kind == 'quiz' else 'v'}{self.pk}"

    @property
    def order(self) -> str:
        """The sort key for the panel. The highest key comes first."""
        started = int(self.started_at.timestamp() * 1000) if self.started_at else 0
        return f"{int(self.running)}{started:015d}{self.dom_id}"

    @property
    def missing_named(self) -> list[str]:
        return self.missing[:NAMES_SHOWN]

    @property
    def missing_more(self) -> int:
        return max(0, len(self.missing) - NAMES_SHOWN)

    @property
    def lasted_s(self) -> float | None:
        """The duration in seconds. It is None if the quiz or poll is running or the duration is unknown."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def took_s(self) -> float | None:
        """The median time to answer in seconds, or None."""
        known = [answer.took_s for answer in self.answers if answer.took_s is not None]
        return median(known) if known else None


def question(
    row: Quiz | Poll, answers: Sequence[Answer] | None, students: Iterable[Participant] | None
) -> Question:
    """Return a quiz or poll for display.

    If `answers` is None, the cloud's totals are used instead. `students` are the students who could answer.
    """
    right_items = _texts(row.correct_items) if isinstance(row, Quiz) else []
    given = [_given_answer(row, answer, right_items) for answer in answers or ()]
    found = Question(
        kind="quiz" if isinstance(row, Quiz) else "poll",
        pk=row.pk,
        running=row.running,
        started_at=row.started_at,
        ended_at=row.ended_at,
        answered=len(given),
        total=None,
        multiple=isinstance(row, Poll) and row.multiple,
        answers=given,
        bars=_bars(row, answers, right_items),
        right_words=", ".join(right_items),
    )
    if isinstance(row, Quiz):
        found.right = sum(answer.right is True for answer in given)
        found.total = row.total_count
        if answers is None:
            found.answered, found.right = row.selected_count or 0, row.correct_count
    elif answers is None:
        found.answered = _voters(row)
    if students is not None:
        answered = {answer.user_uuid for answer in answers or ()}
        found.missing = [str(student) for student in students if student.user_uuid not in answered]
        found.total = max(len(found.missing) + len(given), found.answered)
    return found


def _given_answer(row: Quiz | Poll, answer: Answer, right_items: list[str]) -> GivenAnswer:
    chosen = answer.selected if isinstance(answer.selected, list) else []
    words = [str(item) if isinstance(row, Quiz) else _choice(row, item) for item in chosen]
    right = answer.is_correct
    if right is None and right_items:
        right = sorted(words) == sorted(right_items)
    took = answer.answered_at - row.started_at if answer.answered_at and row.started_at else None
    return GivenAnswer(
        name=answer.name,
        words=words,
        right=right,
        at=answer.answered_at,
        took_s=took.total_seconds() if took is not None and timedelta(0) <= took <= LONGEST else None,
    )


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _choice(poll: Poll, index: Any) -> str:
    items = _texts(poll.items)
    known = isinstance(index, int) and 0 <= index < len(items)
    return items[index] if known else str(index)


def _bars(row: Quiz | Poll, answers: Sequence[Answer] | None, right_items: list[str]) -> list[Bar]:
    items = _texts(row.items)
    if answers is None:
        if isinstance(row, Quiz):
            return []
        counts = [_votes(row, index) for index in range(len(items))]
        voters = _voters(row)
    else:
        chosen = [answer.selected if isinstance(answer.selected, list) else [] for answer in answers]
        names: list[Any] = items if isinstance(row, Quiz) else list(range(len(items)))
        counts = [sum(_includes(each, name) for each in chosen) for name in names]
        voters = len(chosen)
    return [
        Bar(
            words=words,
            count=count,
            percent=round(100 * count / voters, 1) if voters else 0,
            right=words in right_items,
        )
        for words, count in zip(items, counts, strict=True)
    ]


def _includes(chosen: list[Any], name: Any) -> bool:
    return name in (chosen if isinstance(name, int) else [str(item) for item in chosen])


def _votes(poll: Poll, index: int) -> int:
    """Return how many people chose an item of a poll, according to the cloud."""
    row = poll.details.get(str(index)) if isinstance(poll.details, dict) else None
    number = row.get("num") if isinstance(row, dict) else None
    return number if isinstance(number, int) and number > 0 else 0


def _voters(poll: Poll) -> int:
    """Return how many people voted.

    This is computed from percentages, because one person may choose several items.
    """
    details = poll.details if isinstance(poll.details, dict) else {}
    guesses = [0]
    for row in details.values():
        share = row.get("percentage") if isinstance(row, dict) else None
        number = row.get("num") if isinstance(row, dict) else None
        if isinstance(share, int | float) and share > 0 and isinstance(number, int):
            guesses.append(round(number / share))
    return max(guesses)


def questions_of(
    room: Room, *, since: int | None = None, students: Iterable[Participant] | None = None
) -> list[Question]:
    """Return the quizzes and polls, the newest first.

    If `since` is given, return only those that changed after that version of the room. Without it, only the
    latest and the running ones have their answers. The others have the cloud's totals. `students` are the
    students who are present. Passing them saves a query.
    """
    rows = quiz_poll_selectors.questions(room, since=since)
    full = rows if since is not None else _running_and_latest(rows)
    by_question: dict[tuple[str, str], list[Answer]] = {question_id(row): [] for row in full[:MOST_READ]}
    for answer in quiz_poll_selectors.answers(room, by_question) if by_question else ():
        by_question[answer.of, answer.question_id].append(answer)
    if students is None and any(row.running for row in rows):
        students = [one for one in quiz_poll_selectors.students_between(room, None, None) if one.online]
    present = list(students or ())
    found = [
        question(row, by_question.get(question_id(row)), present if row.running else None) for row in rows
    ]
    return sorted(found, key=lambda each: each.order, reverse=True)


def _running_and_latest(rows: Sequence[Quiz | Poll]) -> list[Quiz | Poll]:
    latest = {question_id(row)[0]: row for row in reversed(rows)}
    return [row for row in rows if row.running or latest[question_id(row)[0]] is row]


def question_id(row: Quiz | Poll) -> tuple[str, str]:
    """Return the kind ("quiz" or "poll") and the cloud id of a quiz or poll."""
    return ("quiz", row.quiz_id) if isinstance(row, Quiz) else ("poll", row.poll_id)


def whole_question(room: Room, row: Quiz | Poll) -> Question:
    """Return a quiz or poll with all its answers.

    `total` counts all students who were present between its start and its end.
    """
    answers = quiz_poll_selectors.answers(room, [question_id(row)])
    students = quiz_poll_selectors.students_between(room, row.started_at, row.ended_at)
    return question(row, answers, students)


@require_safe
@signed_in
def question_page(request: AuthenticatedHttpRequest, key: str, of: str, pk: int) -> HttpResponse:
    """Show a quiz or poll. For htmx, return 204 if nothing has changed since version `v`.

    `v` has the version of the room and that of the quiz or poll, because a busy room changes every second.
    """
    room = access_by_key(request.user, key).room
    if of not in MODELS:
        raise Http404("There is no such question.")
    seen_room, _, seen = request.GET.get("v", "").partition("-")
    if request.htmx and seen and seen_room == str(room.version):
        return HttpResponse(status=204)
    row = get_object_or_404(marked(of, room), pk=pk)
    if request.htmx and seen == mark(row):
        return HttpResponse(status=204)
    name = "_changes" if request.htmx else "question"
    version = f"{room.version}-{mark(row)}"
    context = {"room": room, "question": whole_question(room, row), "version": version}
    return render(request, f"classroom/quizzes_polls/{name}.html", context)
