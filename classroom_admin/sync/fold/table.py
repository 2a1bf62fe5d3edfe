"""The fold itself: which handler takes which kind."""

from collections.abc import Callable
from typing import Any

from classroom_admin.sync.decode import Event, Stream
from classroom_admin.sync.decode.kinds import (
    ClassState,
    Hands,
    Message,
    Movement,
    PollChange,
    QuizChange,
    RecordingChange,
    Resources,
    Rewards,
    RoomProperties,
    Stage,
    Streams,
    Unknown,
    UserProperties,
    UserState,
)
from classroom_admin.sync.fold.chat import fold_message
from classroom_admin.sync.fold.class_state import fold_class_state
from classroom_admin.sync.fold.peers import fold_peer
from classroom_admin.sync.fold.persons import (
    fold_rewards,
    fold_streams,
    fold_user_properties,
    fold_user_state,
)
from classroom_admin.sync.fold.presence import fold_movement
from classroom_admin.sync.fold.properties import fold_room_properties
from classroom_admin.sync.fold.recording import fold_recording
from classroom_admin.sync.fold.resources import fold_resources
from classroom_admin.sync.fold.rows import Rows
from classroom_admin.sync.fold.stage import fold_hands, fold_stage
from classroom_admin.sync.fold.times import EventTime
from classroom_admin.sync.fold.widgets import fold_poll, fold_quiz


def _count_only(data: Unknown, sequence: int, time: EventTime, rows: Rows) -> None:
    """A kind that we don't know: it happened, and that is all."""


# (the data of the kind, the event's sequence, its time, the rows)
HANDLERS: dict[type, Callable[[Any, int, EventTime, Rows], None]] = {
    Unknown: _count_only,
    ClassState: fold_class_state,
    Message: fold_message,
    RoomProperties: fold_room_properties,
    Movement: fold_movement,
    UserState: fold_user_state,
    UserProperties: fold_user_properties,
    Streams: fold_streams,
    RecordingChange: fold_recording,
    Resources: fold_resources,
    Rewards: fold_rewards,
    Stage: fold_stage,
    Hands: fold_hands,
    QuizChange: fold_quiz,
    PollChange: fold_poll,
}


def fold(event: Event, time: EventTime, rows: Rows) -> None:
    """Change the rows by one event, in the order of its stream, and mark what changed in `rows.dirty`.

    `rows` must hold what `needs` asked for. Never raises for an event that was decoded. `event_count`,
    `last_sequence`, `question_events` and `last_event_id` are the caller's. A peer message is kept under its
    digest and changes nothing else.
    """
    if event.stream is Stream.PEER:
        if isinstance(event.data, Message) and event.digest:
            fold_peer(event.data, event.digest, event.sequence, time, rows)
        return
    room = rows.room
    if room.last_event_at is None or time.at > room.last_event_at:
        room.last_event_at = time.at
    rows.dirty.add(("room",))
    HANDLERS[type(event.data)](event.data, event.sequence, time, rows)
