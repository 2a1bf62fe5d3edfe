"""The cloud's clock, for every process: who polls writes the offset beside the lease, all others read it."""

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
    """The cloud's clock minus ours (ms), as of the last good poll; 0 before the first. Read once a second."""
    read = _read
    # The machine's own seconds: a stepped clock of a test may stand still for good.
    if read is not None and 0 <= time.monotonic() - read[0] < READ_EVERY_S:
        return read[1]
    row = Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("clock_offset_ms", flat=True).first()
    remember(row or 0)
    return row or 0


def remember(offset_ms: int) -> None:
    """What this process has just learned itself, before it is written for the others."""
    global _read
    with _lock:
        _read = (time.monotonic(), offset_ms)


def forget() -> None:
    """Read afresh the next time."""
    global _read
    with _lock:
        _read = None
