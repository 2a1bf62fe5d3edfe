"""How many of a worker's threads work that takes long may have: the others stay free for the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    """So many at once in this process. Who finds none free goes away again: what is to do stands in the
    database, and those who are at it, or the next beat, will do it.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Whether there was a place; it is given back at the end."""
        mine = self._free.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                self._free.release()
