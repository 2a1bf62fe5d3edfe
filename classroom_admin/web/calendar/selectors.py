"""Read the classes of a person's calendar, and find the owner of a calendar address."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions import calendars
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.scheduling import scheduled_classes, visible_series
from classroom_admin.common import clock
from classroom_admin.common.public_address import absolute
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.calendar.feed import CalendarEntry
from classroom_admin.web.wording import ROOM_TYPES

MOST: Final = 1000
CANCELLED_FOR: Final = timedelta(days=30)
"""How long a cancelled class stays in the calendar, so that every calendar program learns of it."""
State = ScheduledCommand.State
_signer: Final = Signer(sep="~", salt="classroom_admin.web.calendar")


def address_of(feed: CalendarFeed) -> str:
    """Return the full address of a person's calendar."""
    return absolute(reverse("live:calendar_feed", args=[_signer.sign(feed.code)]))


def owner_of(token: str) -> User | None:
    """Return the owner of a calendar address; None if it is invalid or off, or the owner is deactivated."""
    try:
        code = _signer.unsign(token)
    except BadSignature:
        return None
    found = CalendarFeed.objects.filter(code=code, user__is_active=True).select_related("user").first()
    return found.user if found else None


def host() -> str:
    """Return our host name, which makes the calendar ids of our classes globally unique."""
    return urlsplit(settings.PUBLIC_URL).hostname or "classroom-admin"


def entries_of(user: User) -> list[CalendarEntry]:
    """Return a person's scheduled, live and cancelled classes in order of time.

    Run three queries, and two more if a class is new or has changed.
    """
    now = clock.cloud_now()
    rooms = selectors.classes_in_calendar(user, cancelled_since=now - CANCELLED_FOR)
    entries = [entry for room in rooms[: 2 * MOST] if (entry := _of_room(room))]
    states = (State.WAITING, State.CLAIMED, State.FAILED)
    ahead = scheduled_classes().filter(
        Q(state__in=states, starts_at__gt=now - timedelta(days=1))
        | Q(state=State.CANCELLED, changed_at__gt=clock.now() - CANCELLED_FOR),
        series__in=visible_series(user),
    )
    made = {entry.uid for entry in entries}
    entries += [
        entry
        for planned in ahead.select_related("series").order_by("starts_at")[:MOST]
        if (entry := _of_plan(planned)).uid not in made
    ]
    revisions = calendars.revise(entries)
    return sorted(
        (
            replace(one, sequence=revisions[one.uid].sequence, changed_at=revisions[one.uid].changed_at)
            for one in entries
        ),
        key=lambda entry: (entry.starts_at, entry.uid),
    )


def _of_room(room: Room) -> CalendarEntry | None:
    """Return the entry of a class at its planned time; None for a class without a time."""
    starts_at = room.planned_start_at or room.started_at
    if starts_at is None:
        return None
    return CalendarEntry(
        uid=calendars.uid_of(room.room_uuid),
        name=room.name,
        starts_at=starts_at.astimezone(UTC),
        ends_at=room.planned_end_at,
        known_at=room.known_since,
        is_cancelled=getattr(room, "cancelled_at", None) is not None,
        address=absolute(reverse("live:class", args=[room.key])),
        words=str(ROOM_TYPES.get(room.room_type, "") if room.room_type is not None else ""),
    )


def _of_plan(planned: ScheduledCommand) -> CalendarEntry:
    shown = calendars.of_plan(planned)
    assert planned.series is not None
    failed = planned.state == State.FAILED
    return CalendarEntry(
        **{field.name: getattr(shown, field.name) for field in fields(shown)},
        address=absolute(reverse("live:plan", args=[planned.series.key])),
        words=_("This class could not be created yet. Open the schedule to see why.") if failed else "",
    )
