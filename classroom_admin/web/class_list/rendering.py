"""Read and render the class list page for the event streams."""

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
"""The columns of a tile that a room refresh can change without an event and thus without a new version."""
LAST_STEPS: Final = 200
"""The number of audit steps to compare. Fewer steps than this can be committed out of order."""
BEHIND: Final = "-"
"""The version of a page that received single tiles. It is never current: reconnected pages get everything."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The content of a class list page as a message. `mark` is its version.

    `needing` has the ids of classes that need attention. `dues` says when a class changes without an event.
    """

    message: bytes
    mark: str
    needing: set[int] = field(default_factory=set)
    dues: dict[int, datetime] = field(default_factory=dict)


Known = tuple[int, bool, str, tuple[Any, ...]]
"""A room's version, whether the room is live, its cloud id, and its PROFILE columns."""


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
    """Return the current cloud time and the problems of single classes (`troubles`)."""
    return clock.cloud_now(), alert_selectors.troubles()


@dataclass(frozen=True, slots=True)
class Tile:
    """The tile of a live class. `due` is when the tile changes without an event; None if it does not."""

    html: str
    due: datetime | None
    needs_attention: bool


def tiles(ids: Collection[int], *, language: str) -> dict[int, Tile]:
    """Render the tiles of the live classes among `ids`. Return them by room id."""
    with translation.override(language):
        return {
            room.pk: Tile(tile(room), room.alerts.due, bool(room.alerts.active))
            for room in live_classes.live_classes_by_id(ids)
        }


def attention(count: int, *, language: str) -> str:
    """Render the number of classes that need attention, for a page that shows all live classes."""
    with translation.override(language):
        return render_to_string("class_list/_attention.html", {"attention": count, "oob": True})


def whole(user: User, query: dict[str, str], *, language: str) -> Whole:
    """Render all sections of the class list page for `user`."""
    shown = ListOfClasses(user, query)
    with translation.override(language):
        html = render_to_string("class_list/_whole.html", {"list": shown})
    message = messages.message(messages.CHANGES, html, version=shown.version)
    return Whole(message, shown.version, shown.needing, shown.dues)


def edges(user: User, *, language: str) -> str:
    """Render the counts and the short sections, which change when a class starts or ends."""
    shown = ListOfClasses(user, {})
    with translation.override(language):
        return render_to_string("class_list/_edges.html", {"list": shown, "oob": True})


def visible_ids(user: User) -> set[int]:
    """Return the ids of the rooms that a teacher may see."""
    return set(visible_rooms(user).values_list("pk", flat=True))
