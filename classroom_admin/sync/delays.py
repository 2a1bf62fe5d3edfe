"""Measure how late events are stored and projected, for the metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from django.db import transaction

from classroom_admin.common import clock, metrics

if TYPE_CHECKING:
    from classroom_admin.sync.reader import Kept
    from classroom_admin.sync.sorting import Item


OLDEST_MS: Final = 24 * 3600 * 1000
"""An event that seems to be older has a wrong time, or was first fetched long after its class."""


def note_stored(items: Iterable[Item]) -> None:
    """After the commit, measure the age of the oldest of these events. Ignore events without a time."""
    if metrics.counts_here():
        times = [item.ts_ms for item in items if item.ts_ms is not None]
        transaction.on_commit(lambda: _measure_stored(times), robust=True)


def _measure_stored(times: Sequence[int]) -> None:
    now_ms = clock.now_ms() + clock.cloud_offset_ms()
    ages = [now_ms - time for time in times if now_ms - time < OLDEST_MS]
    if ages:
        metrics.event_stored(max(0, *ages) / 1000)


def note_projected(stretches: Iterable[Sequence[Kept]]) -> None:
    """After the commit, measure how long ago the oldest of these events was received."""
    if metrics.counts_here():
        received = [min(row.received_at for row in rows) for rows in stretches if rows]
        if received:
            oldest = min(received)
            transaction.on_commit(
                lambda: metrics.event_projected((clock.now() - oldest).total_seconds()), robust=True
            )
