"""The bar that shows how much of a class was recorded, and the same in words.

The bar does not depend on the current time, so all pages get the same bar and it stays correct.
A piece that has not ended is drawn up to the scheduled end of the class. The browser moves its end.
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
# Kinds differ in height, not only in colour: a pause is half as high, a missing piece is a line.
_TOP: Final = {RECORDED: 0, PAUSED: 6, FAILED: 3, MISSING: 10}
HEIGHT: Final = 12
_LEAST_AXIS_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the bar. `x`: seconds since the class started. `end`: None if the piece has not ended."""

    kind: str
    words: Promise
    x: int
    width: int
    y: int
    height: int
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The total of a kind. `minutes`: of all ended pieces. `since`: start of the piece that has not ended."""

    kind: str
    words: Promise
    minutes: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageBar:
    """The bar. `axis_s`: its length (s). `end`: the end of the class; if it is running, its scheduled end."""

    start: datetime
    end: datetime | None
    is_running: bool
    axis_s: int
    pieces: list[Piece]
    totals: list[Total]


def coverage_bar(room: Room, recordings: Iterable[Recording], entries: Iterable[Entry]) -> CoverageBar | None:
    """Return the bar of a class; None if the class has not started or there is nothing to show.

    `entries`: commands of the class, oldest first, including all commands about recordings.
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
        return None  # without a file, nothing of it is recorded
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
    for stretch in stretches:
        x = _seconds(start, stretch.start)
        width = max(1, (until if stretch.end is None else _seconds(start, stretch.end)) - x)
        top = _TOP[stretch.kind]
        pieces.append(
            Piece(
                kind=stretch.kind,
                words=WORDS[stretch.kind],
                x=x,
                width=width,
                y=top,
                height=HEIGHT - top,
                start=stretch.start,
                end=stretch.end,
            )
        )
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
                words=WORDS[kind],
                minutes=round(took.total_seconds() / 60),
                since=of_kind[-1].start if of_kind[-1].end is None else None,
            )
        )
    return found


def _seconds(start: datetime, at: datetime) -> int:
    return round((at - start).total_seconds())
