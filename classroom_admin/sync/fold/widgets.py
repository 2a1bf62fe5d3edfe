"""Quizzes and polls, each from its own stream. They touch no other rows, so the streams can be folded in
any order among one another.

An event without an id is about the question that runs. A question known only by an answer or a summary (its
start was missed) is taken to run unless another one does.
"""

from classroom_admin.sync.decode.kinds import Answered, PollChange, QuizChange
from classroom_admin.sync.fold.rows import AnswerRow, PollRow, QuizRow, Rows
from classroom_admin.sync.fold.times import EventTime, from_ms


def fold_quiz(data: QuizChange, sequence: int, time: EventTime, rows: Rows) -> None:
    if data.answer is not None:
        _quiz(data.answer.question_id, rows)
        _fold_answer("quiz", data.answer, sequence, time, rows)
        return
    quiz_id = data.quiz_id or max(rows.quizzes_running, default=None)
    if quiz_id is None:
        return
    row = _quiz(quiz_id, rows)
    if data.running is not None:
        _run(row, data.running, time, data.started_ms, rows)
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
    rows.dirty.add(("quiz", quiz_id))


def fold_poll(data: PollChange, sequence: int, time: EventTime, rows: Rows) -> None:
    if data.answer is not None:
        _poll(data.answer.question_id, rows)
        _fold_answer("poll", data.answer, sequence, time, rows)
        return
    poll_id = data.poll_id or max(rows.polls_running, default=None)
    if poll_id is None:
        return
    row = _poll(poll_id, rows)
    if data.running is not None:
        _run(row, data.running, time, None, rows)
    if data.multiple is not None:
        row.multiple = data.multiple
    if data.items is not None:
        row.items = list(data.items)
    if data.details is not None:
        row.details = {**row.details, **data.details}
    rows.dirty.add(("poll", poll_id))


def _quiz(quiz_id: str, rows: Rows) -> QuizRow:
    row = rows.quizzes.get(quiz_id)
    if row is None:
        row = rows.quizzes[quiz_id] = QuizRow(quiz_id, running=not rows.quizzes_running)
        if row.running:
            rows.quizzes_running.add(quiz_id)
        rows.dirty.add(("quiz", quiz_id))
    return row


def _poll(poll_id: str, rows: Rows) -> PollRow:
    row = rows.polls.get(poll_id)
    if row is None:
        row = rows.polls[poll_id] = PollRow(poll_id, running=not rows.polls_running)
        if row.running:
            rows.polls_running.add(poll_id)
        rows.dirty.add(("poll", poll_id))
    return row


def _run(row: QuizRow | PollRow, running: bool, time: EventTime, started_ms: int | None, rows: Rows) -> None:
    """Start or end a question; the start of one ends any other that still ran."""
    if not running:
        _end(row, time, rows)
        return
    own = row.quiz_id if isinstance(row, QuizRow) else row.poll_id
    others = (
        [rows.quizzes[key] for key in sorted(rows.quizzes_running - {own})]
        if isinstance(row, QuizRow)
        else [rows.polls[key] for key in sorted(rows.polls_running - {own})]
    )
    for other in others:
        _end(other, time, rows)
    if row.started_at is None or row.ended_at is not None:
        row.started_at = time.at if started_ms is None else from_ms(started_ms)
    row.running, row.ended_at = True, None
    (rows.quizzes_running if isinstance(row, QuizRow) else rows.polls_running).add(own)


def _end(row: QuizRow | PollRow, time: EventTime, rows: Rows) -> None:
    row.running = False
    row.ended_at = row.ended_at or time.at
    if isinstance(row, QuizRow):
        rows.quizzes_running.discard(row.quiz_id)
        rows.dirty.add(("quiz", row.quiz_id))
    else:
        rows.polls_running.discard(row.poll_id)
        rows.dirty.add(("poll", row.poll_id))


def _fold_answer(of: str, data: Answered, sequence: int, time: EventTime, rows: Rows) -> None:
    """A later answer replaces the earlier one."""
    key = (of, data.question_id, data.person.user_uuid)
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
