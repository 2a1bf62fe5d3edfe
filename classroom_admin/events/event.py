"""What an event is, and what its module declares about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from classroom_admin.events.values import Raw, Undecodable, mapping, moment

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from classroom_admin.events.rows import Needs, Rows
    from classroom_admin.events.sentences import Names, Sentence
    from classroom_admin.events.times import EventTime

P = TypeVar("P")
Match = Mapping[str, Any]
"""What an event must carry to confirm a command, as `audit.PendingConfirmation.match` stores it."""


class Stream(StrEnum):
    """Each stream of a room has its own sequence; peer messages have no number."""

    ROOM = "room"
    QUIZ = "popupQuiz"
    POLL = "poll"
    PEER = "peer"


class EventKind(Enum):
    """Every event that the cloud documents: its stream and its `cmd` (None: the stream has one type).

    The order is the order of the choices when people filter events.
    """

    def __init__(self, stream: Stream, cmd: int | None) -> None:
        self.stream = stream
        self.cmd = cmd

    CLASS_STATE = (Stream.ROOM, 1)
    PRESENCE = (Stream.ROOM, 20)
    HANDS = (Stream.ROOM, 1502)
    STAGE = (Stream.ROOM, 1501)
    CHAT = (Stream.ROOM, 3)
    USER_STATE = (Stream.ROOM, 21)
    CUSTOM_MESSAGE = (Stream.ROOM, 99)
    QUIZ = (Stream.QUIZ, None)
    POLL = (Stream.POLL, None)
    STREAM = (Stream.ROOM, 40)
    STREAM_BATCH = (Stream.ROOM, 41)
    RECORDING = (Stream.ROOM, 1001)
    FILES = (Stream.ROOM, 1003)
    REWARDS = (Stream.ROOM, 1101)
    ROOM_PROPERTIES = (Stream.ROOM, 4)
    ROOM_PROPERTIES_BATCH = (Stream.ROOM, 5)
    USER_PROPERTIES = (Stream.ROOM, 22)
    USER_PROPERTIES_BATCH = (Stream.ROOM, 23)
    PEER_CHAT = (Stream.PEER, 1)
    PEER_CUSTOM_MESSAGE = (Stream.PEER, 99)


@dataclass(slots=True)
class Identity:
    """Where an event belongs."""

    room_uuid: str | None
    sequence: int | None
    cmd: int | None
    ts_ms: int | None


@dataclass(slots=True)
class Event(Generic[P]):
    """A decoded event. `type` is None, and `data` with it, for a type that this release does not know.

    `odd` names the parts that could not be read while the rest could.
    `cmd` is None where a quiz or poll event carries none. For a peer message, whoever stored it puts the
    order of arrival into `sequence` (0 until then) and its digest into `digest`.
    """

    stream: Stream
    sequence: int
    cmd: int | None
    ts_ms: int | None
    data: P
    type: EventType[P] | None = None
    odd: tuple[str, ...] = ()
    digest: str = ""


def data_of(raw: Raw, *, batch: EventKind | None = None, list_as: str = "") -> Raw:
    """Return the event's `data` object, also where it came as JSON text.

    `list_as`: the name under which the bare list of a `batch` is put (the vendor's client sends such).
    """
    data = raw.get("data")
    if isinstance(data, Mapping):
        return data
    if isinstance(data, str):
        read = mapping(data)
        if read:
            return read
    if isinstance(data, list) and batch is not None and str(raw.get("cmd")) == str(batch.cmd):
        return {list_as: data}
    raise Undecodable("an event whose data is not an object")


def update_time(data: object, fields: Raw) -> int | None:
    """Return the time in `updateTime` (ms)."""
    return moment(fields.get("updateTime"))


def latest_update_time(fields: Raw, *names: str) -> int | None:
    """Return the event's `updateTime`, else the latest one in these lists of its data (ms)."""
    own = moment(fields.get("updateTime"))
    if own is not None:
        return own
    times = [
        moment(item.get("updateTime"))
        for name in names
        if isinstance(fields.get(name), list)
        for item in fields[name]
        if isinstance(item, Mapping)
    ]
    return max((time for time in times if time is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType(Generic[P]):
    """All that the product knows about one type of event.

    - `decode`: reads the data (and names in the list what it could not read); raises Undecodable
    - `apply`: changes the rows; must not raise for decoded data
    - `sentence`: icon and words for people
    - `name`, `label`: the filter choice; "" for events that people cannot filter
    - `needs`: names the stored rows that `apply` reads or changes; None where these are new or the room's own
    - `confirms`: whether this is the event that a command with this `match` waits for
    - `mark`: the kind of mark on the replay's time line; "" for none
    - `fields`: finds the data in the raw event
    - `own_time`: when it happened (ms) where the event has no `ts`; None where its data does not tell
    """

    kinds: tuple[EventKind, ...]
    decode: Callable[[Raw, list[str]], P]
    apply: Callable[[Event[P], EventTime, Rows], None]
    sentence: Callable[[P, Names], Sentence]
    name: str = ""
    label: str | Promise = ""
    needs: Callable[[Event[P], Needs], None] | None = None
    confirms: Callable[[P, Match], bool] | None = None
    mark: Callable[[P], str] | None = None
    fields: Callable[[Raw], Raw] = data_of
    own_time: Callable[[P, Raw], int | None] = update_time
