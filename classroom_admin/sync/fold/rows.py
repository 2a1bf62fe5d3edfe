"""The rows that a fold reads and changes: the folded columns of the read models, named as there.

No version, no room: whoever writes them adds these.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RowKey = tuple[str | int, ...]
"""("room",) · ("participant", user_uuid) · ("presence", user_uuid, entered_sequence) ·
("message", sequence) · ("recording", record_id) · ("resource", resource_uuid) ·
("quiz", quiz_id) · ("poll", poll_id) · ("answer", "quiz" | "poll", question_id, user_uuid) ·
("peer", digest)"""


@dataclass(slots=True)
class RoomRow:
    last_sequence: int = 0
    state: int | None = None
    state_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    last_event_at: datetime | None = None
    people_online: int = 0
    teachers_online: int = 0
    students_online: int = 0
    hands_raised: int = 0
    on_stage: int = 0
    chat_count: int = 0
    event_count: int = 0
    recording_state: str = ""
    question_events: int = 0
    last_event_id: int = 0
    chat_muted: bool = False
    properties: dict[str, Any] = field(default_factory=dict)
    ext_apps: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)
    groups_sequence: int = 0


@dataclass(slots=True)
class ParticipantRow:
    user_uuid: str
    name: str = ""
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
    user_uuid: str
    entered_sequence: int
    entered_at: datetime
    left_sequence: int | None = None
    left_at: datetime | None = None
    kicked: bool = False
    approximate: bool = False


@dataclass(slots=True)
class MessageRow:
    sequence: int
    sent_at: datetime
    kind: str = "chat"
    user_uuid: str = ""
    name: str = ""
    role: str = "unknown"
    text: str = ""
    approximate: bool = False


@dataclass(slots=True)
class PeerRow:
    """A message from one person to another. `arrived`: its place among those of the same moment."""

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
    record_id: str
    state: str
    started_sequence: int | None = None
    started_at: datetime | None = None
    ended_sequence: int | None = None
    ended_at: datetime | None = None
    sid: str = ""
    streaming_urls: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ResourceRow:
    resource_uuid: str
    name: str = ""
    ext: str = ""
    size: int | None = None
    url: str = ""
    converted_percent: int | None = None
    task: dict[str, Any] = field(default_factory=dict)
    put_sequence: int | None = None
    put_at: datetime | None = None
    removed_at: datetime | None = None


@dataclass(slots=True)
class QuizRow:
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
    poll_id: str
    running: bool = False
    multiple: bool = False
    items: list[Any] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class AnswerRow:
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


def key_of(row: Row) -> RowKey:
    """The key under which a row is stored and marked dirty."""
    match row:
        case RoomRow():
            return ("room",)
        case ParticipantRow():
            return ("participant", row.user_uuid)
        case PresenceRow():
            return ("presence", row.user_uuid, row.entered_sequence)
        case MessageRow():
            return ("message", row.sequence)
        case PeerRow():
            return ("peer", row.digest)
        case RecordingRow():
            return ("recording", row.record_id)
        case ResourceRow():
            return ("resource", row.resource_uuid)
        case QuizRow():
            return ("quiz", row.quiz_id)
        case PollRow():
            return ("poll", row.poll_id)
        case AnswerRow():
            return ("answer", row.of, row.question_id, row.user_uuid)


@dataclass(slots=True)
class Rows:
    """The rows in hand and which of them changed.

    Put loaded rows in by `load`, which keeps the look-ups right. Clear `dirty` after writing to go on
    folding into the same rows.
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
    # look-ups, so that no event walks over everybody who is loaded
    open_presences: dict[str, PresenceRow] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)
    staged: set[str] = field(default_factory=set)
    hands: set[str] = field(default_factory=set)
    recordings_running: set[str] = field(default_factory=set)
    quizzes_running: set[str] = field(default_factory=set)
    polls_running: set[str] = field(default_factory=set)

    @classmethod
    def empty(cls) -> "Rows":
        """Nothing known yet: for folding a room from its first event."""
        return cls()

    def load(self, row: Row) -> None:
        """Put in a row that was stored before (not marked dirty)."""
        match row:
            case RoomRow():
                self.room = row
            case ParticipantRow():
                self._load_participant(row)
            case PresenceRow():
                self.presences[row.user_uuid, row.entered_sequence] = row
                if row.left_at is None:
                    self.open_presences[row.user_uuid] = row
            case MessageRow():
                self.messages[row.sequence] = row
            case PeerRow():
                self.peers[row.digest] = row
            case RecordingRow():
                self.recordings[row.record_id] = row
                if row.state == "recording":
                    self.recordings_running.add(row.record_id)
            case ResourceRow():
                self.resources[row.resource_uuid] = row
            case QuizRow():
                self.quizzes[row.quiz_id] = row
                if row.running:
                    self.quizzes_running.add(row.quiz_id)
            case PollRow():
                self.polls[row.poll_id] = row
                if row.running:
                    self.polls_running.add(row.poll_id)
            case AnswerRow():
                self.answers[row.of, row.question_id, row.user_uuid] = row

    def _load_participant(self, row: ParticipantRow) -> None:
        self.participants[row.user_uuid] = row
        if row.online:
            self.online.add(row.user_uuid)
        if row.on_stage:
            self.staged.add(row.user_uuid)
        if row.hand_raised:
            self.hands.add(row.user_uuid)

    def get(self, key: RowKey) -> Row | None:
        """The row of a key (of `dirty`, say); None where it is not in hand."""
        match key:
            case ("room",):
                return self.room
            case ("participant", str(user)):
                return self.participants.get(user)
            case ("presence", str(user), int(sequence)):
                return self.presences.get((user, sequence))
            case ("message", int(sequence)):
                return self.messages.get(sequence)
            case ("peer", str(digest)):
                return self.peers.get(digest)
            case ("recording", str(record)):
                return self.recordings.get(record)
            case ("resource", str(resource)):
                return self.resources.get(resource)
            case ("quiz", str(quiz)):
                return self.quizzes.get(quiz)
            case ("poll", str(poll)):
                return self.polls.get(poll)
            case ("answer", str(of), str(question), str(user)):
                return self.answers.get((of, question, user))
        return None
