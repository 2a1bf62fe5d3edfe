"""Lock the cursors of streams, and read them without model objects, which would take longer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from classroom_admin.common.chunks import chunks
from classroom_admin.sync import statements
from classroom_admin.sync.models import RoomCursor


@dataclass(slots=True)
class Cursor:
    """The columns of a locked `RoomCursor` that storing and projecting need."""

    id: int
    room_id: int
    stream: str
    stored_sequence: int
    received_to: datetime | None
    projected_sequence: int
    projected_at: datetime | None
    needs_full_projection: bool
    project_due_at: datetime | None


COLUMNS = tuple(column.name for column in fields(Cursor))


def lock_cursors(column: str, values: Sequence[int], *, skip_locked: bool = False) -> Iterator[Cursor]:
    """Lock and yield the cursors with one of these values in `column`, which is `id` or `room_id`.

    Every transaction locks cursors in ascending order of id. So two of them cannot deadlock.
    """
    for chunk in chunks(values):
        condition, parameters = statements.matching(**{column: chunk})
        locked = f"{condition} ORDER BY id{statements.for_update(skip_locked=skip_locked)}"
        for columns in statements.select(RoomCursor, COLUMNS, (locked, parameters)):
            yield Cursor(*columns)


def save_cursors(cursors: Sequence[Cursor], columns: Sequence[str]) -> None:
    """Store these columns of cursors."""
    if cursors:
        values = attrgetter(*columns, "id")
        statements.update(RoomCursor, columns, [values(cursor) for cursor in cursors])
