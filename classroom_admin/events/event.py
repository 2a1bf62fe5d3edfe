"""Define `Event`, a decoded event, and `EventType`, which declares how a module handles its events."""

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
"""The values that an event must contain to confirm a command (`audit.PendingConfirmation.match`)."""


class Stream(StrEnum):
    """The event streams of a room. Each stream numbers its events separately.

    Direct messages and the messages of Agora Chat (`chat`) have no numbers. They are ordered by arrival.
    """

    ROOM = "room"
    QUIZ = "popupQuiz"
    POLL = "poll"
    PEER = "peer"
    CHAT = "chat"


class EventKind(Enum):
    """All events that the cloud documents, each with its stream and its `cmd`.

    `cmd` is None if the stream has only one kind. Event filters show the kinds in this order.
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
    WIDGET_PROPERTIES = (Stream.ROOM, 1110)
    USER_PROPERTIES = (Stream.ROOM, 22)
    USER_PROPERTIES_BATCH = (Stream.ROOM, 23)
    USERS = (Stream.ROOM, 25)
    SUBSCRIPTIONS = (Stream.ROOM, 24)
    PEER_CHAT = (Stream.PEER, 1)
    PEER_CUSTOM_MESSAGE = (Stream.PEER, 99)
    AGORA_CHAT = (Stream.CHAT, None)


@dataclass(slots=True)
class Identity:
    """The room, sequence, type and time (ms since 1970 UTC) of an event."""

    room_uuid: str | None
    sequence: int | None
    cmd: int | None
    ts_ms: int | None


@dataclass(slots=True)
class Event(Generic[P]):
    """A decoded event. `type` and `data` are None if this release does not know the event.

    `odd` names the parts that could not be read. `cmd` is None if a quiz or poll event contains no `cmd`. A
    decoded message without a number has the `sequence` 0. The code that reads the stored message sets
    `sequence` to the order of arrival, and `digest` to the message's digest. The projection sets `repeats` if
    an earlier event reported the same change. For example, the cloud may report a change twice: as a property
    and as a separate event.
    """

    stream: Stream
    sequence: int
    cmd: int | None
    ts_ms: int | None
    data: P
    type: EventType[P] | None = None
    odd: tuple[str, ...] = ()
    digest: str = ""
    repeats: bool = False


def data_of(raw: Raw, *, batch: EventKind | None = None, list_as: str = "") -> Raw:
    """Return the event's `data` object. It may be JSON text. Raise Undecodable for other data.

    The vendor's client may send a list as the data of a `batch` event. It is returned as `{list_as: list}`.
    """
    data = raw.get("data")
    if isinstance(data, dict):
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
    """Return the event's `updateTime` (ms).

    If it is missing, return the latest in the lists under `names`.
    """
    own = moment(fields.get("updateTime"))
    if own is not None:
        return own
    times = [
        moment(item.get("updateTime"))
        for name in names
        if isinstance(fields.get(name), list)
        for item in fields[name]
        if isinstance(item, dict)
    ]
    return max((time for time in times if time is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType(Generic[P]):
    """The declaration of one type of event.

    - `decode`: decodes the data, adds the names of unreadable parts to its list, or raises Undecodable
    - `apply`: changes the rows; must not raise an error for decoded data
    - `sentence`: returns an icon and a sentence that pages show
    - `quiet`: returns the sentence for an event with `repeats`; None if no event of this type has it
    - `name`, `label`: the value and the text of the filter choice; "" for events without a filter
    - `needs`: returns which stored rows `apply` reads or changes; None if it uses only the room's row
    - `confirms`: returns whether the event confirms a command with this `match`
    - `mark`: returns the kind of mark on the replay's timeline, or ""
    - `fields`: returns the data in the raw event
    - `own_time`: returns the time (ms) in the data of an event without `ts`; None if it has no time
    """

    kinds: tuple[EventKind, ...]
    decode: Callable[[Raw, list[str]], P]
    apply: Callable[[Event[P], EventTime, Rows], None]
    sentence: Callable[[P, Names], Sentence]
    quiet: Callable[[P, Names], Sentence] | None = None
    name: str = ""
    label: str | Promise = ""
    needs: Callable[[Event[P], Needs], None] | None = None
    confirms: Callable[[P, Match], bool] | None = None
    mark: Callable[[P], str] | None = None
    fields: Callable[[Raw], Raw] = data_of
    own_time: Callable[[P, Raw], int | None] = update_time
