"""Events, and the numbered logs that store them."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

PAGE = 100


@dataclass(slots=True)
class Handout:
    """The delivery of an event by polling. ``at_ms`` is in milliseconds since the epoch.

    ``outcome`` is ``sent``, ``lost`` if the response did not arrive, or ``foreign`` if a competing reader
    took it.
    """

    reader: str
    at_ms: int
    request_id: str
    outcome: str = "sent"


class Event:
    """A serialised event. ``id`` is unique and ascending in the cloud."""

    __slots__ = ("at_ms", "cmd", "handouts", "id", "raw", "room_uuid", "sequence", "stream", "withheld")

    def __init__(
        self, *, id: int, room_uuid: str, stream: str, sequence: int, cmd: int | None, at_ms: int, raw: bytes
    ) -> None:
        self.id, self.room_uuid, self.stream, self.sequence = id, room_uuid, stream, sequence
        self.cmd, self.at_ms, self.raw = cmd, at_ms, raw
        self.handouts: list[Handout] | None = None
        self.withheld: str | None = None

    def hand_out(self, handout: Handout) -> None:
        if self.handouts is None:
            self.handouts = [handout]
        else:
            self.handouts.append(handout)


class EventLog:
    """The events of one stream of a room. Sequence numbers start at 1. Some numbers may be skipped."""

    __slots__ = ("_events", "_sequences", "last")

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._sequences: list[int] = []
        self.last = 0

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def add(self, event: Event) -> None:
        self._events.append(event)
        self._sequences.append(event.sequence)

    def next_sequence(self) -> int:
        self.last += 1
        return self.last

    def page(
        self, *, first: int, count: int = PAGE, cmd: int | None = None
    ) -> tuple[list[Event], int | None]:
        """Return up to ``count`` events from sequence number ``first`` on, and the start of the next page.

        The second value is None if there is no next page.
        """
        found: list[Event] = []
        for event in self._events[bisect.bisect_left(self._sequences, first) :]:
            if cmd is not None and event.cmd != cmd:
                continue
            if len(found) == count:
                return found, event.sequence
            found.append(event)
        return found, None
