"""The state of single persons: chat mute (cmd 21), properties (22, 23), streams (40, 41), rewards (1101)."""

from classroom_admin.sync.decode.kinds import Rewards, Streams, UserProperties, UserState
from classroom_admin.sync.fold.people import describe, gone, introduce, participant, touch
from classroom_admin.sync.fold.presence import put_stream, watch_streams
from classroom_admin.sync.fold.properties import apply, chat_muted, mutes_chat
from classroom_admin.sync.fold.rows import Rows
from classroom_admin.sync.fold.times import EventTime

MOST_REWARDS = 2**31 - 1


def fold_user_state(data: UserState, sequence: int, time: EventTime, rows: Rows) -> None:
    row = describe(rows, data.person)
    if data.chat_muted is not None and data.chat_muted != row.chat_muted:
        row.chat_muted = data.chat_muted
        touch(rows, row)


def fold_user_properties(data: UserProperties, sequence: int, time: EventTime, rows: Rows) -> None:
    """The vendor's client also learns here, under `mute.muteChat`, that a person may not chat."""
    for person, changes in data.changes:
        row = introduce(rows, person)
        for change in changes:
            apply(row.properties, change)
        if any(mutes_chat(change) for change in changes):
            row.chat_muted = chat_muted(row.properties)
        if changes:
            touch(rows, row)


def fold_streams(data: Streams, sequence: int, time: EventTime, rows: Rows) -> None:
    """Streams of somebody who has left are over, whatever still comes in about them."""
    for change in data.changes:
        row = introduce(rows, change.person)
        if change.deleted:
            if row.streams.pop(change.stream.stream_uuid, None) is None:
                continue
        elif gone(row):
            continue
        else:
            put_stream(row, change.stream)
        watch_streams(row)
        touch(rows, row)


def fold_rewards(data: Rewards, sequence: int, time: EventTime, rows: Rows) -> None:
    """The total wins over the difference."""
    for reward in data.rewards:
        row = participant(rows, reward.user_uuid)
        total = row.rewards + (reward.changed or 0) if reward.total is None else reward.total
        total = max(-MOST_REWARDS, min(MOST_REWARDS, total))
        if total != row.rewards:
            row.rewards = total
            touch(rows, row)
