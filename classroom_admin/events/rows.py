"""The rows that the projection reads and changes, and `Needs`, which says which rows to load.

The fields have the same names as the read models' columns; a test compares the names. The projector adds the
room and the version when it writes the rows.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

PROJECTION_VERSION: Final = 4
"""The version of the projection. Increase it if stored events now give different rows. All rooms are then
projected again.
"""
CLOSED: Final = 3
"""`RoomRow.state` of a closed class."""

RowKey = tuple[str | int, ...]
"""A table's name and the values of its `key_columns`, such as ("presence", user_uuid, entered_sequence)."""


@dataclass(slots=True)
class RoomRow:
    table: ClassVar[str] = "room"
    key_columns: ClassVar[tuple[str, ...]] = ()
    last_sequence: int = 0
    state: int | None = None
    state_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    last_event_at: datetime | None = None
    people_online: int = 0
    people_total: int | None = None
    teachers_online: int = 0
    students_online: int = 0
    hands_raised: int = 0
    on_stage: int = 0
    chat_count: int = 0
    event_count: int = 0
    recording_state: str = ""
    starts_paused: bool = False
    question_events: int = 0
    last_event_id: int = 0
    chat_muted: bool = False
    properties: dict[str, Any] = field(default_factory=dict)
    ext_apps: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)
    groups_sequence: int = 0
    known_groups: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ParticipantRow:
    table: ClassVar[str] = "participant"
    key_columns: ClassVar[tuple[str, ...]] = ("user_uuid",)
    user_uuid: str
    name: str = ""
    name_search: str = ""
    role: str = "unknown"
    was_teacher: bool = False
    online: bool = False
    entered_at: datetime | None = None
    online_since: datetime | None = None
    left_at: datetime | None = None
    times_left: int = 0
    kicked_at: datetime | None = None
    kicked_sequence: int | None = None
    on_stage: bool = False
    last_on_stage_at: datetime | None = None
    hand_raised: bool = False
    hand_raised_at: datetime | None = None
    chat_muted: bool = False
    rewards: int = 0
    camera_on: bool = False
    microphone_on: bool = False
    sharing_screen: bool = False
    streams: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PresenceRow:
    table: ClassVar[str] = "presence"
    key_columns: ClassVar[tuple[str, ...]] = ("user_uuid", "entered_sequence")
    user_uuid: str
    entered_sequence: int
    entered_at: datetime
    left_sequence: int | None = None
    left_at: datetime | None = None
    kicked: bool = False
    approximate: bool = False


@dataclass(slots=True)
class MessageRow:
    table: ClassVar[str] = "message"
    key_columns: ClassVar[tuple[str, ...]] = ("sequence",)
    sequence: int
    sent_at: datetime
    kind: str = "chat"
    user_uuid: str = ""
    name: str = ""
    role: str = "unknown"
    text: str = ""
    deleted: bool = False
    approximate: bool = False


@dataclass(slots=True)
class PeerRow:
    """A direct message. `arrived` orders messages that were sent at the same moment."""

    table: ClassVar[str] = "peer"
    key_columns: ClassVar[tuple[str, ...]] = ("digest",)
    digest: str
    arrived: int
    sent_at: datetime
    kind: str = "chat"
    user_uuid: str = ""
    name: str = ""
    role: str = "unknown"
    to_user_uuid: str = ""
    text: str = ""
    approximate: bool = False


@dataclass(slots=True)
class RecordingRow:
    table: ClassVar[str] = "recording"
    key_columns: ClassVar[tuple[str, ...]] = ("record_id",)
    record_id: str
    state: str
    started_sequence: int | None = None
    started_at: datetime | None = None
    ended_sequence: int | None = None
    ended_at: datetime | None = None
    sid: str = ""
    streaming_urls: dict[str, Any] = field(default_factory=dict)
    pauses: list[Any] = field(default_factory=list)
    retrying: bool = False


@dataclass(slots=True)
class ResourceRow:
    table: ClassVar[str] = "resource"
    key_columns: ClassVar[tuple[str, ...]] = ("resource_uuid",)
    resource_uuid: str
    name: str = ""
    ext: str = ""
    size: int | None = None
    url: str = ""
    converted_percent: int | None = None
    task: dict[str, Any] = field(default_factory=dict)
    put_sequence: int | None = None
    put_at: datetime | None = None
    put_by: str = ""
    removed_at: datetime | None = None


@dataclass(slots=True)
class QuizRow:
    table: ClassVar[str] = "quiz"
    key_columns: ClassVar[tuple[str, ...]] = ("quiz_id",)
    quiz_id: str
    running: bool = False
    items: list[Any] = field(default_factory=list)
    correct_items: list[Any] = field(default_factory=list)
    selected_count: int | None = None
    correct_count: int | None = None
    total_count: int | None = None
    average_accuracy: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class PollRow:
    table: ClassVar[str] = "poll"
    key_columns: ClassVar[tuple[str, ...]] = ("poll_id",)
    poll_id: str
    running: bool = False
    multiple: bool = False
    items: list[Any] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class AnswerRow:
    table: ClassVar[str] = "answer"
    key_columns: ClassVar[tuple[str, ...]] = ("of", "question_id", "user_uuid")
    of: str
    question_id: str
    user_uuid: str
    sequence: int
    name: str = ""
    selected: list[Any] = field(default_factory=list)
    is_correct: bool | None = None
    answered_at: datetime | None = None


Row = (
    RoomRow
    | ParticipantRow
    | PresenceRow
    | MessageRow
    | PeerRow
    | RecordingRow
    | ResourceRow
    | QuizRow
    | PollRow
    | AnswerRow
)
COLLECTIONS: Final = {
    "participant": "participants",
    "presence": "presences",
    "message": "messages",
    "peer": "peers",
    "recording": "recordings",
    "resource": "resources",
    "quiz": "quizzes",
    "poll": "polls",
    "answer": "answers",
}
"""The attribute of `Rows` that contains a table's rows. Its keys are row keys without the table's name."""


def key_of(row: Row) -> RowKey:
    """Return the key under which a row is stored and marked as changed."""
    return (row.table, *(getattr(row, column) for column in row.key_columns))


@dataclass(slots=True)
class Needs:
    """The rows to load in addition to the room's row. Some of them may not exist in the database.

    - `open_presences_of`: the people whose presences without `left_at` are needed
    - `answers`: tuples (of, question_id, user_uuid)
    - `running_*`: whether to load the recording, quizzes or polls that are running
    - `on_stage`, `hands`, `sharing`: whether to load the participants who are on stage, have a raised hand or
      share their screen
    - `class_over`: whether to load the participants who are online, and all open presences; it is set
      together with `on_stage`, `hands` and `running_recording`
    """

    participants: set[str] = field(default_factory=set)
    open_presences_of: set[str] = field(default_factory=set)
    recordings: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    quizzes: set[str] = field(default_factory=set)
    polls: set[str] = field(default_factory=set)
    answers: set[tuple[str, str, str]] = field(default_factory=set)
    running_recording: bool = False
    running_quiz: bool = False
    running_poll: bool = False
    on_stage: bool = False
    hands: bool = False
    sharing: bool = False
    class_over: bool = False


@dataclass(slots=True)
class Rows:
    """The loaded rows. `dirty` contains the keys of the changed rows.

    `properties_changed` says that the room's `properties`, `ext_apps` or `groups` may have changed. Events
    change these objects in place, so a comparison with the loaded values does not show it.

    Add stored rows with `load`, which also updates the lookups. After the changed rows are written, clear
    `dirty` to project further events into the same rows.
    """

    room: RoomRow = field(default_factory=RoomRow)
    participants: dict[str, ParticipantRow] = field(default_factory=dict)
    presences: dict[tuple[str, int], PresenceRow] = field(default_factory=dict)
    messages: dict[int, MessageRow] = field(default_factory=dict)
    peers: dict[str, PeerRow] = field(default_factory=dict)
    recordings: dict[str, RecordingRow] = field(default_factory=dict)
    resources: dict[str, ResourceRow] = field(default_factory=dict)
    quizzes: dict[str, QuizRow] = field(default_factory=dict)
    polls: dict[str, PollRow] = field(default_factory=dict)
    answers: dict[tuple[str, str, str], AnswerRow] = field(default_factory=dict)
    dirty: set[RowKey] = field(default_factory=set)
    properties_changed: bool = False
    # Lookups. Without these sets, each event would scan all loaded rows.
    open_presences: dict[str, PresenceRow] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)
    staged: set[str] = field(default_factory=set)
    hands: set[str] = field(default_factory=set)
    recordings_running: set[str] = field(default_factory=set)
    quizzes_running: set[str] = field(default_factory=set)
    polls_running: set[str] = field(default_factory=set)

    def load(self, row: Row) -> None:
        """Add a stored row and update the lookups."""
        if isinstance(row, RoomRow):
            self.room = row
            return
        key = key_of(row)
        self.of_table(row.table)[key[1] if len(key) == 2 else key[1:]] = row
        match row:
            case ParticipantRow():
                self._look_up(row)
            case PresenceRow() if row.left_at is None:
                self.open_presences[row.user_uuid] = row
            case RecordingRow() if row.state == "recording":
                self.recordings_running.add(row.record_id)
            case QuizRow() if row.running:
                self.quizzes_running.add(row.quiz_id)
            case PollRow() if row.running:
                self.polls_running.add(row.poll_id)

    def _look_up(self, row: ParticipantRow) -> None:
        if row.online:
            self.online.add(row.user_uuid)
        if row.on_stage:
            self.staged.add(row.user_uuid)
        if row.hand_raised:
            self.hands.add(row.user_uuid)

    def of_table(self, table: str) -> dict[Any, Any]:
        """Return the rows of a table. Their keys do not contain the table's name."""
        found: dict[Any, Any] = getattr(self, COLLECTIONS[table])
        return found

    def get(self, key: RowKey) -> Row | None:
        """Return the row for a key, such as a key in `dirty`. Return None if the row is not loaded."""
        if key == ("room",):
            return self.room
        found: Row | None = self.of_table(str(key[0])).get(key[1] if len(key) == 2 else key[1:])
        return found
