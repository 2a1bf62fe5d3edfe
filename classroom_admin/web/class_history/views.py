"""Views that show the stored events of a class, a single event as JSON, and the replay of the class."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.common.redaction import pretty
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.recording_moments import RecordingMoments
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.replay import Film, film_of
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.class_history.replay_presenter import PastClassPresenter
from classroom_admin.web.classroom.events import (
    EVENT_KINDS,
    EventFilter,
    EventPage,
    chosen_people,
    event_rows,
)
from classroom_admin.web.classroom.views import requested_part
from classroom_admin.web.dialogs import ask
from classroom_admin.web.expensive import REPLAYS, limited
from classroom_admin.web.parameters import number


@require_safe
@signed_in
def events(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show events, the newest first.

    `kind`, `who`, a person's name, and `person`, the primary key of a participant, filter the events.
    `before` and `after` are ids that limit them.
    """
    room = access_by_key(request.user, key).room
    kind = request.GET.get("kind", "")
    event_filter = EventFilter(
        kind=kind if kind in dict(EVENT_KINDS) else "",
        who=request.GET.get("who", "").strip()[:100],
        people=chosen_people(room, request.GET.getlist("person")),
    )
    before, after = number(request, "before"), number(request, "after")
    page = EventPage(room, before=before, after=after, event_filter=event_filter)
    context: dict[str, Any] = {
        "room": room, "events": page, "filter": event_filter, "choices": EVENT_KINDS,
    }  # fmt: skip
    if not request.htmx:
        context["gaps"] = list(room.gaps.order_by("stream", "first"))
        moments = RecordingMoments([room])
        for row in page.rows:
            row["play"] = moments.play_from(room.pk, row["at"])
        return render(request, "class_history/events.html", context)
    if after is not None and not page.rows:
        return HttpResponse(status=204)
    part = "newer" if after is not None else "earlier" if before is not None else "found"
    return render(request, f"class_history/events/_{part}.html", context)


@never_cache
@require_safe
@signed_in
def event_json(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the JSON of an event as the cloud sent it."""
    room = access_by_key(request.user, key).room
    of_class = StoredEvent.objects.exclude(stream="peer").filter(room__in=class_selectors.room_ids(room))
    event = get_object_or_404(of_class, pk=pk)
    (row,) = event_rows(room, [event])
    context = {
        "room": room,
        "event": event,
        "words": row["words"],
        "pretty": pretty(event.raw),
        "play": RecordingMoments([room]).play_from(room.pk, row["at"]),
    }
    return ask(request, "classroom/event.html", context)


MOST_MOMENTS: Final = 200
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


@require_safe
@signed_in
@limited(REPLAYS)
def replay(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the class at the time `at`. By default, show its beginning.

    `at` is a time of day, or milliseconds since 1970. `upto` excludes events that were stored after the page
    was rendered. With `who`, return the next rows of a long roster.
    """
    room = class_selectors.class_for(request.user, key)
    film, upto = film_of(room, upto=number(request, "upto"))
    if film.start_ms is None or film.end_ms is None:
        return render(request, "class_history/replay/empty.html", {"room": room})
    ms = _moment(request, film.start_ms, film.end_ms)
    everyone = request.GET.get("people") == "all" or "all" in request.GET
    presenter = PastClassPresenter(room, film, ms, upto=upto, everyone=everyone)
    context = {"room": presenter.room, "presenter": presenter, "missing": _missing(film, ms)}
    if "who" in request.GET:
        context["part"] = requested_part(request, presenter)
        return render(request, "classroom/_roster_more.html", context)
    if request.htmx:
        return render(request, "class_history/replay/_body.html", context)
    return render(
        request,
        "class_history/replay/replay.html",
        context
        | {"timeline": Timeline(film), "first_at": _at(film.start_ms), "upto": upto}
        | _moments(room, film),
    )


def _moment(request: AuthenticatedHttpRequest, start_ms: int, end_ms: int) -> int:
    """Return the requested time in milliseconds. It is never outside of the class."""
    words = request.GET.get("at", "").strip()
    if words.isascii() and words.isdecimal() and len(words) <= 15:
        found = int(words)
    elif clock := _CLOCK.fullmatch(words):
        found = _on_the_day(clock, start_ms, timezone.get_current_timezone())
    else:
        found = start_ms
    return max(start_ms, min(end_ms, found))


def _on_the_day(clock: re.Match[str], start_ms: int, zone: tzinfo) -> int:
    """Convert a time of day to milliseconds since 1970.

    If the time is over 6 hours before the start of the class, it is on the next day.
    """
    hour, minute, second = (int(part or 0) for part in clock.groups())
    started = datetime.fromtimestamp(start_ms / 1000, zone)
    wanted = datetime.combine(started.date(), time(hour % 24, minute % 60, second % 60), zone)
    if wanted < started - timedelta(hours=6):
        wanted += timedelta(days=1)
    return round(wanted.timestamp() * 1000)


def _missing(film: Film, ms: int) -> dict[str, Any]:
    """Return the sequence gap at `ms`. If there is none, return the number of gaps before `ms`."""
    inside = next((gap for gap in film.gaps if gap.start_ms <= ms < gap.end_ms), None)
    if inside is not None:
        return {"start": _at(inside.start_ms), "end": _at(inside.end_ms)}
    return {"before": sum(gap.end_ms <= ms for gap in film.gaps)}


def _moments(room: Room, film: Film) -> dict[str, Any]:
    """Return up to `MOST_MOMENTS` notable events as sentences. If there are more, omit raised hands first."""
    marks = sorted(film.marks, key=lambda mark: mark.kind == "hand")[:MOST_MOMENTS]
    marks.sort(key=lambda mark: mark.ms)
    rows = StoredEvent.objects.filter(room=room).in_bulk([mark.pk for mark in marks])
    shown = [mark for mark in marks if mark.pk in rows]
    sentences = event_rows(room, [rows[mark.pk] for mark in shown])
    moments = [
        {**sentence, "ms": mark.ms, "at": _at(mark.ms), "kind": mark.kind}
        for mark, sentence in zip(shown, sentences, strict=True)
    ]
    return {"moments": moments, "more_moments": len(film.marks) - len(marks)}


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timeline of a class with its notable events and sequence gaps. It is 1000 units wide."""

    film: Film
    WIDTH = 1000

    @property
    def start_ms(self) -> int:
        return self.film.start_ms or 0

    @property
    def seconds(self) -> int:
        """The length of the class in seconds, rounded up and at least 1."""
        return max(1, -(-((self.film.end_ms or 0) - self.start_ms) // 1000))

    def _x(self, ms: int) -> float:
        return round(self.WIDTH * (ms - self.start_ms) / (self.seconds * 1000), 1)

    @property
    def marks(self) -> list[dict[str, Any]]:
        places = {(mark.kind, self._x(mark.ms)) for mark in self.film.marks}
        return [{"kind": kind, "x": x} for kind, x in sorted(places)]

    @property
    def gaps(self) -> list[dict[str, Any]]:
        return [
            {"x": self._x(gap.start_ms), "width": max(4.0, self._x(gap.end_ms) - self._x(gap.start_ms))}
            for gap in self.film.gaps
        ]
