"""Between the fold's plain rows and the tables of `rooms`: load what is named, write what changed,
compare all.

Every column that a row dataclass has is a folded column of the table of the same name; other columns are
left alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from classroom_admin.rooms import models as tables
from classroom_admin.sync.fold import (
    AnswerRow,
    MessageRow,
    Needs,
    ParticipantRow,
    PollRow,
    PresenceRow,
    QuizRow,
    RecordingRow,
    ResourceRow,
    RoomRow,
    Row,
    RowKey,
    Rows,
    key_of,
)
from classroom_admin.sync.registry import chunks


@dataclass(frozen=True, slots=True)
class Table:
    """A read model and its row: `key` names the columns that are unique within a room."""

    model: type[models.Model]
    row: type[Any]
    key: tuple[str, ...]
    versioned: bool = True

    @property
    def columns(self) -> list[str]:
        return [column.name for column in dataclasses.fields(self.row)]

    def load(self, room_id: int, where: Q | None = None) -> Iterator[Any]:
        columns = self.columns
        query = self.model._default_manager.filter(where or Q(), room_id=room_id)
        for values in query.values_list(*columns).iterator(chunk_size=2000):
            yield self.row(**dict(zip(columns, values, strict=True)))

    def write(self, room_id: int, rows: Iterable[Any], *, version: int) -> None:
        columns = self.columns
        extra = {"version": version} if self.versioned else {}
        self.model._default_manager.bulk_create(
            [
                self.model(room_id=room_id, **extra, **{column: getattr(row, column) for column in columns})
                for row in rows
            ],
            update_conflicts=True,
            unique_fields=["room", *self.key],
            update_fields=[*(column for column in columns if column not in self.key), *extra],
            batch_size=500,
        )

    def delete(self, room_id: int, rows: Iterable[Any]) -> None:
        for row in rows:
            of_row = {column: getattr(row, column) for column in self.key}
            self.model._default_manager.filter(room_id=room_id, **of_row).delete()


TABLES: dict[str, Table] = {
    "participant": Table(tables.Participant, ParticipantRow, ("user_uuid",)),
    "presence": Table(tables.Presence, PresenceRow, ("user_uuid", "entered_sequence"), versioned=False),
    "message": Table(tables.ChatMessage, MessageRow, ("sequence",)),
    "recording": Table(tables.Recording, RecordingRow, ("record_id",)),
    "resource": Table(tables.Resource, ResourceRow, ("resource_uuid",)),
    "quiz": Table(tables.Quiz, QuizRow, ("quiz_id",)),
    "poll": Table(tables.Poll, PollRow, ("poll_id",)),
    "answer": Table(tables.Answer, AnswerRow, ("of", "question_id", "user_uuid")),
}
ROOM_COLUMNS = [column.name for column in dataclasses.fields(RoomRow)]


def load(room: tables.Room, needed: Needs) -> Rows:
    """The stored rows that folding needs, few or many by what the events name."""
    rows = Rows.empty()
    rows.load(room_row(room))
    for kind, where in _wanted(needed):
        rows.load_all(TABLES[kind].load(room.pk, where))
    return rows


def room_row(room: tables.Room) -> RoomRow:
    return RoomRow(**{column: getattr(room, column) for column in ROOM_COLUMNS})


def _wanted(needed: Needs) -> Iterator[tuple[str, Q]]:
    named = {
        ("participant", "user_uuid"): needed.participants,
        ("recording", "record_id"): needed.recordings,
        ("resource", "resource_uuid"): needed.resources,
        ("quiz", "quiz_id"): needed.quizzes,
        ("poll", "poll_id"): needed.polls,
    }
    for (kind, column), keys in named.items():
        for chunk in chunks(sorted(keys)):
            yield kind, Q(**{f"{column}__in": chunk})
    for chunk in chunks(sorted(needed.open_presences_of)):
        yield "presence", Q(left_at__isnull=True, user_uuid__in=chunk)
    questions: dict[tuple[str, str], list[str]] = {}
    for of, question_id, user_uuid in sorted(needed.answers):
        questions.setdefault((of, question_id), []).append(user_uuid)
    for (of, question_id), users in questions.items():
        for chunk in chunks(users):
            yield "answer", Q(of=of, question_id=question_id, user_uuid__in=chunk)
    yield from _wanted_by_state(needed)


def _wanted_by_state(needed: Needs) -> Iterator[tuple[str, Q]]:
    if needed.class_over:
        yield "participant", Q(online=True)
        yield "presence", Q(left_at__isnull=True)
    if needed.on_stage:
        yield "participant", Q(on_stage=True)
    if needed.hands:
        yield "participant", Q(hand_raised=True)
    if needed.running_recording:
        yield "recording", Q(state="recording")
    if needed.running_quiz:
        yield "quiz", Q(running=True)
    if needed.running_poll:
        yield "poll", Q(running=True)


def write(room: tables.Room, rows: Rows) -> int:
    """Write the rows that changed, each with the room's next version. Gives how many; 0 leaves the
    version alone.
    """
    by_kind: dict[str, list[Row]] = {}
    for key in sorted(rows.dirty, key=repr):
        row = rows.get(key)
        if row is not None:
            by_kind.setdefault(str(key[0]), []).append(row)
    return _write(room, by_kind)


def _write(room: tables.Room, by_kind: dict[str, list[Row]], *, deleted: int = 0) -> int:
    changed = sum(len(of_kind) for of_kind in by_kind.values()) + deleted
    if not changed:
        return 0
    room.version += 1
    columns: dict[str, Any] = {"version": room.version}
    for row in by_kind.pop("room", []):
        columns |= {column: getattr(row, column) for column in ROOM_COLUMNS}
    for kind, of_kind in by_kind.items():
        TABLES[kind].write(room.pk, of_kind, version=room.version)
    tables.Room.objects.filter(pk=room.pk).update(**columns)
    return changed


def replace(room: tables.Room, rows: Rows) -> int:
    """Make the stored rows equal to `rows`, which hold the whole room. Writes only what differs; gives
    how many.
    """
    by_kind: dict[str, list[Row]] = {}
    deleted = 0
    if rows.room != room_row(room):
        by_kind["room"] = [rows.room]
    for kind, whole in _by_table(rows).items():
        stored: dict[RowKey, Row] = {key_of(row): row for row in TABLES[kind].load(room.pk)}
        gone = [row for key, row in stored.items() if key not in whole]
        TABLES[kind].delete(room.pk, gone)
        deleted += len(gone)
        differing = [row for key, row in whole.items() if stored.get(key) != row]
        if differing:
            by_kind[kind] = differing
    return _write(room, by_kind, deleted=deleted)


def _by_table(rows: Rows) -> dict[str, dict[RowKey, Row]]:
    of_kind: dict[str, Iterable[Row]] = {
        "participant": rows.participants.values(),
        "presence": rows.presences.values(),
        "message": rows.messages.values(),
        "recording": rows.recordings.values(),
        "resource": rows.resources.values(),
        "quiz": rows.quizzes.values(),
        "poll": rows.polls.values(),
        "answer": rows.answers.values(),
    }
    return {kind: {key_of(row): row for row in whole} for kind, whole in of_kind.items()}
