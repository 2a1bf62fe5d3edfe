"""The cloud's clock for every process: the poller writes the offset into the lease, the others read it."""

from __future__ import annotations

import threading
import time
from typing import Final

from django.conf import settings

from classroom_admin.sync.models import Lease

READ_EVERY_S: Final = 1.0

_lock = threading.Lock()
_read: tuple[float, int] | None = None


def offset_ms() -> int:
    """Return the cloud's clock minus ours (ms) as of the last good poll; 0 before. Read once a second."""
    read = _read
    # The machine's own clock: a test's stepped clock may never move.
    if read is not None and 0 <= time.monotonic() - read[0] < READ_EVERY_S:
        return read[1]
    row = Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("clock_offset_ms", flat=True).first()
    remember(row or 0)
    return row or 0


def remember(offset_ms: int) -> None:
    """Use an offset (ms) that this process has just measured, before it is written for the others."""
    global _read
    with _lock:
        _read = (time.monotonic(), offset_ms)


def forget() -> None:
    """Read the offset again the next time."""
    global _read
    with _lock:
        _read = None
