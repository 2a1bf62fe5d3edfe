"""Which classes a person's calendar shows, and who an address belongs to."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions.planning.models import PlannedClass
from classroom_admin.actions.planning.series import visible_series
from classroom_admin.common import clock
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.web.calendar.feed import Lesson, mark_of
from classroom_admin.web.wording import ROOM_TYPES

MOST: Final = 1000
_signer: Final = Signer(sep="~", salt="classroom_admin.web.calendar")


def address_of(feed: CalendarFeed) -> str:
    """The whole web address of a person's calendar."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("live:calendar_feed", args=[_signer.sign(feed.code)])


def owner_of(token: str) -> User | None:
    """Whose calendar it is; None for an address that is wrong, turned off, or of somebody deactivated."""
    try:
        code = _signer.unsign(token)
    except BadSignature:
        return None
    found = CalendarFeed.objects.filter(code=code, user__is_active=True).select_related("user").first()
    return found.user if found else None


def host() -> str:
    """What makes the marks of our classes unique in the world."""
    return urlsplit(settings.PUBLIC_URL).hostname or "classroom-admin"


def lessons_of(user: User) -> list[Lesson]:
    """Planned and running classes of a person, by time: three queries."""
    known = [
        room
        for when in (selectors.LIVE, selectors.COMING)
        for room in selectors.classes(user, when=when, filters=ClassFilters())[:MOST]
    ]
    lessons = [_of_room(room) for room in known if room.planned_start_at or room.started_at]
    ahead = PlannedClass.objects.filter(
        series__in=visible_series(user),
        state__in=(PlannedClass.State.WAITING, PlannedClass.State.MAKING, PlannedClass.State.FAILED),
        starts_at__gt=clock.cloud_now() - timedelta(days=1),
    )
    made = {room.room_uuid for room in known}
    planned = ahead.select_related("series").order_by("starts_at")[:MOST]
    lessons += [_of_plan(one) for one in planned if one.room_uuid not in made]
    return sorted(lessons, key=lambda lesson: (lesson.starts_at, lesson.mark))


def _of_room(room: Room) -> Lesson:
    starts_at = room.started_at or room.planned_start_at
    return Lesson(
        mark=mark_of(room.room_uuid),
        name=str(room),
        starts_at=starts_at.astimezone(UTC),
        ends_at=room.planned_end_at,
        known_at=room.known_since,
        address=settings.PUBLIC_URL.rstrip("/") + reverse("live:class", args=[room.key]),
        words=str(ROOM_TYPES.get(room.room_type, "")),
    )


def _of_plan(planned: PlannedClass) -> Lesson:
    lasts_s = planned.series.settings.get("duration_s")
    failed = planned.state == PlannedClass.State.FAILED
    return Lesson(
        mark=mark_of(planned.room_uuid),
        name=planned.series.name,
        starts_at=planned.starts_at,
        ends_at=planned.starts_at + timedelta(seconds=lasts_s) if lasts_s else None,
        known_at=planned.series.created_at,
        address=settings.PUBLIC_URL.rstrip("/") + reverse("live:plan", args=[planned.series.key]),
        words=_("This class could not be created yet. Open the schedule to see why.") if failed else "",
    )
