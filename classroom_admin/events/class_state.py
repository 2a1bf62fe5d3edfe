"""Decode and project the class state (cmd 1). If an event repeats the state, only the times change."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, Match, update_time
from classroom_admin.events.presence import everybody_leaves
from classroom_admin.events.recording import end_all
from classroom_admin.events.rows import CLOSED, Needs, RoomRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime, from_ms
from classroom_admin.events.values import Raw, Undecodable, moment, whole

NOT_STARTED, STARTED, ENDED = range(3)


@dataclass(slots=True)
class ClassState:
    state: int
    started_ms: int | None = None
    ended_ms: int | None = None
    closed_ms: int | None = None

    @property
    def own_ms(self) -> int | None:
        """Return the start of this state (ms), or None if it is missing or the class has not started."""
        return {STARTED: self.started_ms, ENDED: self.ended_ms, CLOSED: self.closed_ms}.get(self.state)


def decode(data: Raw, odd: list[str]) -> ClassState:
    state = whole(data.get("state"))
    if state is None or not NOT_STARTED <= state <= CLOSED:
        raise Undecodable("a class state that is none of 0 to 3")
    return ClassState(
        state, moment(data.get("startTime")), moment(data.get("endTime")), moment(data.get("closeTime"))
    )


def needs(event: Event[ClassState], needed: Needs) -> None:
    if event.data.state == CLOSED:
        needed.class_over = needed.on_stage = needed.hands = needed.running_recording = True


def apply(event: Event[ClassState], time: EventTime, rows: Rows) -> None:
    """Set the class state and its times.

    A class that is closed without ending gets no end time. A class that starts again loses its end time. If
    the class has not started, ignore the time in the event: it is the planned start, which the room refresh
    reads.
    """
    data, room = event.data, rows.room
    own_ms = data.own_ms
    at = time.at if own_ms is None else from_ms(own_ms)
    changed = room.state != data.state
    if changed:
        room.state, room.state_at = data.state, at
    if data.state == NOT_STARTED:
        room.started_at = room.ended_at = room.closed_at = None
        return
    _set_times(room, data)
    if data.state == STARTED:
        room.started_at = room.started_at or at
        room.ended_at = room.closed_at = None
    elif data.state == ENDED:
        room.ended_at = at if changed and data.ended_ms is None else room.ended_at
        room.closed_at = None
    else:
        room.closed_at = at if changed and data.closed_ms is None else room.closed_at
        everybody_leaves(event.sequence, at, time.approximate and own_ms is None, rows)
        end_all(event.sequence, at, rows)


def _set_times(room: RoomRow, data: ClassState) -> None:
    if data.started_ms is not None:
        room.started_at = from_ms(data.started_ms)
    if data.ended_ms is not None:
        room.ended_at = from_ms(data.ended_ms)
    if data.closed_ms is not None:
        room.closed_at = from_ms(data.closed_ms)


def sentence(data: ClassState, names: Names) -> Sentence:
    words = (
        _("The class has not started"),
        _("The class started"),
        _("The class ended"),
        _("The class was closed"),
    )
    return "play", words[data.state]


def confirms(data: ClassState, match: Match) -> bool:
    """Return whether the event set the state in `match`, which is {"state": 1 | 2 | 3}."""
    return data.state == match.get("state")


TYPES = (
    EventType(
        kinds=(EventKind.CLASS_STATE,),
        decode=decode,
        own_time=lambda data, fields: update_time(data, fields) or data.own_ms,
        needs=needs,
        apply=apply,
        sentence=sentence,
        name="class",
        label=gettext_lazy("Start, end and closing"),
        confirms=confirms,
        mark=lambda data: "class",
    ),
)
