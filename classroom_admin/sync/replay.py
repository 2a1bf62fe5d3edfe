"""Project the stored events of a class up to any past moment, for the replay.

The replay uses the same projection as the sync. The events are read and decoded once and kept in memory
(`Film`). To show a moment, only the events after the nearest earlier snapshot are projected. This module does
not write to the database.
"""

import pickle
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Max

from classroom_admin.common.clock import from_ms
from classroom_admin.events import Event, EventTime, Rows, Stream, event_times, mark, project
from classroom_admin.rooms.models import Gap, Room, RoomState
from classroom_admin.sync import presence_corrections
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.presence_corrections import CORRECTION
from classroom_admin.sync.reader import KEPT_COLUMNS, LATEST_MS, UNFORESEEN, Kept, Reader, stamp

SNAPSHOT_EVERY: Final = 500
MOST_SNAPSHOTS: Final = 32
"""The maximum number of snapshots. In long classes, more events than usual lie between two snapshots."""
KEPT_MESSAGES: Final = 100
"""The maximum number of messages of each kind in a snapshot. Pages do not show more messages."""
FILMS: Final = 4
MOST_EVENTS: Final = 100_000
"""The maximum number of films in a process, and of events in all of them. The newest film is always kept."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An event of a replay. Frames are in the order of time.

    `ms` is the event's time in milliseconds since 1970 UTC. It is never before the previous event of the
    stream. `pk` is the id of the stored event.
    """

    ms: int
    pk: int
    event: Event[Any]
    time: EventTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A period in which events are missing. Its times are in milliseconds since 1970 UTC."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A notable moment of a class. `kind` is class, hand, removal, recording or question."""

    ms: int
    pk: int
    kind: str


class Film:
    """The events of a class up to a certain event, with snapshots of the rows for fast access."""

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
        """Return how many events had happened at the time `ms`."""
        return bisect_right(self._times, ms)

    def rows_at(self, ms: int) -> Rows:
        """Return the rows as they were at the time `ms`.

        They contain only the newest messages, and people's stays that had not ended.
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
        """Return the ids of the last `count` events up to `ms`, newest first. Omit direct messages."""
        found: list[int] = []
        for frame in reversed(self.frames[: self.count_at(ms)]):
            if frame.event.stream is not Stream.PEER and frame.pk != CORRECTION:
                found.append(frame.pk)
                if len(found) == count:
                    break
        return found


def _project(frame: Frame, rows: Rows) -> None:
    stream = frame.event.stream
    if stream is Stream.ROOM and frame.pk != CORRECTION:
        rows.room.event_count += 1
        rows.room.last_sequence = frame.event.sequence
    elif stream in (Stream.QUIZ, Stream.POLL):
        rows.room.question_events += 1
    with suppress(*UNFORESEEN):  # the projector quarantines and reports this event
        project(frame.event, frame.time, rows)
    rows.dirty.clear()


def forget_old(rows: Rows) -> None:
    """Remove old messages and past stays from `rows`. The replay does not show them."""
    by_kind: dict[str, list[int]] = {}
    for row in sorted(rows.messages.values(), key=lambda row: (row.sent_at, row.sequence)):
        by_kind.setdefault(row.kind, []).append(row.sequence)
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
    """Return the replay of a room's events up to the id `upto`, and the last id in it.

    If `upto` is None, include all events. The result is cached, because every request of a replay needs it.
    """
    if upto is None:
        newest = StoredEvent.objects.filter(room=room).aggregate(newest=Max("pk"))["newest"]
        upto = int(newest or 0)
    # A film that was loaded before retention or an erasure changed events must not be shown after that. Each
    # of them changes the version. While a class goes on, every event changes it, so a film is kept longer.
    is_over = room.gone_at is not None or room.current_state in (RoomState.ENDED, RoomState.CLOSED)
    version = room.version if is_over else None
    key = (room.pk, upto, version, room.chat_deleted_at, room.direct_deleted_at, room.sealed_at)
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


_films: OrderedDict[tuple[Any, ...], Film] = OrderedDict()
_keeping = threading.Lock()


def _load(room: Room, upto: int) -> Film:
    stored = StoredEvent.objects.filter(room=room, pk__lte=upto).order_by("sequence", "pk")
    by_stream: dict[str, list[Kept]] = {stream.value: [] for stream in Stream}
    for columns in stored.values_list(*KEPT_COLUMNS).iterator(chunk_size=2000):
        row = Kept(*columns)
        by_stream[row.stream].append(row)
    # A file of Agora Chat can contain old messages that arrive late, so sort by the messages' own time.
    by_stream[Stream.CHAT].sort(key=lambda row: (row.ts_ms or 0, row.pk))
    streams = {name: frames_of(rows) for name, rows in by_stream.items()}
    streams[Stream.ROOM] = with_corrections(streams[Stream.ROOM], presence_corrections.of(room.pk))
    gaps = [
        _stretch(gap, streams[gap.stream])
        for gap in Gap.objects.filter(room=room)
        if streams[gap.stream] or gap.stream == Stream.CHAT
    ]
    frames = [frame for of_stream in streams.values() for frame in of_stream]
    return Film(sorted(frames, key=lambda frame: frame.ms), sorted(gaps, key=lambda gap: gap.start_ms))


def frames_of(rows: Iterable[Kept]) -> list[Frame]:
    """Return the frames for the events of one stream in the same order."""
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


def with_corrections(frames: list[Frame], corrections: Sequence[Event[Any]]) -> list[Frame]:
    """Insert the corrections of who was present into a room's frames, as the projection does."""
    found: list[Frame] = []
    waiting = deque(corrections)
    for index, frame in enumerate(frames):
        while waiting and waiting[0].sequence < frame.event.sequence:
            found.append(_corrected(waiting.popleft(), found[-1].ms if found else 0, frame.ms))
        found.append(frame)
        following = frames[index + 1] if index + 1 < len(frames) else None
        while waiting and (following is None or waiting[0].sequence == frame.event.sequence):
            latest = LATEST_MS if following is None else following.ms
            found.append(_corrected(waiting.popleft(), found[-1].ms, latest))
    return found


def _corrected(event: Event[Any], earliest_ms: int, latest_ms: int) -> Frame:
    """Return the frame of a correction. Its time is at least `earliest_ms` and at most `latest_ms`."""
    own_ms = earliest_ms if event.ts_ms is None else event.ts_ms
    ms = min(max(own_ms, earliest_ms), latest_ms)
    return Frame(ms, CORRECTION, event, EventTime(from_ms(own_ms), False))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _stretch(gap: Gap, frames: Sequence[Frame]) -> Stretch:
    """Return the period from the last event before a gap to the first event after it."""
    if gap.stream == Stream.CHAT:
        return Stretch(start_ms=gap.first, end_ms=gap.last)
    numbers = [frame.event.sequence for frame in frames]
    before, after = bisect_left(numbers, gap.first) - 1, bisect_right(numbers, gap.last)
    return Stretch(start_ms=frames[max(before, 0)].ms, end_ms=frames[min(after, len(frames) - 1)].ms)
