"""Read and render the list of classes for the event streams."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.realtime import messages
from classroom_admin.rooms import selectors
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.class_list import alert_selectors, live_classes
from classroom_admin.web.class_list.live_classes import LiveClass, Traits, tile
from classroom_admin.web.class_list.views import ListOfClasses, may_do, outcome_steps

PROFILE: Final = ("name", "room_type", "profile_state", "planned_start_at", "planned_end_at", "gone_at")
"""The columns of a tile that a room refresh can change without an event."""
COUNTED: Final = ("now_state", "hands_raised", "recording_state")
LAST_STEPS: Final = 200
"""The number of latest audit steps to compare. Steps that were committed late are among them."""
BEHIND: Final = "-"
"""The version of a page that received single tiles. It is never current, so a reconnect sends all tiles."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A message with the whole content of a list of classes. `mark` is its version.

    `held` has the ids of its tiles, which have an `order` up to `limit`. `alerting` has the live classes with
    an alert. `totals` has the numbers of all live classes of the person.
    """

    message: bytes
    mark: str
    held: set[int] = field(default_factory=set)
    limit: str = live_classes.LAST
    alerting: dict[int, LiveClass] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    traits: dict[int, Traits] = field(default_factory=dict)
    dues: dict[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a room. `traits` is None if the room is not live."""

    version: int
    room_uuid: str
    profile: tuple[Any, ...]
    traits: Traits | None

    @property
    def is_live(self) -> bool:
        return self.traits is not None


def read_rooms() -> tuple[dict[int, Known], dict[int, str]]:
    """Return all live and upcoming rooms by id, and the room ids of the last audit steps by step id.

    Audit steps, such as the outcome of a command, change tiles although the version stays the same. Run two
    queries.
    """
    now = clock.cloud_now()
    rows = selectors.not_past().values_list("pk", "version", "is_live", "room_uuid", *COUNTED, *PROFILE)
    rooms: dict[int, Known] = {}
    for pk, version, is_live, room_uuid, state, hands, recording, *profile in rows:
        found = None
        if is_live:
            ends_at = profile[PROFILE.index("planned_end_at")]
            found = live_classes.traits(
                now_state=state, hands=hands, recording=recording, ends_at=ends_at, now=now
            )
        rooms[pk] = Known(version, room_uuid, tuple(profile), found)
    return rooms, dict(outcome_steps().values_list("id", "room_uuid")[:LAST_STEPS])


def read_time() -> tuple[datetime, alert_selectors.Troubles]:
    """Return the current cloud time, and the rooms with late events or failed reads."""
    return clock.cloud_now(), alert_selectors.troubles()


@dataclass(frozen=True, slots=True)
class Tile:
    """A rendered tile. `due` is when the class next changes without an event, or None."""

    html: str
    room: LiveClass
    due: datetime | None


def tiles(ids: Collection[int], *, language: str) -> dict[int, Tile]:
    """Render the tiles of the live classes among `ids`. Run four queries for 500 rooms."""
    with translation.override(language):
        return {
            room.pk: Tile(tile(room), room, live_classes.next_change(room))
            for room in live_classes.live_classes_by_id(ids)
        }


def alerts(user: User, rooms: Collection[LiveClass], *, language: str) -> str:
    """Render the alerts above the list. The result is the same for all users with the same role."""
    context = {"alerts": sorted(rooms, key=attrgetter("order")), "oob": True} | may_do(user)
    with translation.override(language):
        return render_to_string("class_list/_alerts.html", context)


def numbers(totals: Counter[str], *, language: str) -> str:
    """Render the numbers of live classes."""
    with translation.override(language):
        return render_to_string("class_list/_numbers.html", {"totals": totals})


def whole(user: User, query: dict[str, str], *, language: str) -> Whole:
    """Render the alerts, numbers, tiles and sections of a list of classes."""
    shown = ListOfClasses(user, query)
    with translation.override(language):
        html = render_to_string("class_list/_whole.html", {"list": shown, "oob": True} | may_do(user))
    live = shown.live
    return Whole(
        message=messages.message(messages.CHANGES, html, version=shown.version),
        mark=shown.version,
        held={room.pk for room in live.tiles} if shown.shows_live else set(),
        limit=live.limit if shown.shows_live else "",
        alerting={room.pk: room for room in live.alerting},
        totals=shown.totals,
        traits=live.traits,
        dues=shown.dues,
    )


def edges(user: User, *, language: str) -> str:
    """Render the sections of upcoming and past classes."""
    shown = ListOfClasses(user, {})
    with translation.override(language):
        return render_to_string("class_list/_sections.html", {"list": shown, "oob": True})


def visible_ids(user: User) -> set[int]:
    """Return the ids of the rooms that a teacher may see."""
    return set(visible_rooms(user).values_list("pk", flat=True))
