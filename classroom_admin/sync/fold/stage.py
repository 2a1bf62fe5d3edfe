"""Who is on stage and who raises a hand (cmd 1501, 1502).

The full list counts where the event carries one, together with what it says was added and removed. A full
list does not bring back people who have left: the cloud's processes may still list them.
"""

from datetime import datetime

from classroom_admin.sync.decode.kinds import Hands, Stage
from classroom_admin.sync.fold.people import gone, participant, touch
from classroom_admin.sync.fold.rows import ParticipantRow, Rows
from classroom_admin.sync.fold.times import EventTime


def set_stage(rows: Rows, row: ParticipantRow, on_stage: bool, at: datetime) -> None:
    """Bring somebody on the stage or down at a time; `last_on_stage_at` is the last moment seen there."""
    if row.on_stage == on_stage:
        return
    row.on_stage = on_stage
    if row.last_on_stage_at is None or at > row.last_on_stage_at:
        row.last_on_stage_at = at
    if on_stage:
        rows.staged.add(row.user_uuid)
    else:
        rows.staged.discard(row.user_uuid)
    rows.room.on_stage += 1 if on_stage else -1
    touch(rows, row)


def set_hand(rows: Rows, row: ParticipantRow, at: datetime | None) -> None:
    """Raise a hand at a time, or lower it (None). A raised hand stays raised since its first time."""
    if row.hand_raised == (at is not None):
        return
    row.hand_raised = at is not None
    row.hand_raised_at = at
    if at is not None:
        rows.hands.add(row.user_uuid)
    else:
        rows.hands.discard(row.user_uuid)
    rows.room.hands_raised += 1 if at is not None else -1
    touch(rows, row)


def fold_stage(data: Stage, sequence: int, time: EventTime, rows: Rows) -> None:
    up, down = _moves(data, rows.staged)
    for user in down:
        if user in rows.participants:
            set_stage(rows, rows.participants[user], False, time.at)
    for user, named in up.items():
        row = participant(rows, user)
        if named or not gone(row):
            set_stage(rows, row, True, time.at)


def fold_hands(data: Hands, sequence: int, time: EventTime, rows: Rows) -> None:
    up, down = _moves(data, rows.hands)
    for user in down:
        if user in rows.participants:
            set_hand(rows, rows.participants[user], None)
    for user, named in up.items():
        row = participant(rows, user)
        if named or not gone(row):
            set_hand(rows, row, time.at)


def _moves(data: Stage | Hands, before: set[str]) -> tuple[dict[str, bool], list[str]]:
    """Who goes up (True: named as added, not only listed), and who comes down."""
    added, removed = set(data.added), set(data.removed)
    listed = set() if data.all is None else set(data.all)
    up = dict.fromkeys((user for user in data.all or () if user not in removed), False)
    # someone added and removed at once: the full list decides
    up |= dict.fromkeys((user for user in data.added if user not in removed or user in listed), True)
    down = [user for user in data.removed if user not in up]
    if data.all is not None:
        down += sorted(before - listed - added)
    return up, down
