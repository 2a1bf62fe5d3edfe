"""The data of a cloud: rooms, people, recordings, files, quizzes, polls. Times are ms since the epoch."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from classroom_admin.simulator.world.events import EventLog
from classroom_admin.simulator.world.shapes import Shapes
from classroom_admin.simulator.world.timeline import Due

FOREVER = -1
DEFAULT_CLOSE_DELAY_S = 600
ROOM_STREAM = "room"
QUIZ_STREAM = "popupQuiz"
POLL_STREAM = "poll"
STREAMS = (ROOM_STREAM, QUIZ_STREAM, POLL_STREAM)


class Role(IntEnum):
    INVISIBLE = 0
    TEACHER = 1
    STUDENT = 2
    ASSISTANT = 3
    OBSERVER = 4


class ClassState(IntEnum):
    NOT_STARTED = 0
    STARTED = 1
    ENDED = 2
    CLOSED = 3


@dataclass(slots=True)
class Stream:
    """A media stream: a user's camera and microphone, or their shared screen.

    The states say what is published. A device can be off although its state is 1.
    """

    uuid: str
    name: str
    video_source: int = 1
    audio_source: int = 1
    video_state: int = 1
    audio_state: int = 1
    video_device: int = 1
    audio_device: int = 1


@dataclass(slots=True)
class Presence:
    """A user's stay in the room. ``left_ms`` is None until they leave.

    ``how`` is the reason for its end: left, dropped, kicked or closed.
    """

    entered_ms: int
    left_ms: int | None = None
    how: str | None = None


@dataclass(slots=True)
class User:
    """A person who is or was in the room. ``banned_until`` is in milliseconds, FOREVER or None."""

    uuid: str
    name: str
    role: int
    stream_uuid: str
    updated_ms: int
    online: bool = False
    mute_chat: int = 0
    rewards: int = 0
    banned_until: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    presence: list[Presence] = field(default_factory=list)

    def is_banned(self, now_ms: int) -> bool:
        return self.banned_until is not None and (self.banned_until == FOREVER or now_ms < self.banned_until)


@dataclass(slots=True)
class Recording:
    """A recording. ``mode`` is web or composite.

    ``holds`` has the paused intervals. ``files`` has the names of the MP4 files of a web recording,
    ``playlist`` the name of the playlist of another one. If ``files_deleted`` is true, they no longer exist.
    """

    record_id: str
    mode: str
    start_ms: int
    resource_id: str
    sid: str
    config: dict[str, Any]
    streaming_url: dict[str, str] | None
    end_ms: int | None = None
    on_hold: bool = False
    holds: list[list[int | None]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    files_deleted: bool = False
    playlist: str = ""
    unready: bool = False
    limit: Due | None = None
    ready: bool = False
    retry_s: int | None = None
    retries: int = 0


@dataclass(slots=True)
class Resource:
    """A file of a room and the progress of its conversion."""

    uuid: str
    name: str
    ext: str
    size: int
    url: str
    updated_ms: int
    conversion: dict[str, Any] | None = None
    task_uuid: str | None = None
    task_token: str | None = None
    pages_url: str = ""
    pages: int = 0
    converted: int = 0
    step: str | None = None


@dataclass(slots=True)
class Question:
    """A quiz or a poll. ``answers`` has the choices by user id."""

    uuid: str
    starter: str
    started_ms: int
    items: list[str]
    correct: list[str] = field(default_factory=list)
    mode: int = 1
    running: bool = True
    ended_ms: int | None = None
    answers: dict[str, list[Any]] = field(default_factory=dict)
    answered_ms: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class KickingRule:
    """A rule that takes rights from one stream of one channel until ``until_ms``."""

    id: int
    channel: str
    uid: str
    privileges: tuple[str, ...]
    created_ms: int
    until_ms: int


@dataclass(slots=True)
class Countdown:
    """A countdown. ``state`` is running, paused or stopped. ``left_ms`` is the time left at ``since_ms``."""

    uuid: str
    duration_s: int
    since_ms: int
    left_ms: int
    state: str = "running"


@dataclass(slots=True)
class Schedule:
    """The schedule of a class. The start is in milliseconds since the epoch, the other times in seconds."""

    start_ms: int | None = None
    duration_s: int | None = None
    close_delay_s: int = DEFAULT_CLOSE_DELAY_S


@dataclass(slots=True)
class Room:
    """A classroom. ``timers`` has its scheduled changes by name.

    ``conversations`` has the conversations of students with the teacher. ``invitations`` has the students who
    are invited onto the stage. A breakout room with its own events is a room with a ``parent``.
    """

    uuid: str
    name: str
    type: int
    created_ms: int
    shapes: Shapes
    schedule: Schedule = field(default_factory=Schedule)
    state: int = ClassState.NOT_STARTED
    started_ms: int | None = None
    ended_ms: int | None = None
    closed_ms: int | None = None
    destroyed_ms: int | None = None
    mute_chat: int = 0
    role_config: dict[str, Any] = field(default_factory=dict)
    processes: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    ext_apps: dict[str, dict[str, Any]] = field(default_factory=dict)
    widgets: dict[str, Any] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    stage: dict[str, None] = field(default_factory=dict)
    hands: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    recordings: list[Recording] = field(default_factory=list)
    quizzes: dict[str, Question] = field(default_factory=dict)
    polls: dict[str, Question] = field(default_factory=dict)
    chat: list[dict[str, Any]] = field(default_factory=list)
    chat_room_id: str = ""
    announcements: list[dict[str, Any]] = field(default_factory=list)
    conversations: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    invitations: dict[str, dict[str, Any]] = field(default_factory=dict)
    screen: dict[str, Any] = field(default_factory=lambda: {"state": 0})
    carousel: dict[str, Any] = field(default_factory=lambda: {"state": 0})
    expanded_scope: dict[str, Any] = field(default_factory=lambda: {"state": 0})
    countdowns: dict[str, Countdown] = field(default_factory=dict)
    parent: str | None = None
    logs: dict[str, EventLog] = field(default_factory=lambda: {name: EventLog() for name in STREAMS})
    timers: dict[str, Due] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        return self.state == ClassState.CLOSED

    def online(self) -> list[User]:
        return [user for user in self.users.values() if user.online]

    @property
    def takes_hands(self) -> bool:
        return bool((self.processes.get("handsUp") or {}).get("enabled", 1))

    def current_recording(self) -> Recording | None:
        last = self.recordings[-1] if self.recordings else None
        return last if last is not None and last.end_ms is None else None

    def cancel(self, *names: str) -> None:
        for name in names:
            due = self.timers.pop(name, None)
            if due is not None:
                due.cancel()
