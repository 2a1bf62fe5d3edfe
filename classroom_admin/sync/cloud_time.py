"""Share the cloud's clock offset. The poller stores the offset in the lease, for other processes."""

import threading
import time
from typing import Final

from django.conf import settings

from classroom_admin.sync.models import Lease

READ_EVERY_S: Final = 1.0

_lock = threading.Lock()
_read: tuple[float, int] | None = None


def offset_ms() -> int:
    """Return how far the cloud's clock is ahead of ours in milliseconds.

    Return 0 if the offset was never measured. Read the database at most once a second.
    """
    read = _read
    # Use the clock of this machine, because a test may stop `common.clock`.
    if read is not None and 0 <= time.monotonic() - read[0] < READ_EVERY_S:
        return read[1]
    row = Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("clock_offset_ms", flat=True).first()
    remember(row or 0)
    return row or 0


def remember(offset_ms: int) -> None:
    """Use a newly measured offset in this process. `offset_ms` is in milliseconds."""
    global _read
    with _lock:
        _read = (time.monotonic(), offset_ms)


def forget() -> None:
    """Forget the offset, so that the next call of `offset_ms` reads the database."""
    global _read
    with _lock:
        _read = None
