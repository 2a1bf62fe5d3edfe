"""Read live classes for the class list, each with its `alerts`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Final

from classroom_admin.accounts.models import User
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.web.class_list import alert_selectors, rows
from classroom_admin.web.class_list.rows import LiveClass

AT_ONCE: Final = 500


def live_classes_of(user: User, filters: ClassFilters) -> list[LiveClass]:
    """Return all live classes of `user` in the order of the list. Run three queries for any number."""
    rooms = rows.read(
        selectors.classes(user, when=selectors.LIVE, filters=filters, **alert_selectors.alert_annotations())
    )
    alert_selectors.set_alerts(rooms)
    return sorted(rooms, key=attrgetter("order"))


def live_classes_by_id(ids: Collection[int]) -> list[LiveClass]:
    """Return the live classes among these ids, without checking access. Run three queries for 500 rooms."""
    rooms: list[LiveClass] = []
    for some in chunks(ids, AT_ONCE):
        rooms += rows.read(selectors.live_tiles(some, **alert_selectors.alert_annotations()))
    alert_selectors.set_alerts(rooms)
    return sorted(rooms, key=attrgetter("order"))


def access_with_alerts(user: User, key: str) -> ClassAccess:
    """Return the access to the room with this `key`, and set the room's `alerts`.

    Raise ``NotYours`` if `user` may not see it.
    """
    access = access_by_key(user, key, selectors.with_state(**alert_selectors.alert_annotations()))
    alert_selectors.set_alerts([access.room])
    return access


def next_change_at(rooms: Iterable[LiveClass]) -> datetime | None:
    """Return the next time at which one of the rooms changes without an event; None if none does."""
    return min((room.alerts.due for room in rooms if room.alerts.due is not None), default=None)
