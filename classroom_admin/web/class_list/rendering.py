"""What the stream reads and renders of the list of classes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation

from classroom_admin.common import clock
from classroom_admin.realtime import messages
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.class_list import alert_facts, live_classes
from classroom_admin.web.class_list.tiles import tile
from classroom_admin.web.class_list.views import ListOfClasses, told_steps

PROFILE: Final = ("name", "room_type", "profile_state", "planned_start_at", "planned_end_at", "gone_at")
"""What reading the room from the cloud changes in a tile; no event, and so no version, tells of it."""
LAST_STEPS: Final = 200
"""Steps of transactions that overlap are committed out of their order, but never so far."""
BEHIND: Final = "-"
"""The version of a page that was sent tiles: no mark of a list, so that who comes back gets all of it."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The visible part of a list as a message, and the mark of what it shows."""

    message: bytes
    mark: str
    dues: dict[int, datetime] = field(default_factory=dict)


Known = tuple[int, bool, str, tuple[Any, ...]]
"""Of a room: its version, whether it is live, its cloud id, and its profile."""


def look() -> tuple[dict[int, Known], dict[int, str]]:
    """What is known of every room that is live or coming; and the cloud ids of the rooms in which something
    was done last, by the step's id: how a command ended, a snooze, of which no version tells. Two queries.
    """
    rows = selectors.not_past().values_list("pk", "version", "is_live", "room_uuid", *PROFILE)
    rooms = {
        pk: (version, bool(is_live), room_uuid, tuple(profile))
        for pk, version, is_live, room_uuid, *profile in rows
    }
    return rooms, dict(told_steps().values_list("id", "room_uuid")[:LAST_STEPS])


def by_time() -> tuple[datetime, alert_facts.Troubles]:
    """The present moment by the cloud's clock, and what is wrong with the data of single classes."""
    return clock.cloud_now(), alert_facts.troubles()


def tiles(ids: Collection[int], *, language: str) -> dict[int, tuple[str, datetime | None]]:
    """Tiles of those of these rooms that are live, by id, each with the moment at which it changes by time
    alone; three queries for 500.
    """
    with translation.override(language):
        return {room.pk: (tile(room), room.standing.due) for room in live_classes.tiles(ids)}


def whole(user: Any, query: dict[str, str], *, language: str) -> Whole:
    """All that a page of this list shows."""
    wanted = ListOfClasses(user, query)
    with translation.override(language):
        html = render_to_string("class_list/_sections.html", {"list": wanted, "oob": True})
    message = messages.message(messages.CHANGES, html, version=wanted.version)
    return Whole(message, wanted.version, wanted.dues)


def edges(user: Any, *, language: str) -> str:
    """The numbers, and the short sections: what changes beside tiles when a class begins or ends."""
    wanted = ListOfClasses(user, {})
    with translation.override(language):
        return render_to_string("class_list/_edges.html", {"list": wanted, "oob": True})


def visible_ids(user: Any) -> set[int]:
    """The ids of a teacher's own rooms."""
    return set(visible_rooms(user).values_list("pk", flat=True))
