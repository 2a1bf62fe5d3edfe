"""The bar that shows how much of a class was recorded: where its pieces lie, and the same in words.

Nothing here depends on the present moment, so that all pages of a class get the same and a page that was sent
stays right: what still goes on is drawn to the planned end, and the browser moves its edge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.audit.models import Entry
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.models import Recording, Room, RoomState
from classroom_admin.rooms.recording_coverage import (
    FAILED,
    KINDS,
    MISSING,
    PAUSED,
    RECORDED,
    RecordedSpan,
    Stretch,
    coverage,
)

WORDS: Final[dict[str, Promise]] = {
    RECORDED: _("Recorded"),
    PAUSED: _("Paused"),
    FAILED: pgettext_lazy("recording", "Failed"),
    MISSING: _("Not recorded"),
}
# Different without colour too: a pause is half as high, a missing part is a line.
_TOP: Final = {RECORDED: 0, PAUSED: 6, FAILED: 3, MISSING: 10}
HEIGHT: Final = 12
_LEAST_AXIS_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the bar. `x`, `width`: s since the start of the class; `is_open`: it still goes on."""

    kind: str
    words: Promise
    x: int
    width: int
    y: int
    height: int
    start: datetime
    end: datetime | None

    @property
    def is_open(self) -> bool:
        return self.end is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How long one kind took in all (`minutes`), and since when it goes on (None: it doesn't)."""

    kind: str
    words: Promise
    minutes: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The bar: `axis_s` seconds long. `end` is the class's end; while it runs, the planned one or None."""

    start: datetime
    end: datetime | None
    is_running: bool
    axis_s: int
    pieces: list[Piece]
    sums: list[Sum]


def cover_of(room: Room, recordings: Iterable[Recording], entries: Iterable[Entry]) -> Cover | None:
    """The bar of a class that has started; `entries` are its commands on record, oldest first, those about
    recordings all of them.
    """
    if room.started_at is None:
        return None
    runs = room.current_state == RoomState.STARTED and not room.gone_at
    end = None if runs else room.ended_at or room.closed_at or room.last_event_at
    if not runs and end is None:
        return None
    commands = [entry for entry in entries if entry.action in recording_state.KINDS]
    taken = [one for recording in recordings if (one := _taken(recording, commands))]
    stretches = coverage(start=room.started_at, end=end, recordings=taken)
    return _drawn(room, stretches, end=end) if stretches else None


def _taken(recording: Recording, commands: list[Entry]) -> RecordedSpan | None:
    if recording.started_at is None:
        return None
    runs = recording.state == Recording.State.RECORDING
    own = recording_state.accepted_for(recording, commands)
    return RecordedSpan(
        start=recording.started_at,
        end=None if runs else recording.ended_at or recording.started_at,
        failed=recording.unready or recording.state == Recording.State.FAILED,
        pauses=recording_state.pauses_of(recording, own),
    )


def _drawn(room: Room, stretches: list[Stretch], *, end: datetime | None) -> Cover:
    start = stretches[0].start
    shown_end = end or room.planned_end_at
    until = max([_LEAST_AXIS_S, *(_seconds(start, at) for at in _edges(stretches, shown_end))])
    pieces = []
    for one in stretches:
        x = _seconds(start, one.start)
        width = max(1, (until if one.end is None else _seconds(start, one.end)) - x)
        top = _TOP[one.kind]
        pieces.append(
            Piece(
                kind=one.kind,
                words=WORDS[one.kind],
                x=x,
                width=width,
                y=top,
                height=HEIGHT - top,
                start=one.start,
                end=one.end,
            )
        )
    return Cover(
        start=start,
        end=shown_end,
        is_running=end is None,
        axis_s=until,
        pieces=pieces,
        sums=_sums(stretches),
    )


def _edges(stretches: list[Stretch], shown_end: datetime | None) -> list[datetime]:
    ends = [one.end or one.start for one in stretches]
    return [*ends, shown_end] if shown_end else ends


def _sums(stretches: list[Stretch]) -> list[Sum]:
    found = []
    for kind in KINDS:
        of_kind = [one for one in stretches if one.kind == kind]
        if not of_kind:
            continue
        took = sum((one.end - one.start for one in of_kind if one.end), timedelta())
        found.append(
            Sum(
                kind=kind,
                words=WORDS[kind],
                minutes=round(took.total_seconds() / 60),
                since=of_kind[-1].start if of_kind[-1].end is None else None,
            )
        )
    return found


def _seconds(start: datetime, at: datetime) -> int:
    return round((at - start).total_seconds())
