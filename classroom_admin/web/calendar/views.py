"""Views of the page with a person's calendar address, and of the iCalendar document (RFC 5545)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions import calendars
from classroom_admin.actions.calendars import CalendarClass
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.series_selectors import calendar_keys, scheduled_classes, visible_series
from classroom_admin.common import clock
from classroom_admin.common.public_address import absolute, reach
from classroom_admin.common.signed_addresses import signer
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.wording import ROOM_TYPES

if TYPE_CHECKING:
    from icalendar import Event

NO_END: Final = timedelta(hours=1)
ASK_AGAIN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry(CalendarClass):
    """A class in a calendar.

    ``sequence`` counts its changes, and ``changed_at`` is the time of the last one.
    """

    sequence: int = 0
    changed_at: datetime | None = None
    address: str = ""
    words: str = ""


def document(entries: Iterable[CalendarEntry], *, name: str, host: str) -> bytes:
    """Return an iCalendar document. ``host`` is part of the entries' ids, which are globally unique."""
    from icalendar import Calendar  # needs 2.5 MB, and most processes never use it

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
    """Return a strong entity tag for a document."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _event(entry: CalendarEntry, host: str) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("uid", f"{entry.uid}@{host}")
    event.add("summary", entry.name or _("Unnamed class"))
    changed_at = (entry.changed_at or entry.known_at).replace(microsecond=0)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at.replace(microsecond=0))
    ends_at = entry.ends_at
    if ends_at is None or ends_at <= entry.starts_at:
        ends_at = entry.starts_at + NO_END
    event.add("dtend", ends_at.replace(microsecond=0))
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    if entry.words:
        event.add("description", entry.words)
    if entry.address:
        event.add("url", entry.address)
    return event


MOST: Final = 1000
CANCELLED_FOR: Final = timedelta(days=30)
"""The time for which a cancelled class stays in the calendar, so that all programs learn of it."""
State = ScheduledCommand.State


def _signer() -> Signer:
    return signer(salt="classroom_admin.web.calendar", sep="~")


def address_of(feed: CalendarFeed) -> str:
    """Return the full URL of a person's calendar."""
    return absolute(reverse("live:calendar_feed", args=[_signer().sign(feed.code)]))


def owner_of(token: str) -> User | None:
    """Return the owner of a calendar. Return None if the token is not valid or the owner is deactivated."""
    try:
        code = _signer().unsign(token)
    except BadSignature:
        return None
    found = CalendarFeed.objects.filter(code=code, user__is_active=True).select_related("user").first()
    return found.user if found else None


def host() -> str:
    """Return our host name."""
    return urlsplit(settings.PUBLIC_URL).hostname or "classroom-admin"


def entries_of(user: User) -> list[CalendarEntry]:
    """Return a person's scheduled, live and cancelled classes in chronological order.

    `MOST` limits their number. If a class was deleted and created again, it keeps its calendar id, so that
    calendar programs move its entry.
    """
    now = clock.cloud_now()
    rooms = selectors.classes_in_calendar(user, cancelled_since=now - CANCELLED_FOR)
    keys, replaced = calendar_keys(since=now - CANCELLED_FOR)
    entries = [
        entry
        for room in rooms[: 2 * MOST]
        if room.room_uuid not in replaced and (entry := _of_room(room, keys.get(room.room_uuid)))
    ]
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


def _of_room(room: Room, key: str | None) -> CalendarEntry | None:
    """Return the calendar entry of a class, or None if its start is not known.

    If the class was created again, ``key`` is its calendar key.
    """
    starts_at = room.planned_start_at or room.started_at
    if starts_at is None:
        return None
    return CalendarEntry(
        uid=calendars.uid_of(key or room.room_uuid),
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


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the person's calendar URL.

    A POST creates a new URL, or turns the calendar off if `do` is `off`.
    """
    if request.method == "POST":
        if request.POST.get("do") == "off":
            calendars.turn_off(actor=request.user)
            messages.success(request, _("The calendar feed is turned off. Its address no longer works."))
        else:
            calendars.make_address(actor=request.user)
            messages.success(request, _("The address is ready. Earlier addresses no longer work."))
        return redirect("live:calendar")
    found = CalendarFeed.objects.filter(user=request.user).first()
    address = address_of(found) if found else ""
    context = {
        "address": address,
        "made_at": found.made_at if found else None,
        "reach": reach(settings.PUBLIC_URL),
        "public_url": settings.PUBLIC_URL,
    }
    context["webcal"] = address.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1)
    return render(request, "calendar/page.html", context)


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Return the calendar with a signed `token`. Respond with 404 if the token is not valid."""
    owner = owner_of(token)
    if owner is None:
        raise Http404("There is no such calendar.")
    with translation.override(owner.language or translation.get_language()):
        name = _("Classes of %(who)s") % {"who": owner}
        body = document(entries_of(owner), name=name, host=host())
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["ETag"] = etag(body)
    answer["Cache-Control"] = "private, no-cache"
    answer["Content-Disposition"] = 'inline; filename="classes.ics"'
    answer["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=answer["ETag"], response=answer) or answer
