"""Compute which parts of a class were recorded, from its times, its recordings and their pauses. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

RECORDED: Final = "recorded"
PAUSED: Final = "paused"
FAILED: Final = "failed"
MISSING: Final = "missing"
KINDS: Final = (RECORDED, PAUSED, FAILED, MISSING)

Span = tuple[datetime, datetime | None]
"""A start (inclusive) and an end (exclusive; None: not over yet)."""
_OPEN: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpan:
    """A recording: its start and end, its pauses, and whether it failed to produce a usable file."""

    start: datetime
    end: datetime | None
    failed: bool = False
    pauses: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the class with one of KINDS. ``end`` is None for the last part while the class is live."""

    kind: str
    start: datetime
    end: datetime | None


def coverage(*, start: datetime, end: datetime | None, recordings: Iterable[RecordedSpan]) -> list[Stretch]:
    """Return the class from ``start`` to ``end`` (None: still live) as adjacent stretches.

    If recordings overlap, use the first kind in this order: recorded, paused, failed, missing. Cut off parts
    outside of the class. Return an empty list if ``end`` is not after ``start``.
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
    return min(found, key=KINDS.index, default=MISSING)


def _kind_of(one: RecordedSpan, moment: datetime) -> str:
    if one.failed:
        return FAILED
    return PAUSED if any(_holds(pause, moment) for pause in one.pauses) else RECORDED


def _holds(span: Span, moment: datetime) -> bool:
    first, last = span
    return first <= moment and (last is None or moment < last)
