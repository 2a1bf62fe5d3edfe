"""Live classes read for the wall: each with its tile's columns and its `standing`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from classroom_admin.accounts.models import User
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.web.class_list import alert_facts, rows
from classroom_admin.web.class_list.order import order
from classroom_admin.web.class_list.rows import LiveClass

AT_ONCE: Final = 500


def wall(user: User, filters: ClassFilters) -> list[LiveClass]:
    """All live classes of `user`, in the order of the wall: three queries, whatever their number."""
    found = selectors.classes(user, when=selectors.LIVE, filters=filters, **alert_facts.brought_along())
    rooms = rows.read(found)
    alert_facts.judge(rooms)
    return sorted(rooms, key=order)


def tiles(ids: Collection[int]) -> list[LiveClass]:
    """Those of these rooms that are live, whoever may see them; three queries for 500."""
    wanted = list(ids)
    rooms: list[LiveClass] = []
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        rooms += rows.read(selectors.live_tiles(some, **alert_facts.brought_along()))
    alert_facts.judge(rooms)
    return sorted(rooms, key=order)


def one(user: User, key: str) -> Room:
    """The room under `key` with its `standing`; Http404 as `rooms.access.room_for`."""
    room = room_for(user, key, selectors.with_state(**alert_facts.brought_along()))
    alert_facts.judge([room])
    return room


def due(rooms: Iterable[LiveClass]) -> datetime | None:
    """When the first of them changes by time alone; None: none does."""
    return min((room.standing.due for room in rooms if room.standing.due is not None), default=None)
