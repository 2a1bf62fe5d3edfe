"""Read live classes for the class list, each with its `alerts`, and render their tiles.

A page may show a thousand classes, so the columns are read without models. All pages share a tile until its
content changes, so the cost of a page depends only on the number of changed tiles.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from django.db.models import QuerySet
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from classroom_admin.accounts.models import User
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.web.class_list import alert_selectors
from classroom_admin.web.class_list.alert_rules import AlertInput, Alerts


@dataclass(slots=True, eq=False, kw_only=True)
class LiveClass(AlertInput):
    """A live class with its `alerts`, read from `rooms.selectors.classes` with `alert_annotations`."""

    pk: int
    key: str
    room_uuid: str
    name: str
    people_online: int
    teacher_name: str | None
    has_gap: bool
    refused: dict[str, Any] | None
    alerts: Alerts = field(default_factory=Alerts)

    def __str__(self) -> str:
        return self.name or str(Room())

    @property
    def current_state(self) -> int | None:
        return self.now_state

    @property
    def order(self) -> str:
        """Return a sort key for classes: by the most urgent alert, then by the latest start."""
        started = int(self.started_at.timestamp()) if self.started_at else 0
        return f"{self.alerts.order}-{10**11 - started:012d}{self.name.casefold()[:24]}{self.pk:012d}"


_COMPUTED: Final = {"alerts", "banned", "behind_at", "silent_since"} | {
    f"refused_{fact}" for fact in ("at", "action", "error", "unsure")
}
"""The attributes that `set_alerts` sets. All other attributes are columns."""
COLUMNS: Final = tuple(column.name for column in fields(LiveClass) if column.name not in _COMPUTED)


def _read(rooms: QuerySet[Room]) -> list[LiveClass]:
    """Read these rooms in no particular order."""
    return [LiveClass(**row) for row in rooms.order_by().values(*COLUMNS)]


KEPT: Final = 4096
"""The maximum number of cached tiles, of about 1 KB each."""


SHOWN: Final = (
    "pk", "key", "name", "now_state", "gone_at", "started_at", "planned_end_at", "people_online",
    "teachers_online", "teacher_name", "hands_raised", "recording_state", "has_gap", "alerts",
)  # fmt: skip
"""All columns that the template of a tile reads."""


class _Shown:
    """A cache key with everything that a tile shows. `_rendered` sets `room` to None to free its memory."""

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


AT_ONCE: Final = 500


def live_classes_of(user: User) -> list[LiveClass]:
    """Return all live classes of `user` in display order. The number of queries is constant."""
    more = alert_selectors.alert_annotations()
    rooms = _read(selectors.classes(user, when=selectors.LIVE, filters=ClassFilters(), **more))
    alert_selectors.set_alerts(rooms)
    return sorted(rooms, key=attrgetter("order"))


def live_classes_by_id(ids: Collection[int]) -> list[LiveClass]:
    """Return the live classes among these ids, without checking access. Read up to 500 rooms per query."""
    rooms: list[LiveClass] = []
    for some in chunks(ids, AT_ONCE):
        rooms += _read(selectors.live_tiles(some, **alert_selectors.alert_annotations()))
    alert_selectors.set_alerts(rooms)
    return sorted(rooms, key=attrgetter("order"))


def access_with_alerts(user: User, key: str) -> ClassAccess:
    """Return the access to the room with this `key`, and set the room's `alerts`.

    Raise ``NotYours`` if `user` may not see the room.
    """
    access = access_by_key(user, key, selectors.with_state(**alert_selectors.alert_annotations()))
    alert_selectors.set_alerts([access.room])
    return access
