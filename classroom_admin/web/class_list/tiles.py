"""Render and cache the tile of a live class. All lists share a tile until its content changes.

So the cost of a list with a thousand classes depends only on the number of changed tiles.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from classroom_admin.web.class_list.rows import LiveClass

KEPT: Final = 4096
"""The number of cached tiles; each has about 1 KB."""


SHOWN: Final = (
    "pk", "key", "name", "now_state", "gone_at", "started_at", "planned_end_at", "people_online",
    "teachers_online", "teacher_name", "hands_raised", "recording_state", "has_gap", "alerts",
)  # fmt: skip
"""All columns that the template of a tile reads."""


class _Shown:
    """A cache key with everything that the tile shows. `_rendered` removes the room from it."""

    __slots__ = ("key", "room")

    def __init__(self, room: LiveClass) -> None:
        self.room: LiveClass | None = room
        # Do not use the version: a restored database can have other data with the same version.
        self.key = (*(getattr(room, name) for name in SHOWN), get_language())

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shown) and self.key == other.key


def tile(room: LiveClass) -> SafeString:
    """Return the tile of `room` as HTML."""
    return _rendered(_Shown(room))


@lru_cache(maxsize=KEPT)
def _rendered(shown: _Shown) -> SafeString:
    room, shown.room = shown.room, None
    return mark_safe(get_template("class_list/_tile.html").render({"room": room}))
