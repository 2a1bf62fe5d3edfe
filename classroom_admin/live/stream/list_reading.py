"""What the stream reads and renders of the list of classes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation

from classroom_admin.live.classes import ListOfClasses
from classroom_admin.live.stream import messages
from classroom_admin.live.tiles import tile
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import visible_rooms

AT_ONCE: Final = 500
PROFILE: Final = ("name", "room_type", "profile_state", "planned_start_at", "planned_end_at", "gone_at")
BEHIND: Final = "-"
"""The version of a page that was sent tiles: no mark of a list, so that who comes back gets all of it."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The visible part of a list as a message, and the mark of what it shows."""

    message: bytes
    mark: str


def not_past() -> dict[int, tuple[bool, tuple[Any, ...]]]:
    """Of every room that is live or coming: whether it is live, and what its tile shows; one query.

    The version tells what events changed, the rest what reading the room from the cloud changed.
    """
    rows = selectors.not_past().values_list("pk", "is_live", "version", *PROFILE)
    return {pk: (bool(is_live), tuple(shown)) for pk, is_live, *shown in rows}


def tiles(ids: Collection[int], *, language: str) -> dict[int, str]:
    """Tiles of those of these rooms that are live, by id; a query for 500."""
    wanted = list(ids)
    made: dict[int, str] = {}
    with translation.override(language):
        for start in range(0, len(wanted), AT_ONCE):
            for room in selectors.live_tiles(wanted[start : start + AT_ONCE]):
                made[room.pk] = tile(room)
    return made


def whole(user: Any, query: dict[str, str], *, language: str) -> Whole:
    """All that a page of this list shows."""
    wanted = ListOfClasses(user, query)
    with translation.override(language):
        html = render_to_string("live/_classes.html", {"list": wanted, "oob": True})
    return Whole(messages.message(messages.CHANGES, html, version=wanted.version), wanted.version)


def edges(user: Any, *, language: str) -> str:
    """The numbers, and the short sections: what changes beside tiles when a class begins or ends."""
    wanted = ListOfClasses(user, {})
    with translation.override(language):
        return render_to_string("live/_classes_edges.html", {"list": wanted, "oob": True})


def visible_ids(user: Any) -> set[int]:
    """The ids of a teacher's own rooms."""
    return set(visible_rooms(user).values_list("pk", flat=True))
