"""Measure how late events are stored and projected, for the metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from classroom_admin.common import clock, metrics

if TYPE_CHECKING:
    from classroom_admin.sync.reader import Kept
    from classroom_admin.sync.sorting import Item


def note_stored(items: Iterable[Item]) -> None:
    """After the commit, measure the age of the oldest of these events. Ignore events without a time."""
    if metrics.counts_here():
        times = [item.ts_ms for item in items if item.ts_ms is not None]
        if times:
            oldest_ms = min(times)
            transaction.on_commit(lambda: metrics.event_stored(_age_ms(oldest_ms) / 1000))


def note_projected(stretches: Iterable[Sequence[Kept]]) -> None:
    """After the commit, measure how long ago the oldest of these events was received."""
    if metrics.counts_here():
        received = [min(row.received_at for row in rows) for rows in stretches if rows]
        if received:
            oldest = min(received)
            transaction.on_commit(lambda: metrics.event_projected((clock.now() - oldest).total_seconds()))


def _age_ms(cloud_ms: int) -> int:
    return clock.now_ms() + clock.cloud_offset_ms() - cloud_ms
