"""The pure fold: an event and the rows it names in, the changed rows out. No Django, no I/O, no clock."""

from classroom_admin.sync.fold.needs import Needs, needs
from classroom_admin.sync.fold.rows import (
    AnswerRow,
    MessageRow,
    ParticipantRow,
    PeerRow,
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
from classroom_admin.sync.fold.table import fold
from classroom_admin.sync.fold.times import EventTime, Stamped, event_times

__all__ = [
    "AnswerRow",
    "EventTime",
    "MessageRow",
    "Needs",
    "ParticipantRow",
    "PeerRow",
    "PollRow",
    "PresenceRow",
    "QuizRow",
    "RecordingRow",
    "ResourceRow",
    "RoomRow",
    "Row",
    "RowKey",
    "Rows",
    "Stamped",
    "event_times",
    "fold",
    "key_of",
    "needs",
]
