"""Track the pages that poll because they cannot keep a stream open, and their permissions."""

from dataclasses import dataclass
from typing import Final

from classroom_admin.realtime.rights import CurrentRights, Right

IDLE_S: Final = 70.0
"""The time (s) without a request after which a polling page counts as closed. A token is valid for 60 s."""
CONFIRMED_WITHIN_S: Final = 9.0
"""The maximum age (s) of the last confirmation of a permission."""
MOST: Final = 20_000
PageKey = tuple[int, str, str]
"""The user id, session key and room key of a page."""


@dataclass(slots=True)
class PollingPage:
    """The permission of a page, and when it was last used and confirmed.

    The times are monotonic, in seconds.
    """

    right: Right
    used_at: float
    confirmed_at: float


class PollingPages:
    """The polling pages of this process."""

    def __init__(self) -> None:
        self._pages: dict[PageKey, PollingPage] = {}

    def __bool__(self) -> bool:
        return bool(self._pages)

    def add(self, key: PageKey, right: Right, *, now: float) -> bool:
        """Add a page with a permission confirmed at `now`. Return False if there are too many pages."""
        if len(self._pages) >= MOST:
            return False
        self._pages[key] = PollingPage(right, now, now)
        return True

    def right(self, key: PageKey, *, now: float) -> Right | None:
        """Return the page's permission, or None if it is unknown or not recently confirmed.

        The page then counts as used at `now`.
        """
        page = self._pages.get(key)
        if page is None or now - page.confirmed_at > CONFIRMED_WITHIN_S:
            return None
        page.used_at = now
        return page.right

    def rights(self) -> set[Right]:
        return {page.right for page in self._pages.values()}

    def rooms(self) -> set[int | None]:
        return {page.right.room_id for page in self._pages.values()}

    def drop_idle(self, *, now: float) -> set[int]:
        """Remove the pages that no longer poll. Return the ids of their rooms."""
        idle = {key: page for key, page in self._pages.items() if now - page.used_at > IDLE_S}
        for key in idle:
            del self._pages[key]
        return {page.right.room_id for page in idle.values() if page.right.room_id is not None}

    def confirm(self, current: CurrentRights, *, now: float) -> None:
        """Confirm the permissions that still hold according to `current`. Remove the other pages."""
        for key, page in list(self._pages.items()):
            if current.refusal(page.right):
                del self._pages[key]
            else:
                page.confirmed_at = now
