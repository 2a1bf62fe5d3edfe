"""Quizzes and polls, each from its own stream: `changeProperties` nested or dotted, under `extra` or flat.

They touch no other rows, so the streams can be projected in any order among one another.

An event without an id is about the question that runs. A question known only by an answer or a summary (its
start was missed) is taken to run unless another one does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, data_of
from classroom_admin.events.needs import Needs
from classroom_admin.events.people import Person, read_person
from classroom_admin.events.rows import AnswerRow, PollRow, QuizRow, Rows
from classroom_admin.events.sentences import Names, Sentence, quoted
from classroom_admin.events.times import EventTime, from_ms
from classroom_admin.events.values import (
    SMALL,
    Json,
    Raw,
    Undecodable,
    flag,
    identifier,
    mapping,
    moment,
    plain,
    real,
    text,
    tree,
    whole,
)

STARTED, ENDED, ANSWERED, RESULTS = 1, 2, 3, 4
STAFF: Final = ("teacher", "assistant", "server")
QUIZ, POLL = "quiz", "poll"


@dataclass(slots=True)
class Answered:
    """What a person answered: items of a quiz, or indexes of a poll."""

    question_id: str
    person: Person
    selected: list[Json]
    is_correct: bool | None = None
    at_ms: int | None = None


@dataclass(slots=True, kw_only=True)
class QuizChange:
    """The question or its summary (None: unsaid), or an answer. No `quiz_id`: the running one.

    `cause`: what brought the event about (1 start, 2 end, 3 answer, 4 results).
    """

    quiz_id: str | None = None
    cause: int | None = None
    running: bool | None = None
    items: list[Json] | None = None
    correct_items: list[Json] | None = None
    selected_count: int | None = None
    correct_count: int | None = None
    total_count: int | None = None
    average_accuracy: float | None = None
    started_ms: int | None = None
    answer: Answered | None = None


@dataclass(slots=True, kw_only=True)
class PollChange:
    """The question or its summary (None: unsaid), or an answer. No `poll_id`: the running one."""

    poll_id: str | None = None
    cause: int | None = None
    running: bool | None = None
    multiple: bool | None = None
    items: list[Json] | None = None
    details: dict[str, Json] | None = None
    answer: Answered | None = None


def fields(raw: Raw) -> Raw:
    """Return the data, which may stand in the event itself."""
    return raw if raw.get("data") is None else data_of(raw)


def decode_quiz(data: Raw, odd: list[str]) -> QuizChange:
    changed = _changed(data, "popupQuiz")
    cause = cause_action(data.get("cause"))
    quiz_id = _question_id(changed, data, "popupQuizId")
    if cause == ANSWERED or changed.get("selectedItems") is not None:
        selected = _listed(changed.get("selectedItems")) or []
        answer = _answer(data, quiz_id, selected, flag(changed.get("isCorrect")), changed)
        return QuizChange(quiz_id=quiz_id, cause=cause, answer=answer)
    running = _running(changed, ("answerState",), cause)
    if quiz_id is None and cause == STARTED:
        raise Undecodable("a quiz that starts without an id")
    return QuizChange(
        quiz_id=quiz_id,
        cause=cause,
        running=running,
        items=_listed(changed.get("items")),
        correct_items=_listed(changed.get("correctItems")),
        selected_count=whole(changed.get("selectedCount"), SMALL),
        correct_count=whole(changed.get("correctCount"), SMALL),
        total_count=whole(changed.get("totalCount"), SMALL),
        average_accuracy=real(changed.get("averageAccuracy")),
        started_ms=moment(changed.get("receiveQuestionTime")),
    )


def decode_poll(data: Raw, odd: list[str]) -> PollChange:
    changed = _changed(data, "poll")
    cause = cause_action(data.get("cause"))
    poll_id = _question_id(changed, data, "pollId")
    if cause == ANSWERED or changed.get("selectIndex") is not None:
        chosen = [_index(item) for item in _listed(changed.get("selectIndex")) or []]
        return PollChange(poll_id=poll_id, cause=cause, answer=_answer(data, poll_id, chosen, None, changed))
    if poll_id is None and cause == STARTED:
        raise Undecodable("a poll that starts without an id")
    mode = whole(changed.get("mode"), SMALL)
    return PollChange(
        poll_id=poll_id,
        cause=cause,
        running=_running(changed, ("pollState", "pollingState"), cause),
        multiple=None if mode is None else mode == 2,
        items=_listed(changed.get("pollItems")),
        details=_details(changed.get("pollDetails")),
    )


def cause_action(value: object) -> int | None:
    """Return the number in `cause.action`; `cause` may be an object, JSON text or a word (then None)."""
    try:
        return whole(mapping(value).get("action"))
    except Undecodable:
        return None


def _changed(data: Raw, widget: str) -> dict[str, Any]:
    """Return all that changed, flat: below `widgets.<widget>`, with `extra` over what lies beside it."""
    raw = mapping(data.get("changeProperties"))
    if not raw:
        raise Undecodable("a widget's event without changeProperties")
    changed = tree(raw)
    widgets = changed.get("widgets")
    if isinstance(widgets, dict) and isinstance(widgets.get(widget), dict):
        changed = widgets[widget]
    extra = changed.get("extra")
    if isinstance(extra, str):
        extra = tree(mapping(extra))
    return {**changed, **extra} if isinstance(extra, dict) else changed


def _question_id(changed: Raw, data: Raw, name: str) -> str | None:
    return identifier(changed.get(name)) or identifier(mapping(data.get("cause")).get(name))


def _running(changed: Raw, names: tuple[str, ...], action: int | None) -> bool | None:
    """Whether the question runs: its own state, else what the cause says; not once the widget is put away."""
    for name in names:
        state = flag(changed.get(name))
        if state is not None:
            return state
    if action in (STARTED, ENDED):
        return action == STARTED
    return False if flag(changed.get("state")) is False else None


def _answer(
    data: Raw, question_id: str | None, selected: list[Json], is_correct: bool | None, changed: Raw
) -> Answered:
    if question_id is None:
        raise Undecodable("an answer that names no question")
    return Answered(question_id, _answerer(data), selected, is_correct, moment(changed.get("lastCommitTime")))


def _answerer(data: Raw) -> Person:
    """Return who answered. `fromUser` is the student, or who started the question: then it is the operator.

    A student in `fromUser` counts; staff there yields to the operator. Where no role says, it is the operator
    (who acted in either reading), unless that is staff.
    """
    sender, operator = read_person(data.get("fromUser")), read_person(data.get("operator"))
    found = sender
    if operator is not None and (sender is None or _yields(sender, operator)):
        found = operator
    if found is None:
        raise Undecodable("an answer that names nobody")
    return found


def _yields(sender: Person, operator: Person) -> bool:
    if sender.role in STAFF:
        return operator.role != "server"
    return sender.role in (None, "unknown") and operator.role not in STAFF


def _listed(value: object) -> list[Json] | None:
    """Return a list: also from an object with numbered keys, or one value; None where there is nothing."""
    if value is None:
        return None
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return [plain(value[key]) for key in sorted(value, key=_order)]
    return [plain(value)]


def _order(key: str) -> tuple[bool, int, str]:
    short = key.isdecimal() and len(key) < 10
    return (not short, int(key) if short else 0, key)


def _index(item: Json) -> Json:
    try:
        number = whole(item, SMALL)
    except Undecodable:
        return item
    return item if number is None else number


def _details(value: object) -> dict[str, Json] | None:
    """Return `{"0": {num, percentage}}`, also from a list; shares are 0 to 1."""
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if not isinstance(value, Mapping):
        return None
    found: dict[str, Json] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            entry = {str(text(name)): plain(inner) for name, inner in item.items()}
            num, share = _index(entry.get("num")), real(entry.get("percentage"))
            if isinstance(num, int):
                entry["num"] = num
            if share is not None:
                entry["percentage"] = share
            found[str(text(key))] = entry
    return found


def own_time_of_quiz(data: QuizChange, fields: Raw) -> int | None:
    if data.answer is not None:
        return data.answer.at_ms
    return data.started_ms if data.running else None


def own_time_of_poll(data: PollChange, fields: Raw) -> int | None:
    return data.answer.at_ms if data.answer is not None else None


def needs_quiz(event: Event[QuizChange], needed: Needs) -> None:
    data = event.data
    needed.running_quiz = True
    if data.quiz_id is not None:
        needed.quizzes.add(data.quiz_id)
    if data.answer is not None:
        needed.answers.add((QUIZ, data.answer.question_id, data.answer.person.user_uuid))


def needs_poll(event: Event[PollChange], needed: Needs) -> None:
    data = event.data
    needed.running_poll = True
    if data.poll_id is not None:
        needed.polls.add(data.poll_id)
    if data.answer is not None:
        needed.answers.add((POLL, data.answer.question_id, data.answer.person.user_uuid))


def apply_quiz(event: Event[QuizChange], time: EventTime, rows: Rows) -> None:
    data = event.data
    if data.answer is not None:
        _put_answer(QUIZ, event, data.answer, time, rows)
        return
    quiz_id = data.quiz_id or max(rows.quizzes_running, default=None)
    if quiz_id is None:
        return
    row = _question(QUIZ, quiz_id, rows)
    if data.running is not None:
        _run(QUIZ, quiz_id, data.running, time, data.started_ms, rows)
    for name in ("selected_count", "correct_count", "total_count", "average_accuracy"):
        value = getattr(data, name)
        if value is not None:
            setattr(row, name, value)
    if data.items is not None:
        row.items = list(data.items)
    if data.correct_items is not None:
        row.correct_items = list(data.correct_items)
    if row.started_at is None and data.started_ms is not None:
        row.started_at = from_ms(data.started_ms)
    rows.dirty.add((QUIZ, quiz_id))


def apply_poll(event: Event[PollChange], time: EventTime, rows: Rows) -> None:
    data = event.data
    if data.answer is not None:
        _put_answer(POLL, event, data.answer, time, rows)
        return
    poll_id = data.poll_id or max(rows.polls_running, default=None)
    if poll_id is None:
        return
    row = _question(POLL, poll_id, rows)
    if data.running is not None:
        _run(POLL, poll_id, data.running, time, None, rows)
    if data.multiple is not None:
        row.multiple = data.multiple
    if data.items is not None:
        row.items = list(data.items)
    if data.details is not None:
        row.details = {**row.details, **data.details}
    rows.dirty.add((POLL, poll_id))


def _running_of(table: str, rows: Rows) -> set[str]:
    return rows.quizzes_running if table == QUIZ else rows.polls_running


def _question(table: str, question_id: str, rows: Rows) -> Any:
    """Return the row of a quiz or poll; a new one runs unless another does."""
    questions, running = rows.of_table(table), _running_of(table, rows)
    row = questions.get(question_id)
    if row is None:
        row = (QuizRow if table == QUIZ else PollRow)(question_id, running=not running)
        questions[question_id] = row
        if row.running:
            running.add(question_id)
        rows.dirty.add((table, question_id))
    return row


def _run(
    table: str, question_id: str, runs: bool, time: EventTime, started_ms: int | None, rows: Rows
) -> None:
    """Start or end a question; the start of one ends any other that still ran."""
    if not runs:
        _end(table, question_id, time, rows)
        return
    running = _running_of(table, rows)
    for other in sorted(running - {question_id}):
        _end(table, other, time, rows)
    row = rows.of_table(table)[question_id]
    if row.started_at is None or row.ended_at is not None:
        row.started_at = time.at if started_ms is None else from_ms(started_ms)
    row.running, row.ended_at = True, None
    running.add(question_id)


def _end(table: str, question_id: str, time: EventTime, rows: Rows) -> None:
    row = rows.of_table(table)[question_id]
    row.running = False
    row.ended_at = row.ended_at or time.at
    _running_of(table, rows).discard(question_id)
    rows.dirty.add((table, question_id))


def _put_answer(table: str, event: Event[Any], data: Answered, time: EventTime, rows: Rows) -> None:
    """Keep an answer; a later one replaces an earlier one."""
    _question(table, data.question_id, rows)
    key = (table, data.question_id, data.person.user_uuid)
    earlier = rows.answers.get(key)
    rows.answers[key] = AnswerRow(
        *key,
        event.sequence,
        data.person.name or (earlier.name if earlier else ""),
        list(data.selected),
        data.is_correct,
        time.at if data.at_ms is None else from_ms(data.at_ms),
    )
    rows.dirty.add(("answer", *key))


def quiz_sentence(data: QuizChange, names: Names) -> Sentence:
    answer = data.answer
    if answer is not None:
        words = {
            None: _("%(who)s answered the quiz: %(what)s"),
            True: _("%(who)s answered the quiz: %(what)s (right)"),
            False: _("%(who)s answered the quiz: %(what)s (wrong)"),
        }[answer.is_correct]
        what = quoted(", ".join(str(item) for item in answer.selected))
        return "chart-bar", words % {"who": names.who(answer.person), "what": what}
    if data.cause == RESULTS and data.selected_count is not None and data.total_count is not None:
        places = {"answered": data.selected_count, "total": data.total_count}
        return "chart-bar", _("The quiz so far: %(answered)d of %(total)d answered") % places
    if data.cause == STARTED:
        return "chart-bar", _("The quiz started")
    if data.cause == ENDED:
        return "chart-bar", _("The quiz ended")
    return "chart-bar", _("The quiz has new results") if data.cause == RESULTS else _("The quiz changed")


def poll_sentence(data: PollChange, names: Names) -> Sentence:
    if data.answer is not None:
        return "chart-bar", _("%(who)s chose in the poll") % {"who": names.who(data.answer.person)}
    if data.cause == STARTED:
        return "chart-bar", _("The poll started")
    if data.cause == ENDED:
        return "chart-bar", _("The poll ended")
    return "chart-bar", _("The poll has new results") if data.cause == RESULTS else _("The poll changed")


def mark(data: QuizChange | PollChange) -> str:
    return "question" if data.running and data.items is not None else ""


TYPES = (
    EventType(
        kinds=(EventKind.QUIZ,),
        fields=fields,
        decode=decode_quiz,
        own_time=own_time_of_quiz,
        needs=needs_quiz,
        apply=apply_quiz,
        sentence=quiz_sentence,
        name="quiz",
        label=gettext_lazy("Quizzes"),
        mark=mark,
    ),
    EventType(
        kinds=(EventKind.POLL,),
        fields=fields,
        decode=decode_poll,
        own_time=own_time_of_poll,
        needs=needs_poll,
        apply=apply_poll,
        sentence=poll_sentence,
        name="poll",
        label=gettext_lazy("Polls"),
        mark=mark,
    ),
)
