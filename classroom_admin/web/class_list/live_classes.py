"""Read live classes for the list of classes, each with its `alerts`, and render their tiles.

A person may have a thousand live classes, so their columns are read without models. All columns are read only
for classes that may have an alert or whose tile the page shows. All pages share a rendered tile until its
content changes, so rendering a list costs only as much as its changed tiles.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db.models import Exists, QuerySet
from django.utils.safestring import SafeString

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.integrations.notices.alerts import Raised
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.models import Gap, Recording, Room, RoomState
from classroom_admin.web.class_list import alert_selectors
from classroom_admin.web.class_list.alert_rules import AlertInput, Alerts
from classroom_admin.web.class_list.alert_selectors import AlertContext
from classroom_admin.web.render_once import render_once


@dataclass(slots=True, eq=False, kw_only=True)
class LiveClass(AlertInput):
    """A live class with its `alerts`. It comes from `rooms.selectors.classes` with `alert_annotations`."""

    pk: int
    key: str
    room_uuid: str
    name: str
    people_online: int
    teacher_name: str | None
    expected_name: str
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
        """Return a sort key: by the most urgent alert, then by name."""
        return f"{self.alerts.order}-{by_name(self.name, self.pk)}"

    @property
    def long_wait(self) -> datetime | None:
        """Return when the longest-raised hand was raised, or None if that was only a short time ago."""
        return self.alerts.waiting.since if self.alerts.waiting else None


def by_name(name: str, pk: int) -> str:
    """Return a sort key for classes without an alert."""
    return f"{name.casefold()[:24]}{pk:012d}"


_COMPUTED: Final = {"alerts", "banned", "behind_at", "silent_since"} | {
    f"refused_{fact}" for fact in ("at", "action", "error", "unsure")
}
"""The attributes that `set_alerts` sets. All other attributes are columns."""
COLUMNS: Final = tuple(column.name for column in fields(LiveClass) if column.name not in _COMPUTED)


@cache
def _prepared() -> QuerySet[Room, dict[str, Any]]:
    """Return the query of all live classes.

    It is cached, because building it takes longer than running it.
    """
    query: QuerySet[Room, dict[str, Any]] = selectors.live_tiles(
        **alert_selectors.alert_annotations()
    ).values(*COLUMNS)
    return query


SHOWN: Final = (
    "pk", "key", "name", "now_state", "gone_at", "started_at", "planned_end_at", "people_online",
    "teachers_online", "teacher_name", "expected_name", "hands_raised", "recording_state",
    "alerts",
)  # fmt: skip
"""All columns that the template of a tile reads."""


OFFERED: Final = (
    "pk", "key", "name", "students_online", "expected_name", "alerts",
)  # fmt: skip
"""All columns that the template of an alert above the tiles reads."""


def tile(room: LiveClass) -> SafeString:
    """Return the tile of `room` as HTML."""
    return render_once("class_list/_tile.html", attrgetter(*SHOWN)(room), {"room": room})


def alert_line(room: LiveClass, *, may: Mapping[str, bool]) -> SafeString:
    """Return the alert of `room` above the tiles as HTML. `may` says which commands it offers."""
    shown = (*attrgetter(*OFFERED)(room), *sorted(may.items()))
    return render_once("class_list/_alert.html", shown, {"room": room, "may": may})


AT_ONCE: Final = 500
LAST: Final = "~"
"""The `limit` of a page that shows all tiles. It sorts after every `order`."""


class Traits(NamedTuple):
    """What the numbers above the tiles count about a live class."""

    running: bool
    hands: bool
    unrecorded: bool
    ends_soon: bool


def traits(
    *, now_state: int | None, hands: int, recording: str, ends_at: datetime | None, now: datetime
) -> Traits:
    """Return the traits of a live class."""
    running = now_state == RoomState.STARTED
    soon = running and ends_at is not None and ends_at - selectors.ENDS_SOON <= now
    return Traits(running, hands > 0, recording != Recording.State.RECORDING, soon)


def totals(found: Iterable[Traits]) -> Counter[str]:
    """Return how many live classes have each trait.

    `others` is the number of classes that are not running.
    """
    rows = list(found)
    counted = Counter(
        {name: sum(column) for name, column in zip(Traits._fields, zip(*rows, strict=True), strict=False)}
    )
    counted["others"] = len(rows) - counted["running"]
    return counted


class Brief(NamedTuple):
    """A few columns of a live class. They show its place in the list and whether it may have an alert."""

    pk: int
    name: str
    now_state: int | None
    teachers_online: int
    hands_raised: int
    recording_state: str
    planned_end_at: datetime | None
    gaps: bool
    refused: bool

    def may_need_attention(self, context: AlertContext) -> bool:
        """Return whether the class may have an alert now or get one without an event.

        If this is False, only its planned end can cause an alert without an event.
        """
        over = self.planned_end_at and self.planned_end_at + context.thresholds.over <= context.now
        recorded = self.recording_state == Recording.State.RECORDING
        unrecorded = self.recording_state != "" or context.thresholds.record_all
        return bool(
            not self.teachers_online
            or over
            or (unrecorded and not recorded)
            or self.gaps
            or self.refused
            or self.pk in context.troubles
            or self.pk in context.banned
        )

    def due(self, context: AlertContext) -> datetime | None:
        """Return when the planned end of the class next changes its place or its traits, or None."""
        if self.planned_end_at is None:
            return None
        changes = (self.planned_end_at - selectors.ENDS_SOON, self.planned_end_at + context.thresholds.over)
        return min((at for at in changes if at > context.now), default=None)


class LiveClasses:
    """The live classes of a person, and the first tiles of their list.

    If `matching` is not None, it limits the tiles to these ids. `most` is the maximum number of tiles. Six
    queries are enough for any number of classes, unless people were banned today.
    """

    def __init__(self, user: User, *, most: int, matching: Collection[int] | None = None) -> None:
        self.context = alert_selectors.read_context()
        gaps = Exists(Gap.objects.filter(selectors.of_class()))
        rooms = selectors.live_rooms(user, any_gap=gaps, lately=alert_selectors.refused_lately())
        columns = (*Brief._fields[:-2], "any_gap", "lately")
        self.briefs = {row[0]: Brief(*row) for row in rooms.values_list(*columns)}
        self._most = most
        self._matching = matching

    @cached_property
    def _by_name(self) -> list[int]:
        """Return the ids of all matching classes, sorted by name."""
        ids = self.briefs if self._matching is None else self.briefs.keys() & self._matching
        return sorted(ids, key=lambda pk: by_name(self.briefs[pk].name, pk))

    @cached_property
    def _read(self) -> dict[int, LiveClass]:
        """Read the classes that may have an alert, and the first classes by name."""
        wanted = {pk for pk, brief in self.briefs.items() if brief.may_need_attention(self.context)}
        wanted.update(self._by_name[: self._most])
        found = {room.pk: room for room in _read_in_full(wanted, self.context)}
        if over := wanted - found.keys():  # these classes ended between the two queries
            self._by_name = [pk for pk in self._by_name if pk not in over]
            self.briefs = {pk: brief for pk, brief in self.briefs.items() if pk not in over}
        return found

    @cached_property
    def alerting(self) -> list[LiveClass]:
        """Return all classes with an active alert, the most urgent first. Ignore `matching`."""
        return sorted((room for room in self._read.values() if room.alerts.active), key=attrgetter("order"))

    @property
    def with_alerts(self) -> Iterable[LiveClass]:
        """Return the classes that have, or may soon have, an alert, in no order. Ignore `matching`."""
        return self._read.values()

    @cached_property
    def tiles(self) -> list[LiveClass]:
        """Return the first classes of the list. Classes with an alert come first, then the others by name."""
        first = [room for room in self.alerting if self._matching is None or room.pk in self._matching]
        urgent = {room.pk for room in first}
        rest = [self._read[pk] for pk in self._by_name[: self._most] if pk in self._read and pk not in urgent]
        return (first + rest)[: self._most]

    @property
    def limit(self) -> str:
        """Return the highest `order` of the tiles. Return LAST if there are no more tiles."""
        shown = self.tiles  # Read the tiles first: this removes ended classes from `_by_name`.
        return LAST if len(shown) == len(self._by_name) else shown[-1].order

    @cached_property
    def traits(self) -> dict[int, Traits]:
        now = self.context.now
        return {
            pk: traits(
                now_state=one.now_state, hands=one.hands_raised, recording=one.recording_state,
                ends_at=one.planned_end_at, now=now,
            )
            for pk, one in self.briefs.items()
        }  # fmt: skip

    @cached_property
    def dues(self) -> dict[int, datetime]:
        """Return the next time when each class changes without an event, by room id."""
        found: dict[int, datetime] = {}
        for pk, brief in self.briefs.items():
            room = self._read.get(pk)
            times = [at for at in (brief.due(self.context), room.alerts.due if room else None) if at]
            if times:
                found[pk] = min(times)
        return found


def _read_in_full(ids: Collection[int], context: AlertContext | None = None) -> list[LiveClass]:
    rooms: list[LiveClass] = []
    for some in chunks(ids, AT_ONCE):
        rooms += [LiveClass(**row) for row in _prepared().filter(pk__in=some)]
    alert_selectors.set_alerts(rooms, context)
    return rooms


def alert_counts() -> Counter[str]:
    """Return how many live classes of the school have an active alert, by the kind of the alert."""
    everyone = LiveClasses(User(role=User.Role.ADMINISTRATOR), most=0)
    return Counter(alert.kind for room in everyone.alerting for alert in room.alerts.active)


def raised_alerts() -> list[Raised]:
    """Return the alerts of all live classes of the school, also those that are acknowledged."""
    everyone = LiveClasses(User(role=User.Role.ADMINISTRATOR), most=0)
    return [
        Raised(room.pk, alert.kind, alert.since)
        for room in everyone.with_alerts
        for alert in (*room.alerts.active, *room.alerts.acknowledged)
    ]


def live_classes_by_id(ids: Collection[int]) -> list[LiveClass]:
    """Return the live classes among these ids. Access is not checked. Run four queries for 500 rooms."""
    return sorted(_read_in_full(ids), key=attrgetter("order"))


def next_change(room: LiveClass) -> datetime | None:
    """Return when the class next changes without an event, or None."""
    soon = room.planned_end_at and room.planned_end_at - selectors.ENDS_SOON
    times = [room.alerts.due, soon if soon and soon > clock.cloud_now() else None]
    return min((at for at in times if at), default=None)


def access_with_alerts(user: User, key: str) -> ClassAccess:
    """Return the user's access to the room with this `key`. The room has `alerts`.

    Raise ``NotYours`` if `user` may not see the room.
    """
    access = access_by_key(user, key, selectors.with_state(**alert_selectors.alert_annotations()))
    alert_selectors.set_alerts([access.room])
    return access
