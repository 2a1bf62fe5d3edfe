"""How much of a class was recorded. Pure: from the class's times, its recordings and their pauses."""

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
"""From (included) to (excluded); None: it still goes on."""
_OPEN: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A recording: from when to when, when it was paused, and whether no usable file came of it."""

    start: datetime
    end: datetime | None
    failed: bool = False
    pauses: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the class that is all of one kind. ``end`` is None for the last one while the class runs."""

    kind: str
    start: datetime
    end: datetime | None


def coverage(*, start: datetime, end: datetime | None, recordings: Iterable[Taken]) -> list[Stretch]:
    """The class from ``start`` to ``end`` (None: it runs) as stretches, one after the other without a hole.

    Where recordings overlap, the better one counts: recorded, paused, failed, missing. What lies outside of
    the class is cut off. Empty where the class took no time.
    """
    taken = list(recordings)
    close = _OPEN if end is None else end
    if close <= start:
        return []
    edges = {start, close}
    for one in taken:
        for first, last in ((one.start, one.end), *one.pauses):
            edges |= {edge for edge in (first, last) if edge is not None and start < edge < close}
    cuts = sorted(edges)
    stretches: list[Stretch] = []
    for first, last in itertools.pairwise(cuts):
        kind = _kind_at(first, taken)
        until = None if last == _OPEN else last
        if stretches and stretches[-1].kind == kind:
            stretches[-1] = Stretch(kind=kind, start=stretches[-1].start, end=until)
        else:
            stretches.append(Stretch(kind=kind, start=first, end=until))
    return stretches


def _kind_at(moment: datetime, taken: list[Taken]) -> str:
    found = [_kind_of(one, moment) for one in taken if _holds((one.start, one.end), moment)]
    return min(found, key=KINDS.index, default=MISSING)


def _kind_of(one: Taken, moment: datetime) -> str:
    if one.failed:
        return FAILED
    return PAUSED if any(_holds(pause, moment) for pause in one.pauses) else RECORDED


def _holds(span: Span, moment: datetime) -> bool:
    first, last = span
    return first <= moment and (last is None or moment < last)
