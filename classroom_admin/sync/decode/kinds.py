"""What an event says, one dataclass a kind.

Times are milliseconds since 1970 UTC; None means "the event did not say". Strings are already storable (no
NUL, no lone surrogate) and cut to their columns; ids are never cut. JSON values are plain, finite and
storable. Contract: the table of events.
"""

from dataclasses import dataclass
from typing import Any

Json = Any
Path = tuple[str, ...]


@dataclass(slots=True)
class Person:
    """Somebody named in an event. `role` is one of rooms.models.Role; None where the event gave none."""

    user_uuid: str
    name: str | None = None
    role: str | None = None


@dataclass(slots=True)
class StreamState:
    """A media stream: source of video 0 none, 1 camera, 2 screen; of audio 0 none, 1 microphone."""

    stream_uuid: str
    name: str | None = None
    video_source: int | None = None
    audio_source: int | None = None
    video_on: bool | None = None
    audio_on: bool | None = None


@dataclass(slots=True)
class Unknown:
    """A kind that this release does not know: counted, and nothing else."""


@dataclass(slots=True)
class ClassState:
    """cmd 1."""

    state: int
    started_ms: int | None = None
    ended_ms: int | None = None
    closed_ms: int | None = None


@dataclass(slots=True)
class Message:
    """cmd 3 (`chat`), cmd 99 and cmd 21 with a message (`custom`); peer 1 and 99 in stream peer.

    `to`: the cloud id of who received it, for a peer message that says so.
    """

    kind: str
    text: str
    sender: Person | None = None
    to: str | None = None


@dataclass(slots=True)
class Change:
    """One property: set (`value`) or deleted."""

    path: Path
    value: Json = None
    deleted: bool = False


@dataclass(slots=True)
class RoomProperties:
    """cmd 4, 5."""

    changes: list[Change]


@dataclass(slots=True)
class Arrival:
    person: Person
    came_back: bool = False
    streams: list[StreamState] | None = None
    properties: dict[str, Json] | None = None
    at_ms: int | None = None


@dataclass(slots=True)
class Departure:
    person: Person
    kicked: bool = False
    at_ms: int | None = None


@dataclass(slots=True)
class Movement:
    """cmd 20. Each person is at most once in each list."""

    arrivals: list[Arrival]
    departures: list[Departure]


@dataclass(slots=True)
class UserState:
    """cmd 21."""

    person: Person
    chat_muted: bool | None = None


@dataclass(slots=True)
class UserProperties:
    """cmd 22, 23."""

    changes: list[tuple[Person, list[Change]]]


@dataclass(slots=True)
class StreamChange:
    person: Person
    stream: StreamState
    deleted: bool = False


@dataclass(slots=True)
class Streams:
    """cmd 40, 41."""

    changes: list[StreamChange]


@dataclass(slots=True)
class RecordingChange:
    """cmd 1001."""

    running: bool
    record_id: str | None = None
    sid: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    streaming_urls: dict[str, Json] | None = None


@dataclass(slots=True)
class ResourceState:
    """A shared file; `task` holds taskUuid and taskProgress, never the token. `size` in bytes."""

    resource_uuid: str
    name: str | None = None
    ext: str | None = None
    size: int | None = None
    url: str | None = None
    task: dict[str, Json] | None = None
    converted_percent: int | None = None


@dataclass(slots=True)
class Resources:
    """cmd 1003."""

    removed: bool
    resources: list[ResourceState]


@dataclass(slots=True)
class Reward:
    user_uuid: str
    changed: int | None = None
    total: int | None = None


@dataclass(slots=True)
class Rewards:
    """cmd 1101."""

    rewards: list[Reward]


@dataclass(slots=True)
class Stage:
    """cmd 1501. `all` is None where the event carried no full list."""

    all: list[str] | None
    added: list[str]
    removed: list[str]


@dataclass(slots=True)
class Hands:
    """cmd 1502. `all` is None where the event carried no full list."""

    all: list[str] | None
    added: list[str]
    removed: list[str]


@dataclass(slots=True)
class Answered:
    """What a person answered: items of a quiz, or indexes of a poll."""

    question_id: str
    person: Person
    selected: list[Json]
    is_correct: bool | None = None
    at_ms: int | None = None


@dataclass(slots=True)
class QuizChange:
    """Stream popupQuiz: the question or its summary (None: unsaid), or an answer.

    No `quiz_id`: the running one.
    """

    quiz_id: str | None = None
    running: bool | None = None
    items: list[Json] | None = None
    correct_items: list[Json] | None = None
    selected_count: int | None = None
    correct_count: int | None = None
    total_count: int | None = None
    average_accuracy: float | None = None
    started_ms: int | None = None
    answer: Answered | None = None


@dataclass(slots=True)
class PollChange:
    """Stream poll: the question or its summary (None: unsaid), or an answer.

    No `poll_id`: the running one.
    """

    poll_id: str | None = None
    running: bool | None = None
    multiple: bool | None = None
    items: list[Json] | None = None
    details: dict[str, Json] | None = None
    answer: Answered | None = None


Data = (
    Unknown
    | ClassState
    | Message
    | RoomProperties
    | Movement
    | UserState
    | UserProperties
    | Streams
    | RecordingChange
    | Resources
    | Rewards
    | Stage
    | Hands
    | QuizChange
    | PollChange
)
