"""Let only one thread of a process do a kind of work, so that slow work leaves the others for events."""

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class OneThread:
    """A kind of work that one thread of this process does at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def run(self, work: Callable[[], Result]) -> Result | None:
        """Call `work` and return its result. Return None without a call if another thread does this work."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return work()
        finally:
            self._lock.release()
