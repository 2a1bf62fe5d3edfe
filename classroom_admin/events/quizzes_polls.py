"""Decode and project quizzes and polls. Quizzes have one event stream, and polls have another.

Their events change no other rows, so the streams can be projected in any order relative to each other. The
fields in `changeProperties` may be nested or dotted, and may be below `extra`.

An event without an id concerns the running quiz or poll. If the start event is missing, an answer or summary
creates the row. The new row counts as running, unless another quiz or poll of that stream is running.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, data_of
from classroom_admin.events.people import Person, read_person
from classroom_admin.events.rows import AnswerRow, Needs, PollRow, QuizRow, Rows
from classroom_admin.events.sentences import Names, Sentence, quoted
from classroom_admin.events.times import EventTime, from_ms
from classroom_admin.events.values import (
    SMALL,
    Json,
    Raw,
    Undecodable,
    flag,
    identifier,
    listed,
    mapping,
    moment,
    plain,
    real,
    text,
    tree,
    whole,
)

STARTED, ENDED, ANSWERED, RESULTS = 1, 2, 3, 4
BESIDE: Final = ("fromUser", "operator", "cause")
STAFF: Final = ("teacher", "assistant", "server")
QUIZ, POLL = "quiz", "poll"  # the tables


@dataclass(slots=True)
class Answered:
    """A person's answer. `selected` contains the chosen items of a quiz, or the option numbers of a poll."""

    question_id: str
    person: Person
    selected: list[Json]
    is_correct: bool | None = None
    at_ms: int | None = None


@dataclass(slots=True)
class QuestionChange:
    """An event about a quiz or poll: a change, a summary of the answers, or one answer.

    `columns` are values for the row of the quiz or poll. If `question_id` is None, the event concerns the one
    that is running. `cause` is 1 for start, 2 for end, 3 for answer, 4 for results.
    """

    table: str
    question_id: str | None = None
    cause: int | None = None
    running: bool | None = None
    started_ms: int | None = None
    columns: dict[str, Json] = field(default_factory=dict)
    answer: Answered | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The cloud's names for the fields of quizzes or polls, and the name of their widget.

    `other_ids` are alternative names for the id. `running` are alternative names for the state.
    """

    table: str
    widget: str
    question_id: str
    other_ids: tuple[str, ...] = ()
    chosen: str
    running: tuple[str, ...]
    columns: Callable[[Raw], dict[str, Json]]


def _quiz_columns(changed: Raw) -> dict[str, Json]:
    return {
        "items": listed(changed.get("items")),
        "correct_items": listed(changed.get("correctItems")),
        "selected_count": whole(changed.get("selectedCount"), SMALL),
        "correct_count": whole(changed.get("correctCount"), SMALL),
        "total_count": whole(changed.get("totalCount"), SMALL),
        "average_accuracy": real(changed.get("averageAccuracy")),
    }


def _poll_columns(changed: Raw) -> dict[str, Json]:
    mode = whole(changed.get("mode"), SMALL)
    return {
        "multiple": None if mode is None else mode == 2,
        "items": listed(changed.get("pollItems")),
        "details": _details(changed.get("pollDetails")),
    }


QUIZ_FIELDS = Fields(
    table=QUIZ,
    widget="popupQuiz",
    question_id="popupQuizId",
    other_ids=("popQuizId",),
    chosen="selectedItems",
    running=("answerState",),
    columns=_quiz_columns,
)
POLL_FIELDS = Fields(
    table=POLL,
    widget="poll",
    question_id="pollId",
    chosen="selectIndex",
    running=("pollState", "pollingState"),
    columns=_poll_columns,
)


def decode(data: Raw, odd: list[str], *, fields: Fields) -> QuestionChange:
    changed = _changed(data, fields.widget)
    cause = cause_action(data.get("cause"))
    given = mapping(data.get("cause"))
    named = (one.get(name) for one in (changed, given) for name in (fields.question_id, *fields.other_ids))
    question_id = next((found for one in named if (found := identifier(one))), None)
    if cause == ANSWERED or changed.get(fields.chosen) is not None:
        answer = _answer(data, question_id, changed, fields)
        return QuestionChange(fields.table, question_id, cause, answer=answer)
    if question_id is None and cause == STARTED:
        raise Undecodable(f"a {fields.table} that starts without an id")
    return QuestionChange(
        fields.table,
        question_id,
        cause,
        _running(changed, fields.running, cause),
        moment(changed.get("receiveQuestionTime")) if fields.table == QUIZ else None,
        {name: value for name, value in fields.columns(changed).items() if value is not None},
    )


def cause_action(value: object) -> int | None:
    """Return the number in `cause.action`, or None. `cause` may be JSON text."""
    try:
        return whole(mapping(value).get("action"))
    except Undecodable:
        return None


def _changed(data: Raw, widget: str) -> dict[str, Any]:
    """Return the changed fields of the widget as one flat object. Fields in `extra` override the others.

    Raise Undecodable if there are no `changeProperties`.
    """
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


def _running(changed: Raw, names: tuple[str, ...], action: int | None) -> bool | None:
    """Return whether the quiz or poll is running, or None if unknown.

    The fields `names` count first, then `action`. If both are missing, a closed widget (`state` 0) means
    False.
    """
    for name in names:
        state = flag(changed.get(name))
        if state is not None:
            return state
    if action in (STARTED, ENDED):
        return action == STARTED
    return False if flag(changed.get("state")) is False else None


def _answer(data: Raw, question_id: str | None, changed: Raw, fields: Fields) -> Answered:
    if question_id is None:
        raise Undecodable("an answer that names no question")
    person, at_ms = _answerer(data), moment(changed.get("lastCommitTime"))
    chosen = listed(changed.get(fields.chosen)) or []
    if fields.table == POLL:
        return Answered(question_id, person, [_index(item) for item in chosen], None, at_ms)
    return Answered(question_id, person, chosen, flag(changed.get("isCorrect")), at_ms)


def _answerer(data: Raw) -> Person:
    """Return the person who answered. Raise Undecodable if the event names no person.

    `fromUser` is the student who answered, or the person who started the quiz or poll. In the second case,
    the student is the `operator`. If the role of `fromUser` is unknown, use `operator` unless it is staff.
    """
    sender, operator = read_person(data.get("fromUser")), read_person(data.get("operator"))
    if operator is not None and (sender is None or _yields(sender, operator)):
        return operator
    if sender is None:
        raise Undecodable("an answer that names nobody")
    return sender


def _yields(sender: Person, operator: Person) -> bool:
    if sender.role in STAFF:
        return operator.role != "server"
    return sender.role in (None, "unknown") and operator.role not in STAFF


def _index(item: Json) -> Json:
    try:
        number = whole(item, SMALL)
    except Undecodable:
        return item
    return item if number is None else number


def _details(value: object) -> dict[str, Json] | None:
    """Return the results as `{"0": {num, percentage}}`. `percentage` is from 0 to 1."""
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


def own_time(data: QuestionChange, fields: Raw) -> int | None:
    if data.answer is not None:
        return data.answer.at_ms
    return data.started_ms if data.running else None


def needs(event: Event[QuestionChange], needed: Needs) -> None:
    data = event.data
    needed.running_quiz = needed.running_quiz or data.table == QUIZ
    needed.running_poll = needed.running_poll or data.table == POLL
    if data.question_id is not None:
        (needed.quizzes if data.table == QUIZ else needed.polls).add(data.question_id)
    if data.answer is not None:
        needed.answers.add((data.table, data.answer.question_id, data.answer.person.user_uuid))


def apply(event: Event[QuestionChange], time: EventTime, rows: Rows) -> None:
    data, table = event.data, event.data.table
    if data.answer is not None:
        _put_answer(table, event.sequence, data.answer, time, rows)
        return
    question_id = data.question_id or max(_running_of(table, rows), default=None)
    if question_id is None:
        return
    row = _question(table, question_id, rows)
    if data.running:
        _start(question_id, data, time, rows)
    elif data.running is False:
        _end(table, question_id, time, rows)
    for name, value in data.columns.items():
        setattr(row, name, {**row.details, **value} if name == "details" else value)
    if row.started_at is None and data.started_ms is not None:
        row.started_at = from_ms(data.started_ms)
    rows.dirty.add((table, question_id))


def _running_of(table: str, rows: Rows) -> set[str]:
    return rows.quizzes_running if table == QUIZ else rows.polls_running


def _question(table: str, question_id: str, rows: Rows) -> Any:
    """Return the row of a quiz or poll. If it is new and no other is running, mark it as running."""
    questions, running = rows.of_table(table), _running_of(table, rows)
    row = questions.get(question_id)
    if row is None:
        row = (QuizRow if table == QUIZ else PollRow)(question_id, running=not running)
        questions[question_id] = row
        if row.running:
            running.add(question_id)
        rows.dirty.add((table, question_id))
    return row


def _start(question_id: str, data: QuestionChange, time: EventTime, rows: Rows) -> None:
    """Start a quiz or poll, and end any other that is running."""
    running = _running_of(data.table, rows)
    for other in sorted(running - {question_id}):
        _end(data.table, other, time, rows)
    row = rows.of_table(data.table)[question_id]
    if row.started_at is None or row.ended_at is not None:
        row.started_at = time.at if data.started_ms is None else from_ms(data.started_ms)
    row.running, row.ended_at = True, None
    running.add(question_id)


def _end(table: str, question_id: str, time: EventTime, rows: Rows) -> None:
    row = rows.of_table(table)[question_id]
    row.running = False
    row.ended_at = row.ended_at or time.at
    _running_of(table, rows).discard(question_id)
    rows.dirty.add((table, question_id))


def _put_answer(table: str, sequence: int, data: Answered, time: EventTime, rows: Rows) -> None:
    """Store an answer. It replaces the person's earlier answer to the same quiz or poll."""
    _question(table, data.question_id, rows)
    key = (table, data.question_id, data.person.user_uuid)
    earlier = rows.answers.get(key)
    rows.answers[key] = AnswerRow(
        *key,
        sequence,
        data.person.name or (earlier.name if earlier else ""),
        list(data.selected),
        data.is_correct,
        time.at if data.at_ms is None else from_ms(data.at_ms),
    )
    rows.dirty.add(("answer", *key))


WORDS: Final = {
    QUIZ: {
        STARTED: gettext_lazy("The quiz started"),
        ENDED: gettext_lazy("The quiz ended"),
        RESULTS: gettext_lazy("The quiz has new results"),
        None: gettext_lazy("The quiz changed"),
    },
    POLL: {
        STARTED: gettext_lazy("The poll started"),
        ENDED: gettext_lazy("The poll ended"),
        RESULTS: gettext_lazy("The poll has new results"),
        None: gettext_lazy("The poll changed"),
    },
}


def sentence(data: QuestionChange, names: Names) -> Sentence:
    answered, total = data.columns.get("selected_count"), data.columns.get("total_count")
    if data.answer is not None:
        return "chart-bar", _answer_words(data.table, data.answer, names)
    if data.cause == RESULTS and answered is not None and total is not None:
        places = {"answered": answered, "total": total}
        return "chart-bar", _("Quiz so far: %(answered)d of %(total)d answered") % places
    return "chart-bar", str(WORDS[data.table].get(data.cause) or WORDS[data.table][None])


def _answer_words(table: str, answer: Answered, names: Names) -> str:
    who = names.who(answer.person)
    if table == POLL:
        return _("%(who)s answered the poll") % {"who": who}
    words = {
        None: _("%(who)s answered the quiz: %(what)s"),
        True: _("%(who)s answered the quiz: %(what)s (correct)"),
        False: _("%(who)s answered the quiz: %(what)s (incorrect)"),
    }[answer.is_correct]
    return words % {"who": who, "what": quoted(", ".join(str(item) for item in answer.selected))}


def event_fields(raw: Raw) -> Raw:
    """Return the event's data with `fromUser`, `operator` and `cause`, which may be outside the data."""
    if raw.get("data") is None:
        return raw
    return {name: raw[name] for name in BESIDE if raw.get(name) is not None} | dict(data_of(raw))


TYPES = tuple(
    EventType(
        kinds=(kind,),
        fields=event_fields,
        decode=partial(decode, fields=fields),
        own_time=own_time,
        needs=needs,
        apply=apply,
        sentence=sentence,
        name=fields.table,
        label=label,
        mark=lambda data: "question" if data.running and "items" in data.columns else "",
    )
    for kind, fields, label in (
        (EventKind.QUIZ, QUIZ_FIELDS, gettext_lazy("Quizzes")),
        (EventKind.POLL, POLL_FIELDS, gettext_lazy("Polls")),
    )
)
