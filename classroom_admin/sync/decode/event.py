"""What an event is, before its data is read: its stream, its place and its time."""

from dataclasses import dataclass
from enum import StrEnum

from classroom_admin.sync.decode.kinds import Data


class Stream(StrEnum):
    """Each stream of a room is numbered by itself; peer messages have no number."""

    ROOM = "room"
    QUIZ = "popupQuiz"
    POLL = "poll"
    PEER = "peer"


class Undecodable(Exception):
    """An event that can't be read. `reason` says why in plain words, for the administrator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Identity:
    """Where an event belongs."""

    room_uuid: str | None
    sequence: int | None
    cmd: int | None
    ts_ms: int | None


@dataclass(slots=True)
class Event:
    """An event that was read. `odd` names parts that could not be: the rest was taken, so keep them in sight.

    `cmd` is None where a widget's event carries none. A peer message has no number: whoever stored it puts
    the order of its arrival into `sequence` (0 until then), and into `digest` what it is known by.
    """

    stream: Stream
    sequence: int
    cmd: int | None
    ts_ms: int | None
    data: Data
    odd: tuple[str, ...] = ()
    digest: str = ""
