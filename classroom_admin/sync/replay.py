"""A class as it stood at any moment: its stored events projected again up to there, into rows that nobody
stores.

The same projection as always. Reading and decoding happens once for a film; then a moment costs what lies
between it and the nearest snapshot before it. Nothing here writes to the database.
"""

from __future__ import annotations

import pickle
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Max

from classroom_admin.events import Event, EventTime, Rows, Stream, event_times, mark, project
from classroom_admin.rooms.models import Gap, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.reader import KEPT_COLUMNS, UNFORESEEN, Kept, Reader, stamp

SNAPSHOT_EVERY: Final = 500
MOST_SNAPSHOTS: Final = 32
"""Events between two snapshots, and how many a film keeps: of a long class they lie further apart."""
KEPT_MESSAGES: Final = 100
"""Of each kind of message a moment holds the newest: more are never shown, and every snapshot has them."""
FILMS: Final = 4
MOST_EVENTS: Final = 100_000
"""Films kept in a process, and the events that they may hold together; the last one is always kept."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event in the order of time. `ms`: when (since 1970 UTC), never before the event before it of the
    same stream. `pk`: of the stored event.
    """

    ms: int
    pk: int
    event: Event[Any]
    time: EventTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time in which something is missing (ms)."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A notable moment. `kind`: class, hand, removal, recording, question."""

    ms: int
    pk: int
    kind: str


class Film:
    """A class from its first event to the last one stored up to some id."""

    def __init__(self, frames: Sequence[Frame], gaps: Sequence[Stretch] = ()) -> None:
        self.frames = frames
        self.gaps = gaps
        self.marks = [
            Mark(ms=frame.ms, pk=frame.pk, kind=kind) for frame in frames if (kind := mark(frame.event))
        ]
        self._times = [frame.ms for frame in frames]
        self._every = max(SNAPSHOT_EVERY, -(-len(frames) // MOST_SNAPSHOTS))
        self._snapshots: list[bytes] = [pickle.dumps(Rows(), pickle.HIGHEST_PROTOCOL)]
        self._lock = threading.Lock()

    @property
    def start_ms(self) -> int | None:
        return self._times[0] if self._times else None

    @property
    def end_ms(self) -> int | None:
        return self._times[-1] if self._times else None

    def count_at(self, ms: int) -> int:
        """How many events had happened by then."""
        return bisect_right(self._times, ms)

    def rows_at(self, ms: int) -> Rows:
        """What was known at a moment (that moment's events too): of messages the newest, of stays those that
        were not over.
        """
        count = self.count_at(ms)
        with self._lock:
            known = min(count // self._every, len(self._snapshots) - 1)
            rows: Rows = pickle.loads(self._snapshots[known])
            for number in range(known * self._every, count):
                if number % SNAPSHOT_EVERY == 0:
                    forget_old(rows)
                if number and number % self._every == 0 and number // self._every == len(self._snapshots):
                    forget_old(rows)
                    self._snapshots.append(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))
                _project(self.frames[number], rows)
        forget_old(rows)
        return rows

    def newest(self, ms: int, count: int) -> list[int]:
        """Ids of the last events that had happened by then, the newest first; no messages to one person."""
        found: list[int] = []
        for frame in reversed(self.frames[: self.count_at(ms)]):
            if frame.event.stream is not Stream.PEER:
                found.append(frame.pk)
                if len(found) == count:
                    break
        return found


def _project(frame: Frame, rows: Rows) -> None:
    stream = frame.event.stream
    if stream is Stream.ROOM:
        rows.room.event_count += 1
        rows.room.last_sequence = frame.event.sequence
    elif stream is not Stream.PEER:
        rows.room.question_events += 1
    with suppress(*UNFORESEEN):  # the projector sets it aside and says so; here it only counts
        project(frame.event, frame.time, rows)
    rows.dirty.clear()


def forget_old(rows: Rows) -> None:
    """Let go of what no panel of a past moment shows, so that a long class costs no more than a short one."""
    by_kind: dict[str, list[int]] = {}
    for sequence in sorted(rows.messages):
        by_kind.setdefault(rows.messages[sequence].kind, []).append(sequence)
    for sequences in by_kind.values():
        for sequence in sequences[:-KEPT_MESSAGES]:
            del rows.messages[sequence]
    peers = sorted(rows.peers.values(), key=lambda row: (row.sent_at, row.arrived))
    for peer in peers[:-KEPT_MESSAGES]:
        del rows.peers[peer.digest]
    over = [key for key, presence in rows.presences.items() if presence.left_at is not None]
    for key in over:
        del rows.presences[key]


def film_of(room: Room, *, upto: int | None = None) -> tuple[Film, int]:
    """The film of a room's events with ids up to `upto` (None: all there are now), and that id.

    Kept for the next moment that is asked for: who moves on through a class names the same id again.
    """
    if upto is None:
        newest = StoredEvent.objects.filter(room=room).aggregate(newest=Max("pk"))["newest"]
        upto = int(newest or 0)
    key = (room.pk, upto)
    with _keeping:
        if key in _films:
            _films.move_to_end(key)
            return _films[key], upto
    film = _load(room, upto)
    with _keeping:
        _films[key] = film
        while len(_films) > 1 and (
            len(_films) > FILMS or sum(len(one.frames) for one in _films.values()) > MOST_EVENTS
        ):
            _films.popitem(last=False)
    return film, upto


_films: OrderedDict[tuple[int, int], Film] = OrderedDict()
_keeping = threading.Lock()


def _load(room: Room, upto: int) -> Film:
    stored = StoredEvent.objects.filter(room=room, pk__lte=upto).order_by("sequence", "pk")
    by_stream: dict[str, list[Kept]] = {stream.value: [] for stream in Stream}
    for columns in stored.values_list(*KEPT_COLUMNS).iterator(chunk_size=2000):
        row = Kept(*columns)
        by_stream[row.stream].append(row)
    streams = {name: frames_of(rows) for name, rows in by_stream.items()}
    gaps = [
        _stretch(gap, streams[gap.stream]) for gap in Gap.objects.filter(room=room) if streams[gap.stream]
    ]
    frames = [frame for of_stream in streams.values() for frame in of_stream]
    return Film(sorted(frames, key=lambda frame: frame.ms), sorted(gaps, key=lambda gap: gap.start_ms))


def frames_of(rows: Iterable[Kept]) -> list[Frame]:
    """One stream's events in their order. Pure but for what `Reader` notes in itself."""
    kept = list(rows)
    reader = Reader(again=False, failed=set())
    events = [reader.read(row) for row in kept]
    stamps = [stamp(row, event) for row, event in zip(kept, events, strict=True)]
    frames: list[Frame] = []
    latest = 0
    for row, event, time in zip(kept, events, event_times(None, stamps, None), strict=True):
        latest = max(latest, _ms(time.at))
        frames.append(Frame(latest, row.pk, event, time))
    return frames


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _stretch(gap: Gap, frames: Sequence[Frame]) -> Stretch:
    """From the last event before the gap to the first one after it."""
    numbers = [frame.event.sequence for frame in frames]
    before, after = bisect_left(numbers, gap.first) - 1, bisect_right(numbers, gap.last)
    return Stretch(start_ms=frames[max(before, 0)].ms, end_ms=frames[min(after, len(frames) - 1)].ms)
