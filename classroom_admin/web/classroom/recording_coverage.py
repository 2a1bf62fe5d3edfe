"""Compute the bar that shows which parts of a class were recorded, and the totals in words.

The bar does not depend on the current time, so all pages get the same bar and the bar stays correct.
A piece that has not ended is drawn up to the scheduled end of the class. The browser moves the piece's end.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.audit.models import Entry
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.models import Recording, Room, RoomState

RECORDED: Final = "recorded"
PAUSED: Final = "paused"
FAILED: Final = "failed"
MISSING: Final = "missing"
KINDS: Final[dict[str, Promise]] = {
    RECORDED: _("Recorded"),
    PAUSED: _("Paused"),
    FAILED: pgettext_lazy("recording", "Failed"),
    MISSING: _("Not recorded"),
}
"""The kinds of stretches with their labels. Where recordings overlap, the kind that is first here counts."""
_PRIORITY: Final = tuple(KINDS)
# Kinds differ in height and not only in colour. A pause is half as high; a missing piece is a line.
_TOP: Final = {RECORDED: 0, PAUSED: 6, FAILED: 3, MISSING: 10}
HEIGHT: Final = 12
_LEAST_AXIS_S: Final = 60

Span = tuple[datetime, datetime | None]
"""A start (inclusive) and an end (exclusive). The end is None if the span is not over."""
_OPEN: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpan:
    """A recording with its pauses. `failed` means that it has no usable file."""

    start: datetime
    end: datetime | None
    failed: bool = False
    pauses: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the class.

    `kind` says whether it was recorded. ``end`` is None if this part has not ended.
    """

    kind: str
    start: datetime
    end: datetime | None

    @property
    def words(self) -> Promise:
        return KINDS[self.kind]


def coverage(*, start: datetime, end: datetime | None, recordings: Iterable[RecordedSpan]) -> list[Stretch]:
    """Return the parts of the class from ``start`` to ``end``. If ``end`` is None, the class is live.

    If recordings overlap, the first of these kinds counts: recorded, paused, failed, missing. Return an empty
    list if ``end`` is not after ``start``.
    """
    spans = list(recordings)
    close = _OPEN if end is None else end
    if close <= start:
        return []
    edges = {start, close}
    for one in spans:
        for first, last in ((one.start, one.end), *one.pauses):
            edges |= {edge for edge in (first, last) if edge is not None and start < edge < close}
    cuts = sorted(edges)
    stretches: list[Stretch] = []
    for first, last in itertools.pairwise(cuts):
        kind = _kind_at(first, spans)
        until = None if last == _OPEN else last
        if stretches and stretches[-1].kind == kind:
            stretches[-1] = Stretch(kind=kind, start=stretches[-1].start, end=until)
        else:
            stretches.append(Stretch(kind=kind, start=first, end=until))
    return stretches


def _kind_at(moment: datetime, spans: list[RecordedSpan]) -> str:
    found = [_kind_of(one, moment) for one in spans if _holds((one.start, one.end), moment)]
    return min(found, key=_PRIORITY.index, default=MISSING)


def _kind_of(one: RecordedSpan, moment: datetime) -> str:
    if one.failed:
        return FAILED
    return PAUSED if any(_holds(pause, moment) for pause in one.pauses) else RECORDED


def _holds(span: Span, moment: datetime) -> bool:
    first, last = span
    return first <= moment and (last is None or moment < last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(Stretch):
    """A part of the class as a part of the bar. `x` is its start and `width` its length in seconds."""

    x: int
    width: int

    @property
    def y(self) -> int:
        return _TOP[self.kind]

    @property
    def height(self) -> int:
        return HEIGHT - self.y


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The total `minutes` of the ended parts of a kind.

    `since` is the start of the part that still runs, or None.
    """

    kind: str
    words: Promise
    minutes: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageBar:
    """A bar that is `axis_s` seconds long.

    `end` is the end of the class, or the scheduled end while it runs.
    """

    start: datetime
    end: datetime | None
    is_running: bool
    axis_s: int
    pieces: list[Piece]
    totals: list[Total]


def coverage_bar(room: Room, recordings: Iterable[Recording], entries: Iterable[Entry]) -> CoverageBar | None:
    """Return the bar of a class. Return None if there is nothing to show.

    `entries` must include all commands about recordings. The oldest entry is first.
    """
    if room.started_at is None:
        return None
    runs = room.current_state == RoomState.STARTED and not room.gone_at
    end = None if runs else room.ended_at or room.closed_at or room.last_event_at
    if not runs and end is None:
        return None
    commands = [entry for entry in entries if entry.action in recording_state.KINDS]
    taken = [found for recording in recordings if (found := _taken(recording, commands))]
    stretches = coverage(start=room.started_at, end=end, recordings=taken)
    return _bar(room, stretches, end=end) if stretches else None


def _taken(recording: Recording, commands: list[Entry]) -> RecordedSpan | None:
    if recording.started_at is None or recording.files_missing:
        return None  # a recording without files covers nothing
    runs = recording.state == Recording.State.RECORDING
    own = recording_state.accepted_for(recording, commands)
    return RecordedSpan(
        start=recording.started_at,
        end=None if runs else recording.ended_at or recording.started_at,
        failed=recording.unready or recording.state == Recording.State.FAILED,
        pauses=recording_state.pauses_of(recording, own),
    )


def _bar(room: Room, stretches: list[Stretch], *, end: datetime | None) -> CoverageBar:
    start = stretches[0].start
    shown_end = end or room.planned_end_at
    until = max([_LEAST_AXIS_S, *(_seconds(start, at) for at in _edges(stretches, shown_end))])
    pieces = []
    for one in stretches:
        x = _seconds(start, one.start)
        width = max(1, (until if one.end is None else _seconds(start, one.end)) - x)
        pieces.append(Piece(kind=one.kind, start=one.start, end=one.end, x=x, width=width))
    return CoverageBar(
        start=start,
        end=shown_end,
        is_running=end is None,
        axis_s=until,
        pieces=pieces,
        totals=_totals(stretches),
    )


def _edges(stretches: list[Stretch], shown_end: datetime | None) -> list[datetime]:
    ends = [one.end or one.start for one in stretches]
    return [*ends, shown_end] if shown_end else ends


def _totals(stretches: list[Stretch]) -> list[Total]:
    found = []
    for kind in KINDS:
        of_kind = [one for one in stretches if one.kind == kind]
        if not of_kind:
            continue
        took = sum((one.end - one.start for one in of_kind if one.end), timedelta())
        found.append(
            Total(
                kind=kind,
                words=KINDS[kind],
                minutes=round(took.total_seconds() / 60),
                since=of_kind[-1].start if of_kind[-1].end is None else None,
            )
        )
    return found


def _seconds(start: datetime, at: datetime) -> int:
    return round((at - start).total_seconds())
