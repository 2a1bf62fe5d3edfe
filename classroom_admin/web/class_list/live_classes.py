"""Read live classes for the class list, each with its `alerts`."""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter
from typing import Any, Final

from classroom_admin.accounts.models import User
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.web.class_list import alert_selectors, rows
from classroom_admin.web.class_list.rows import LiveClass

AT_ONCE: Final = 500


def live_classes_of(user: User) -> list[LiveClass]:
    """Return all live classes of `user` in the order of the list. Run three queries for any number."""
    more = alert_selectors.alert_annotations()
    rooms = rows.read(selectors.classes(user, when=selectors.LIVE, filters=ClassFilters(), **more))
    alert_selectors.set_alerts(rooms)
    return sorted(rooms, key=attrgetter("order"))


def live_classes_by_id(ids: Collection[int]) -> list[LiveClass]:
    """Return the live classes among these ids, without checking access. Run three queries for 500 rooms."""
    rooms: list[LiveClass] = []
    for some in chunks(ids, AT_ONCE):
        rooms += rows.read(selectors.live_tiles(some, **alert_selectors.alert_annotations()))
    alert_selectors.set_alerts(rooms)
    return sorted(rooms, key=attrgetter("order"))


def room_with_alerts(user: User, key: str) -> Any:
    """Return the room with this `key` and its `alerts`. Raise Http404 if `user` may not see it."""
    room = room_for(user, key, selectors.with_state(**alert_selectors.alert_annotations()))
    alert_selectors.set_alerts([room])
    return room
