"""What is due when: a heap that runs in order of due time, first planned first among equals."""

import heapq
from collections.abc import Callable


class Due:
    """One planned effect. ``cancel`` makes it void; running it twice is impossible."""

    __slots__ = ("at_ms", "cancelled", "effect")

    def __init__(self, at_ms: int, effect: Callable[[], None]) -> None:
        self.at_ms, self.effect, self.cancelled = at_ms, effect, False

    def cancel(self) -> None:
        self.cancelled = True


class Timeline:
    """Planned effects by due time, in ms of the simulator's clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Due]] = []
        self._planned = 0

    def at(self, at_ms: int, effect: Callable[[], None]) -> Due:
        due = Due(at_ms, effect)
        self._planned += 1
        heapq.heappush(self._heap, (at_ms, self._planned, due))
        return due

    def next_due(self, until_ms: int) -> Due | None:
        """Take the earliest effect that is due at ``until_ms``; None when there is none."""
        while self._heap and self._heap[0][0] <= until_ms:
            due = heapq.heappop(self._heap)[2]
            if not due.cancelled:
                return due
        return None

    def next_at(self) -> int | None:
        """When the earliest planned effect is due; None when nothing is planned."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
