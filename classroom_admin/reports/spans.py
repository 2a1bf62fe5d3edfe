"""Compute periods: when hands were raised, and who was on stage or had the camera on. All functions are pure.

A period is a pair (from, to) in ms since 1970 UTC. Its start is included and its end is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from classroom_admin.common.clock import to_ms
from classroom_admin.events import Rows, project
from classroom_admin.events.rows import ParticipantRow
from classroom_admin.sync.reader import UNFORESEEN
from classroom_admin.sync.replay import Frame

Span = tuple[int, int]
FOREVER: Final = 2**62
"""The end of a period that no event ended."""
HAND, STAGE, CAMERA = "hand", "stage", "camera"
_COLUMNS: Final = {HAND: "hand_raised", STAGE: "on_stage", CAMERA: "camera_on"}


@dataclass(slots=True)
class Followed:
    """The periods of a person in one room, by HAND, STAGE and CAMERA, in the order of their starts."""

    spans: dict[str, list[Span]] = field(default_factory=lambda: {kind: [] for kind in _COLUMNS})


def follow(frames: Iterable[Frame]) -> dict[str, Followed]:
    """Return the periods of each person in a room, by user id.

    `frames` are the room's events in sequence order. A period that no event ends has the end `FOREVER`.
    """
    rows = Rows()
    found: dict[str, Followed] = defaultdict(Followed)
    since: dict[tuple[str, str], int] = {}
    for frame in frames:
        with suppress(*UNFORESEEN):  # The projector quarantines and reports this event.
            project(frame.event, frame.time, rows)
        changed = {str(key[1]) for key in rows.dirty if key[0] == "participant"}
        rows.dirty.clear()
        for user_uuid in changed:
            row = rows.participants[user_uuid]
            for kind, column in _COLUMNS.items():
                start = since.get((user_uuid, kind))
                if getattr(row, column):
                    if start is None:
                        since[user_uuid, kind] = to_ms(frame.time.at)
                elif start is not None:
                    del since[user_uuid, kind]
                    found[user_uuid].spans[kind].append((start, _end(row, frame, start)))
    for (user_uuid, kind), start in since.items():
        found[user_uuid].spans[kind].append((start, FOREVER))
    return dict(found)


def _end(row: ParticipantRow, frame: Frame, start: int) -> int:
    """Return when a period ended that began at `start`. If the person left, it ended when they left."""
    left = None if row.online or row.left_at is None else to_ms(row.left_at)
    return left if left is not None and left >= start else max(start, to_ms(frame.time.at))


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the periods in order. Periods that overlap or touch become one. Empty periods are omitted."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if stop <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return merged


def within(spans: Iterable[Span], start: int | None, stop: int) -> list[Span]:
    """Return the parts of the periods from `start` to `stop`. If `start` is None, only `stop` limits them."""
    parts = ((first if start is None else max(first, start), min(last, stop)) for first, last in spans)
    return [(first, last) for first, last in parts if first < last]


def without(span: Span, pauses: Sequence[Span]) -> list[Span]:
    """Return the parts of a period that no pause covers."""
    start, stop = span
    parts: list[Span] = []
    for first, last in union(pauses):
        if start < first:
            parts.append((start, min(first, stop)))
        start = max(start, last)
    if start < stop:
        parts.append((start, stop))
    return [(first, last) for first, last in parts if first < last]


def length(spans: Iterable[Span]) -> int:
    """Return the total length (ms) of periods that do not overlap."""
    return sum(stop - start for start, stop in spans)
