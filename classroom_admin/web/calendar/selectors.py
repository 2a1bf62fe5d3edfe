"""Read the classes of a person's calendar, and find the owner of a calendar address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.scheduling import scheduled_classes, visible_series
from classroom_admin.common import clock
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.web.calendar.feed import CalendarEntry, uid_of
from classroom_admin.web.wording import ROOM_TYPES

MOST: Final = 1000
State = ScheduledCommand.State
_signer: Final = Signer(sep="~", salt="classroom_admin.web.calendar")


def address_of(feed: CalendarFeed) -> str:
    """Return the full address of a person's calendar."""
    return str(settings.PUBLIC_URL).rstrip("/") + reverse(
        "live:calendar_feed", args=[_signer.sign(feed.code)]
    )


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
    """Return a person's scheduled and live classes in order of time. Run three queries."""
    known = [
        room
        for when in (selectors.LIVE, selectors.COMING)
        for room in selectors.classes(user, when=when, filters=ClassFilters())[:MOST]
    ]
    entries = [
        _of_room(room, starts_at)
        for room in known
        if (starts_at := room.started_at or room.planned_start_at) is not None
    ]
    ahead = scheduled_classes().filter(
        series__in=visible_series(user),
        state__in=(State.WAITING, State.CLAIMED, State.FAILED),
        starts_at__gt=clock.cloud_now() - timedelta(days=1),
    )
    made = {room.room_uuid for room in known}
    planned = ahead.select_related("series").order_by("starts_at")[:MOST]
    entries += [_of_plan(one) for one in planned if one.key not in made]
    return sorted(entries, key=lambda entry: (entry.starts_at, entry.uid))


def _of_room(room: Room, starts_at: datetime) -> CalendarEntry:
    return CalendarEntry(
        uid=uid_of(room.room_uuid),
        name=str(room),
        starts_at=starts_at.astimezone(UTC),
        ends_at=room.planned_end_at,
        known_at=room.known_since,
        address=settings.PUBLIC_URL.rstrip("/") + reverse("live:class", args=[room.key]),
        words=str(ROOM_TYPES.get(room.room_type, "") if room.room_type is not None else ""),
    )


def _of_plan(planned: ScheduledCommand) -> CalendarEntry:
    series, starts_at = planned.series, planned.starts_at
    assert series is not None
    assert starts_at is not None
    lasts_s = series.settings.get("duration_s")
    failed = planned.state == ScheduledCommand.State.FAILED
    return CalendarEntry(
        uid=uid_of(planned.key),
        name=series.name,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=lasts_s) if lasts_s else None,
        known_at=series.created_at,
        address=settings.PUBLIC_URL.rstrip("/") + reverse("live:plan", args=[series.key]),
        words=_("This class could not be created yet. Open the schedule to see why.") if failed else "",
    )
