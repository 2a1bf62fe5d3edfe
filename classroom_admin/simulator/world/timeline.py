"""Scheduled effects in order of due time. Effects with the same due time run in the order of scheduling."""

import heapq
from collections.abc import Callable


class Due:
    """A scheduled effect. ``cancel`` removes it."""

    __slots__ = ("at_ms", "cancelled", "effect")

    def __init__(self, at_ms: int, effect: Callable[[], None]) -> None:
        self.at_ms, self.effect, self.cancelled = at_ms, effect, False

    def cancel(self) -> None:
        self.cancelled = True


class Timeline:
    """All scheduled effects. Times are in milliseconds by the simulator's clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Due]] = []
        self._scheduled = 0

    def at(self, at_ms: int, effect: Callable[[], None]) -> Due:
        due = Due(at_ms, effect)
        self._scheduled += 1
        heapq.heappush(self._heap, (at_ms, self._scheduled, due))
        return due

    def next_due(self, until_ms: int) -> Due | None:
        """Remove and return the earliest effect that is due by ``until_ms``, or None."""
        while self._heap and self._heap[0][0] <= until_ms:
            due = heapq.heappop(self._heap)[2]
            if not due.cancelled:
                return due
        return None

    def next_at(self) -> int | None:
        """Return when the earliest effect is due, or None."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
