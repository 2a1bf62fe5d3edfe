"""A quiz or a poll as its panel and its page show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from classroom_admin.rooms import quiz_poll_selectors
from classroom_admin.rooms.models import Answer, Participant, Poll, Quiz, Room

NAMED: Final = 8
"""Names of those who have not answered that the panel shows."""
MOST_WHOLE: Final = 6
"""Questions of which a panel shows every bar at once."""
LONGEST: Final = timedelta(hours=12)
"""An answer later than this after the question says nothing about how long somebody took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A choice: how many took it, as a number and in percent of those who answered; whether it is right."""

    words: str
    count: int
    percent: float
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one person answered. `right` is None where nobody can say; `took_s` where times don't tell."""

    name: str
    words: list[str]
    right: bool | None
    at: datetime | None
    took_s: float | None


@dataclass(slots=True, kw_only=True)
class Question:
    """A quiz or poll. `total`: the pupils who could answer. `missing`: names of those who have not, where
    asked for; `whole`: whether its answers were read.
    """

    of: str
    pk: int
    running: bool
    started_at: datetime | None
    ended_at: datetime | None
    answered: int
    total: int | None
    right: int | None = None
    multiple: bool = False
    bars: list[Bar] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    right_words: str = ""
    whole: bool = False

    @property
    def mark(self) -> str:
        """The DOM id."""
        return f"{'q' if self.of == 'quiz' else 'v'}{self.pk}"

    @property
    def order(self) -> str:
        """Its place in the list, the newest first, as text that sorts."""
        begun = int(self.started_at.timestamp() * 1000) if self.started_at else 0
        return f"{int(self.running)}{begun:015d}{self.mark}"

    @property
    def missing_named(self) -> list[str]:
        return self.missing[:NAMED]

    @property
    def missing_more(self) -> int:
        return max(0, len(self.missing) - NAMED)

    @property
    def lasted_s(self) -> float | None:
        """How long it ran, in seconds; None while it runs."""
        known = self.started_at and self.ended_at
        return (self.ended_at - self.started_at).total_seconds() if known else None

    @property
    def took_s(self) -> float | None:
        """What half of the people needed at most, in seconds."""
        known = [one.took_s for one in self.given if one.took_s is not None]
        return median(known) if known else None


def question(
    row: Quiz | Poll, answers: Sequence[Answer] | None, pupils: Iterable[Participant] | None
) -> Question:
    """A question with its answers (None: not read, its own sums count) and who could answer. Pure."""
    quiz = isinstance(row, Quiz)
    right_items = _listed(row.correct_items) if isinstance(row, Quiz) else []
    given = [_given(row, one, right_items) for one in answers or ()]
    found = Question(
        of="quiz" if quiz else "poll",
        pk=row.pk,
        running=row.running,
        started_at=row.started_at,
        ended_at=row.ended_at,
        answered=len(given),
        total=None,
        multiple=False if quiz else row.multiple,
        given=given,
        bars=_bars(row, answers, right_items),
        right_words=", ".join(right_items),
        whole=answers is not None,
    )
    if isinstance(row, Quiz):
        found.right = sum(one.right is True for one in given)
        found.total = row.total_count
        if answers is None:
            found.answered, found.right = row.selected_count or 0, row.correct_count
    elif answers is None:
        found.answered = _voters(row)
    if pupils is not None:
        there = list(pupils)
        has_answered = {one.user_uuid for one in answers or ()}
        found.missing = [str(one) for one in there if one.user_uuid not in has_answered]
        found.total = max(len(found.missing) + len(given), found.answered)
    return found


def _given(row: Quiz | Poll, one: Answer, right_items: list[str]) -> Given:
    chosen = one.selected if isinstance(one.selected, list) else []
    words = (
        [str(item) for item in chosen] if isinstance(row, Quiz) else [_choice(row, item) for item in chosen]
    )
    right = one.is_correct
    if right is None and right_items:
        right = sorted(words) == sorted(right_items)
    took = one.answered_at - row.started_at if one.answered_at and row.started_at else None
    return Given(
        name=one.name,
        words=words,
        right=right,
        at=one.answered_at,
        took_s=took.total_seconds() if took is not None and timedelta(0) <= took <= LONGEST else None,
    )


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _choice(poll: Poll, index: Any) -> str:
    items = _listed(poll.items)
    known = isinstance(index, int) and 0 <= index < len(items)
    return items[index] if known else str(index)


def _bars(row: Quiz | Poll, answers: Sequence[Answer] | None, right_items: list[str]) -> list[Bar]:
    items = _listed(row.items)
    if answers is None and isinstance(row, Quiz):
        return []
    if answers is None:
        counts = [_told(row, index) for index in range(len(items))]
        voters = _voters(row)
    else:
        chosen = [one.selected if isinstance(one.selected, list) else [] for one in answers]
        names: list[Any] = items if isinstance(row, Quiz) else list(range(len(items)))
        counts = [sum(_has(each, name) for each in chosen) for name in names]
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


def _has(chosen: list[Any], name: Any) -> bool:
    return name in (chosen if isinstance(name, int) else [str(item) for item in chosen])


def _told(poll: Poll | Quiz, index: int) -> int:
    """How many the cloud says chose an item."""
    details = poll.details if isinstance(poll, Poll) and isinstance(poll.details, dict) else {}
    row = details.get(str(index))
    number = row.get("num") if isinstance(row, dict) else None
    return number if isinstance(number, int) and number > 0 else 0


def _voters(poll: Poll | Quiz) -> int:
    """How many voted by the cloud's sums: where several choices are allowed, by its percentages."""
    details = poll.details if isinstance(poll, Poll) and isinstance(poll.details, dict) else {}
    guesses = [0]
    for row in details.values():
        share = row.get("percentage") if isinstance(row, dict) else None
        number = row.get("num") if isinstance(row, dict) else None
        if isinstance(share, int | float) and share > 0 and isinstance(number, int):
            guesses.append(round(number / share))
    return max(guesses)


def questions_of(
    room: Room, *, since: int | None = None, there: Iterable[Participant] | None = None
) -> list[Question]:
    """The quizzes and polls of a class for its panel, the newest first; those that changed since a version.

    Answers are read of the running ones and of the latest of each kind; the others show their sums. `there`:
    the pupils who are in the class, where they are known already. Two queries, or three.
    """
    rows = quiz_poll_selectors.questions(room, since=since)
    full = rows if since is not None else _running_and_latest(rows)
    by_question: dict[tuple[str, str], list[Answer]] = {_id(row): [] for row in full[:MOST_WHOLE]}
    for one in quiz_poll_selectors.answers(room, by_question) if by_question else ():
        by_question[one.of, one.question_id].append(one)
    if there is None and any(row.running for row in rows):
        there = [one for one in quiz_poll_selectors.students_between(room, None, None) if one.online]
    pupils = list(there or ())
    told = [question(row, by_question.get(_id(row)), pupils if row.running else None) for row in rows]
    return sorted(told, key=lambda one: one.order, reverse=True)


def _running_and_latest(rows: Sequence[Quiz | Poll]) -> list[Quiz | Poll]:
    latest = {_id(row)[0]: row for row in reversed(rows)}
    return [row for row in rows if row.running or latest[_id(row)[0]] is row]


def _id(row: Quiz | Poll) -> tuple[str, str]:
    return ("quiz", row.quiz_id) if isinstance(row, Quiz) else ("poll", row.poll_id)


def whole_question(room: Room, row: Quiz | Poll) -> Question:
    """One question with every answer and every pupil who was there while it ran."""
    answers = quiz_poll_selectors.answers(room, [_id(row)])
    pupils = quiz_poll_selectors.students_between(room, row.started_at, row.ended_at)
    return question(row, answers, pupils)
