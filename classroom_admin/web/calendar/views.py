"""The calendar of a person: its address, and its classes as an iCalendar document (RFC 5545)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from icalendar import Calendar, Event

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions import calendars
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.scheduling import scheduled_classes, visible_series
from classroom_admin.common import clock
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import ClassFilters
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.wording import ROOM_TYPES

NO_END: Final = timedelta(hours=1)
ASK_AGAIN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A class in a calendar. ``uid`` does not change when a scheduled class is created."""

    uid: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    known_at: datetime
    address: str = ""
    words: str = ""


def uid_of(room_uuid: str) -> str:
    """Return a calendar id for a class. The id does not reveal the class's cloud id."""
    return hashlib.sha256(f"calendar {room_uuid}".encode()).hexdigest()[:32]


def document(entries: Iterable[CalendarEntry], *, name: str, host: str) -> bytes:
    """Return a calendar with this ``name`` and ``entries``. ``host`` makes their ids globally unique."""
    calendar = Calendar()
    calendar.add("prodid", "-//Classroom Admin//classes//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for entry in entries:
        calendar.add_component(_event(entry, host))
    return bytes(calendar.to_ical())


def etag(body: bytes) -> str:
    """Return a strong entity tag of the document."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _event(entry: CalendarEntry, host: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@{host}")
    event.add("summary", entry.name)
    event.add("dtstamp", entry.known_at.replace(microsecond=0))
    event.add("dtstart", entry.starts_at.replace(microsecond=0))
    ends_at = entry.ends_at
    if ends_at is None or ends_at <= entry.starts_at:
        ends_at = entry.starts_at + NO_END
    event.add("dtend", ends_at.replace(microsecond=0))
    event.add("status", "CONFIRMED")
    if entry.words:
        event.add("description", entry.words)
    if entry.address:
        event.add("url", entry.address)
    return event


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


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the person's calendar address. A POST creates a new address, or turns it off with `do=off`."""
    if request.method == "POST":
        if request.POST.get("do") == "off":
            calendars.turn_off(actor=request.user)
            messages.success(
                request, _("The calendar feed is turned off. Its address no longer shows anything.")
            )
        else:
            calendars.make_address(actor=request.user)
            messages.success(request, _("The address is ready. Earlier addresses no longer show anything."))
        return redirect("live:calendar")
    found = CalendarFeed.objects.filter(user=request.user).first()
    address = address_of(found) if found else ""
    context = {
        "address": address,
        "made_at": found.made_at if found else None,
        "is_loopback": host() in ("localhost", "127.0.0.1", "::1"),
    }
    context["webcal"] = address.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1)
    return render(request, "calendar/page.html", context)


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Return the calendar for a signed `token`; 404 for an invalid token, 304 if nothing changed."""
    owner = owner_of(token)
    if owner is None:
        raise Http404("There is no such calendar.")
    body = document(entries_of(owner), name=_("Classes of %(who)s") % {"who": owner}, host=host())
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["ETag"] = etag(body)
    answer["Cache-Control"] = "private, no-cache"
    answer["Content-Disposition"] = 'inline; filename="classes.ics"'
    answer["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=answer["ETag"], response=answer) or answer
