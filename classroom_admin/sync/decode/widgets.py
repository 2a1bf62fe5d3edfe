"""Events of the quiz and poll streams: `changeProperties` nested or dotted, under `extra` or flat."""

from collections.abc import Mapping
from typing import Any

from classroom_admin.sync.decode.event import Undecodable
from classroom_admin.sync.decode.kinds import Answered, Json, Person, PollChange, QuizChange
from classroom_admin.sync.decode.values import (
    SMALL,
    Raw,
    cause_action,
    flag,
    identifier,
    mapping,
    moment,
    person,
    plain,
    real,
    text,
    tree,
    whole,
)

STARTED, ENDED, ANSWERED = 1, 2, 3
STAFF = ("teacher", "assistant", "server")


def quiz(data: Raw, odd: list[str]) -> QuizChange:
    """One event of stream popupQuiz: the question or its summary, or what a person answered."""
    fields = _fields(data, "popupQuiz")
    action = cause_action(data.get("cause"))
    quiz_id = _question_id(fields, data, "popupQuizId")
    if action == ANSWERED or fields.get("selectedItems") is not None:
        return QuizChange(
            quiz_id,
            answer=_answer(
                data,
                quiz_id,
                _listed(fields.get("selectedItems")) or [],
                flag(fields.get("isCorrect")),
                moment(fields.get("lastCommitTime")),
            ),
        )
    running = _running(fields, ("answerState",), action)
    if quiz_id is None and action == STARTED:
        raise Undecodable("a quiz that starts without an id")
    return QuizChange(
        quiz_id,
        running,
        _listed(fields.get("items")),
        _listed(fields.get("correctItems")),
        whole(fields.get("selectedCount"), SMALL),
        whole(fields.get("correctCount"), SMALL),
        whole(fields.get("totalCount"), SMALL),
        real(fields.get("averageAccuracy")),
        moment(fields.get("receiveQuestionTime")),
    )


def poll(data: Raw, odd: list[str]) -> PollChange:
    """One event of stream poll: the question or its summary, or what a person chose."""
    fields = _fields(data, "poll")
    action = cause_action(data.get("cause"))
    poll_id = _question_id(fields, data, "pollId")
    if action == ANSWERED or fields.get("selectIndex") is not None:
        chosen = [_index(item) for item in _listed(fields.get("selectIndex")) or []]
        at_ms = moment(fields.get("lastCommitTime"))
        return PollChange(poll_id, answer=_answer(data, poll_id, chosen, None, at_ms))
    if poll_id is None and action == STARTED:
        raise Undecodable("a poll that starts without an id")
    mode = whole(fields.get("mode"), SMALL)
    return PollChange(
        poll_id,
        _running(fields, ("pollState", "pollingState"), action),
        None if mode is None else mode == 2,
        _listed(fields.get("pollItems")),
        _details(fields.get("pollDetails")),
    )


def _fields(data: Raw, widget: str) -> dict[str, Any]:
    """All that changed, in one flat table: below `widgets.<widget>`, `extra` over what lies beside it."""
    raw = mapping(data.get("changeProperties"))
    if not raw:
        raise Undecodable("a widget's event without changeProperties")
    fields = tree(raw)
    widgets = fields.get("widgets")
    if isinstance(widgets, dict) and isinstance(widgets.get(widget), dict):
        fields = widgets[widget]
    extra = fields.get("extra")
    if isinstance(extra, str):
        extra = tree(mapping(extra))
    return {**fields, **extra} if isinstance(extra, dict) else fields


def _question_id(fields: Raw, data: Raw, name: str) -> str | None:
    return identifier(fields.get(name)) or identifier(mapping(data.get("cause")).get(name))


def _running(fields: Raw, names: tuple[str, ...], action: int | None) -> bool | None:
    """Whether the question runs: its own state, else what the cause says; not once the widget is put away."""
    for name in names:
        state = flag(fields.get(name))
        if state is not None:
            return state
    if action in (STARTED, ENDED):
        return action == STARTED
    return False if flag(fields.get("state")) is False else None


def _answer(
    data: Raw, question_id: str | None, selected: list[Json], is_correct: bool | None, at_ms: int | None
) -> Answered:
    if question_id is None:
        raise Undecodable("an answer that names no question")
    return Answered(question_id, _answerer(data), selected, is_correct, at_ms)


def _answerer(data: Raw) -> Person:
    """Who answered. `fromUser` is the pupil, or the one who started the question: then it is the operator.

    A pupil in `fromUser` counts; one of the staff there yields to the operator. Where no role tells, it is
    the operator (who acted in either reading), unless that is one of the staff.
    """
    sender, operator = person(data.get("fromUser")), person(data.get("operator"))
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
    """A list; an object with numbered keys in their order; one value alone; None where there is nothing."""
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
    """`{"0": {num, percentage}}`, also from a list; shares are 0 to 1."""
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
