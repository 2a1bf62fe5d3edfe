"""Pages that ask every few seconds because they cannot hold a stream: whose rights hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from classroom_admin.realtime.rights import Right, Truth

IDLE_S: Final = 70.0
"""A ticket is good for 60 s; who has not asked for so long has gone."""
CHECKED_WITHIN_S: Final = 9.0
"""A right that was not confirmed for so long is not relied on."""
MOST: Final = 20_000
Holder = tuple[int, str, str]
"""Person, session and key of the room."""


@dataclass(slots=True)
class Asking:
    """A page that asks: its right, when it last asked and when the right was last confirmed (s)."""

    right: Right
    used_at: float
    confirmed_at: float


class PolledRooms:
    """Those who ask, and whether they still may."""

    def __init__(self) -> None:
        self._asking: dict[Holder, Asking] = {}

    def __bool__(self) -> bool:
        return bool(self._asking)

    def add(self, holder: Holder, right: Right, *, now: float) -> bool:
        """Note a page whose right was confirmed just now; False where there are too many already."""
        if len(self._asking) >= MOST:
            return False
        self._asking[holder] = Asking(right, now, now)
        return True

    def right(self, holder: Holder, *, now: float) -> Right | None:
        """The right of a page that asks now; None where it is unknown or was not confirmed lately."""
        asking = self._asking.get(holder)
        if asking is None or now - asking.confirmed_at > CHECKED_WITHIN_S:
            return None
        asking.used_at = now
        return asking.right

    def rights(self) -> set[Right]:
        return {asking.right for asking in self._asking.values()}

    def rooms(self) -> set[int | None]:
        """The ids of the rooms that are asked for."""
        return {asking.right.room_id for asking in self._asking.values()}

    def drop_idle(self, *, now: float) -> set[int]:
        """Forget who asks no more; gives the ids of their rooms."""
        idle = {holder: one for holder, one in self._asking.items() if now - one.used_at > IDLE_S}
        for holder in idle:
            del self._asking[holder]
        return {one.right.room_id for one in idle.values() if one.right.room_id is not None}

    def checked(self, truth: Truth, *, now: float) -> None:
        """Confirm the rights that hold, and forget those that are lost."""
        for holder, asking in list(self._asking.items()):
            if truth.refusal(asking.right):
                del self._asking[holder]
            else:
                asking.confirmed_at = now
