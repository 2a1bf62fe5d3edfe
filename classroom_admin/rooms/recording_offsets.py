"""Compute which second of a recording shows a moment of the class, without database and clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FILE_S: Final = 2 * 60 * 60
"""The length in seconds after which the cloud begins a new MP4 file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An ended recording with its pauses. A pause without an end lasts until the end of the recording.

    `key` is the primary key of the recording.
    """

    key: int
    start: datetime
    end: datetime
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()


def offset_s(recorded: Recorded, at: datetime) -> int | None:
    """Return the second of the recording that shows `at`.

    Pauses are left out, because they were not recorded. Return None if `at` is before the start, after the
    end, or in a pause.
    """
    if not recorded.start <= at <= recorded.end:
        return None
    paused = timedelta()
    for first, last in _pauses(recorded):
        if first <= at < last:
            return None
        if last <= at:
            paused += last - first
    return int((at - recorded.start - paused).total_seconds())


def nearest_s(recorded: Recorded, at: datetime) -> int:
    """Return the second of the recording that shows `at` or, if none does, the nearest earlier one (or 0)."""
    until = min(max(at, recorded.start), recorded.end)
    paused = (min(last, until) - first for first, last in _pauses(recorded) if first < until)
    return int((until - recorded.start - sum(paused, timedelta())).total_seconds())


def seconds_of(recorded: Recorded) -> int:
    """Return the length of the recording in seconds without its pauses."""
    paused = sum((last - first for first, last in _pauses(recorded)), timedelta())
    return max(0, int((recorded.end - recorded.start - paused).total_seconds()))


def _pauses(recorded: Recorded) -> list[tuple[datetime, datetime]]:
    """Return the pauses within the recording in order. They do not overlap."""
    found: list[tuple[datetime, datetime]] = []
    until = recorded.start
    for begin, finish in sorted(recorded.pauses, key=lambda pause: pause[0]):
        first, last = max(begin, until), min(finish or recorded.end, recorded.end)
        if first < last:
            found.append((first, last))
            until = last
    return found


def find(recordings: Iterable[Recorded], at: datetime) -> tuple[int, int] | None:
    """Return the key of the first recording that covers the time `at`, and the offset in it (s), or None."""
    for recorded in sorted(recordings, key=lambda one: (one.start, one.key)):
        second = offset_s(recorded, at)
        if second is not None:
            return recorded.key, second
    return None


def place(second: int, files: int) -> tuple[int, int]:
    """Return which of `files` files contains a second of the recording, and the second within this file.

    Every file but the last one lasts `FILE_S`. The last file contains everything after that.
    """
    number = min(max(0, second) // FILE_S, max(0, files - 1))
    return number, max(0, second) - number * FILE_S
