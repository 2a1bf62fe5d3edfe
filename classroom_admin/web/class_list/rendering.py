"""Read and render the class list for streams."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.realtime import messages
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.class_list import alert_selectors, live_classes
from classroom_admin.web.class_list.live_classes import tile
from classroom_admin.web.class_list.views import ListOfClasses, outcome_steps

PROFILE: Final = ("name", "room_type", "profile_state", "planned_start_at", "planned_end_at", "gone_at")
"""The columns of a tile that a room refresh can change without an event, so without a new version."""
LAST_STEPS: Final = 200
"""The number of audit steps to compare. Overlapping transactions commit steps out of order, but by fewer."""
BEHIND: Final = "-"
"""The version of a page that received single tiles. No mark equals it, so the page gets the whole list."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The visible part of a list as a message, its version, and when its classes change without an event."""

    message: bytes
    mark: str
    dues: dict[int, datetime] = field(default_factory=dict)


Known = tuple[int, bool, str, tuple[Any, ...]]
"""A room's version, whether it is live, its cloud id, and its PROFILE columns."""


def read_rooms() -> tuple[dict[int, Known], dict[int, str]]:
    """Return all live and upcoming rooms, and the cloud room ids of the latest audit steps by step id.

    Audit steps, such as the outcome of a command, change tiles without a new version. Run two queries.
    """
    rows = selectors.not_past().values_list("pk", "version", "is_live", "room_uuid", *PROFILE)
    rooms = {
        pk: (version, bool(is_live), room_uuid, tuple(profile))
        for pk, version, is_live, room_uuid, *profile in rows
    }
    return rooms, dict(outcome_steps().values_list("id", "room_uuid")[:LAST_STEPS])


def read_time() -> tuple[datetime, alert_selectors.Troubles]:
    """Return the current cloud time and the `troubles` of single classes."""
    return clock.cloud_now(), alert_selectors.troubles()


def tiles(ids: Collection[int], *, language: str) -> dict[int, tuple[str, datetime | None]]:
    """Render the tiles of the live classes among `ids`. Run three queries for 500 rooms.

    Return, for each id, the HTML and when the tile changes without an event (None: never).
    """
    with translation.override(language):
        return {room.pk: (tile(room), room.alerts.due) for room in live_classes.live_classes_by_id(ids)}


def whole(user: User, query: dict[str, str], *, language: str) -> Whole:
    """Render all sections of a class list."""
    shown = ListOfClasses(user, query)
    with translation.override(language):
        html = render_to_string("class_list/_sections.html", {"list": shown, "oob": True})
    message = messages.message(messages.CHANGES, html, version=shown.version)
    return Whole(message, shown.version, shown.dues)


def edges(user: User, *, language: str) -> str:
    """Render the counts and the short sections, which change when a class starts or ends."""
    shown = ListOfClasses(user, {})
    with translation.override(language):
        return render_to_string("class_list/_edges.html", {"list": shown, "oob": True})


def visible_ids(user: User) -> set[int]:
    """Return the ids of the rooms that a teacher may see."""
    return set(visible_rooms(user).values_list("pk", flat=True))
