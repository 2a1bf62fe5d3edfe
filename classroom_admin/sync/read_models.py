"""Load and write the projection's rows in the tables of `rooms`.

The fields of a row class are the projected columns of its table. Of the other columns, only `version` is
written.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from django.db import models

from classroom_admin.common.chunks import chunks
from classroom_admin.events import Needs, RoomRow, Row, RowKey, Rows, key_of
from classroom_admin.events import rows as row_classes
from classroom_admin.rooms import models as tables
from classroom_admin.sync import statements


@dataclass(frozen=True)
class Table:
    """A table of a read model, and its row class. `key_columns` identify a row within a room."""

    model: type[models.Model]
    row: type[Any]
    versioned: bool = True

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in dataclasses.fields(self.row))

    @cached_property
    def _values(self) -> Callable[[Any], tuple[Any, ...]]:
        return attrgetter(*self.columns)

    def load(self, where: statements.Where) -> Iterator[tuple[int, Any]]:
        """Yield a tuple (room id, row) for each row that matches `where`."""
        for room_id, *values in statements.select(self.model, ("room_id", *self.columns), where):
            yield room_id, self.row(*values)

    def write(self, rows: Iterable[tuple[tables.Room, Any]]) -> None:
        """Insert or update rows. Add the room's id and, if the table is `versioned`, the room's version."""
        values = self._values
        if self.versioned:
            columns = ("room_id", "version", *self.columns)
            whole = ((room.pk, room.version, *values(row)) for room, row in rows)
        else:
            columns = ("room_id", *self.columns)
            whole = ((room.pk, *values(row)) for room, row in rows)
        statements.insert(self.model, columns, whole, unique=("room_id", *self.row.key_columns))

    def delete(self, room_id: int, rows: Iterable[Any]) -> None:
        for row in rows:
            self.delete_key(room_id, key_of(row)[1:])

    def delete_key(self, room_id: int, key: RowKey) -> int:
        """Delete the row with these values of its key columns. Return how many rows were deleted."""
        of_row = dict(zip(self.row.key_columns, key, strict=True))
        return self.model._default_manager.filter(room_id=room_id, **of_row).delete()[0]


TABLES: dict[str, Table] = {
    table.row.table: table
    for table in (
        Table(tables.Participant, row_classes.ParticipantRow),
        Table(tables.Presence, row_classes.PresenceRow, versioned=False),
        Table(tables.ChatMessage, row_classes.MessageRow),
        Table(tables.PeerMessage, row_classes.PeerRow),
        Table(tables.Recording, row_classes.RecordingRow),
        Table(tables.Resource, row_classes.ResourceRow),
        Table(tables.Quiz, row_classes.QuizRow),
        Table(tables.Poll, row_classes.PollRow),
        Table(tables.Answer, row_classes.AnswerRow),
    )
}
ROOM_COLUMNS = tuple(column.name for column in dataclasses.fields(RoomRow))
_room_values = attrgetter(*ROOM_COLUMNS)
CHANGED_IN_PLACE: Final = frozenset(("properties", "ext_apps", "groups"))
"""The columns of a room whose objects events change in place (`Rows.properties_changed`)."""
TERMS_AT_ONCE = 50
"""The maximum number of terms in a query. Each has up to `CHUNK` keys; SQLite allows 32,766 variables."""


def load(wanted: Iterable[tuple[tables.Room, Needs]]) -> dict[int, Rows]:
    """Return the stored rows that the projection needs, by room id. All rooms share the same queries."""
    rows: dict[int, Rows] = {}
    needs: dict[int, Needs] = {}
    for room, needed in wanted:
        rows[room.pk] = Rows()
        rows[room.pk].load(room_row(room))
        needs[room.pk] = needed
    for kind, where in _wanted(needs):
        for room_id, row in TABLES[kind].load(where):
            rows[room_id].load(row)
    return rows


def load_whole(room: tables.Room, kind: str) -> list[Row]:
    """Return all rows of a room that are stored in the table `kind`."""
    return [row for _room_id, row in TABLES[kind].load(statements.matching(room_id=room.pk))]


def room_row(room: tables.Room) -> RoomRow:
    """Return the projected columns of a room as a row."""
    return RoomRow(*_room_values(room))


def _wanted(needs: Mapping[int, Needs]) -> Iterator[tuple[str, statements.Where]]:
    for kind, column, of in NAMED:
        terms: list[statements.Where] = []
        for room_id, needed in needs.items():
            for chunk in chunks(sorted(of(needed))):
                terms.append(statements.matching(room_id=room_id, **{column: chunk}))
        yield from _together(kind, terms)
    yield from _together("presence", _open_presences(needs))
    yield from _together("answer", _answers(needs))
    for kind, state, of_state in BY_STATE:
        for room_ids in chunks(room_id for room_id, needed in needs.items() if of_state(needed)):
            yield kind, statements.matching(room_id=room_ids, **state)


def _together(kind: str, terms: Iterable[statements.Where]) -> Iterator[tuple[str, statements.Where]]:
    """Combine conditions with OR, so that fewer queries are necessary."""
    for part in chunks(terms, TERMS_AT_ONCE):
        yield kind, statements.any_of(part)


def _open_presences(needs: Mapping[int, Needs]) -> Iterator[statements.Where]:
    for room_id, needed in needs.items():
        for chunk in chunks(sorted(needed.open_presences_of)):
            yield statements.matching(room_id=room_id, left_at=None, user_uuid=chunk)


def _answers(needs: Mapping[int, Needs]) -> Iterator[statements.Where]:
    for room_id, needed in needs.items():
        questions: dict[tuple[str, str], list[str]] = {}
        for of, question_id, user_uuid in sorted(needed.answers):
            questions.setdefault((of, question_id), []).append(user_uuid)
        for (of, question_id), users in questions.items():
            for chunk in chunks(users):
                yield statements.matching(room_id=room_id, of=of, question_id=question_id, user_uuid=chunk)


NAMED: tuple[tuple[str, str, Callable[[Needs], set[str]]], ...] = (
    ("participant", "user_uuid", attrgetter("participants")),
    ("recording", "record_id", attrgetter("recordings")),
    ("resource", "resource_uuid", attrgetter("resources")),
    ("quiz", "quiz_id", attrgetter("quizzes")),
    ("poll", "poll_id", attrgetter("polls")),
)
BY_STATE: tuple[tuple[str, dict[str, Any], Callable[[Needs], bool]], ...] = (
    ("participant", {"online": True}, attrgetter("class_over")),
    ("presence", {"left_at": None}, attrgetter("class_over")),
    ("participant", {"on_stage": True}, attrgetter("on_stage")),
    ("participant", {"hand_raised": True}, attrgetter("hands")),
    ("participant", {"sharing_screen": True}, attrgetter("sharing")),
    ("recording", {"state": "recording"}, attrgetter("running_recording")),
    ("quiz", {"running": True}, attrgetter("running_quiz")),
    ("poll", {"running": True}, attrgetter("running_poll")),
)


def write(projected: Iterable[tuple[tables.Room, Rows]]) -> int:
    """Write the changed rows and delete the rows that no longer exist. Return how many rows were changed.

    The version of a room increases only if a row of the room changed.
    """
    changes = []
    deleted = 0
    in_place = False
    for room, rows in projected:
        by_kind, gone = _changed(rows)
        for kind, key in gone:
            deleted += TABLES[kind].delete_key(room.pk, key)
        if gone:
            by_kind.setdefault("room", [])
        changes.append((room, by_kind))
        in_place = in_place or rows.properties_changed
    return _write(changes, changed_in_place=CHANGED_IN_PLACE if in_place else frozenset()) + deleted


def _changed(rows: Rows) -> tuple[dict[str, list[Row]], list[tuple[str, RowKey]]]:
    """Return the changed rows by table, and the table and key of each deleted row."""
    by_kind: dict[str, list[Row]] = {}
    gone: list[tuple[str, RowKey]] = []
    for key in sorted(rows.dirty, key=repr):
        row = rows.get(key)
        if row is not None:
            by_kind.setdefault(str(key[0]), []).append(row)
        else:
            gone.append((str(key[0]), key[1:]))
    return by_kind, gone


def _write(
    changes: Iterable[tuple[tables.Room, dict[str, list[Row]]]], *, changed_in_place: Set[str] = frozenset()
) -> int:
    """Write these rows by table, and the changed columns of the rooms. Return how many rows were written.

    The columns in `changed_in_place` count as changed.
    """
    count = 0
    of_rooms: list[tuple[tables.Room, Row]] = []
    of_kinds: dict[str, list[tuple[tables.Room, Row]]] = {}
    for room, by_kind in changes:
        if not by_kind:
            continue
        room.version += 1
        for kind, rows in by_kind.items():
            count += len(rows)
            if kind != "room":
                of_kinds.setdefault(kind, []).extend((room, row) for row in rows)
        of_rooms.append((room, by_kind["room"][0] if by_kind.get("room") else room_row(room)))
    for kind, whole in of_kinds.items():
        TABLES[kind].write(whole)
    _write_rooms(of_rooms, changed_in_place)
    return count


def _write_rooms(of_rooms: Sequence[tuple[tables.Room, Row]], changed: Set[str]) -> None:
    """Write the columns in `changed`, and those in which any of the rooms differs from its row."""
    changed = set(changed)
    for room, row in of_rooms:
        pairs = zip(ROOM_COLUMNS, _room_values(room), _room_values(row), strict=True)
        changed.update(name for name, old, new in pairs if old is not new and old != new)
    columns = [name for name in ROOM_COLUMNS if name in changed]
    rows = ((*(getattr(row, name) for name in columns), room.version, room.pk) for room, row in of_rooms)
    statements.update(tables.Room, (*columns, "version"), rows)


def replace(room: tables.Room, rows: Rows) -> int:
    """Replace all stored rows of a room with `rows`. Return how many rows differed.

    Rows that are equal are not written. The keys of the written rows are in `rows.dirty` afterwards.
    """
    by_kind: dict[str, list[Row]] = {}
    deleted = 0
    if rows.room != room_row(room):
        by_kind["room"] = [rows.room]
    for kind in TABLES:
        whole: dict[RowKey, Row] = {key_of(row): row for row in rows.of_table(kind).values()}
        stored: dict[RowKey, Row] = {key_of(row): row for row in load_whole(room, kind)}
        gone = [row for key, row in stored.items() if key not in whole]
        TABLES[kind].delete(room.pk, gone)
        deleted += len(gone)
        differing = [row for key, row in whole.items() if stored.get(key) != row]
        if differing:
            by_kind[kind] = differing
    if deleted:
        by_kind.setdefault("room", [])
    rows.dirty = {key_of(row) for differing in by_kind.values() for row in differing}
    return _write([(room, by_kind)]) + deleted
