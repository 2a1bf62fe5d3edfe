"""The class's state (cmd 1). A state told again changes nothing but times that it tells itself."""

from classroom_admin.sync.decode.kinds import ClassState
from classroom_admin.sync.fold.presence import everybody_leaves
from classroom_admin.sync.fold.recording import end_all
from classroom_admin.sync.fold.rows import RoomRow, Rows
from classroom_admin.sync.fold.times import EventTime, from_ms

NOT_STARTED, STARTED, ENDED, CLOSED = range(4)


def fold_class_state(data: ClassState, sequence: int, time: EventTime, rows: Rows) -> None:
    """Take the state and its times.

    A class that closes without having ended has no end of its own; one that is started again has none any
    more.

    A start time told with "not started" is a plan, which the room's profile has.
    """
    room = rows.room
    own_ms = {STARTED: data.started_ms, ENDED: data.ended_ms, CLOSED: data.closed_ms}.get(data.state)
    at = time.at if own_ms is None else from_ms(own_ms)
    changed = room.state != data.state
    if changed:
        room.state, room.state_at = data.state, at
    if data.state == NOT_STARTED:
        room.started_at = room.ended_at = room.closed_at = None
        return
    _take_times(room, data)
    if data.state == STARTED:
        room.started_at = room.started_at or at
        room.ended_at = room.closed_at = None
    elif data.state == ENDED:
        room.ended_at = at if changed and data.ended_ms is None else room.ended_at
        room.closed_at = None
    else:
        room.closed_at = at if changed and data.closed_ms is None else room.closed_at
        everybody_leaves(sequence, at, time.approximate and own_ms is None, rows)
        end_all(sequence, at, rows)


def _take_times(room: RoomRow, data: ClassState) -> None:
    if data.started_ms is not None:
        room.started_at = from_ms(data.started_ms)
    if data.ended_ms is not None:
        room.ended_at = from_ms(data.ended_ms)
    if data.closed_ms is not None:
        room.closed_at = from_ms(data.closed_ms)
