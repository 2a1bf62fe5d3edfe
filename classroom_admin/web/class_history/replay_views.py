"""The page on which one moves through a class that was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.replay import Film, film_of
from classroom_admin.web.access import signed_in
from classroom_admin.web.class_history.replay_presenter import PastReading
from classroom_admin.web.classroom.events import tell
from classroom_admin.web.classroom.views import wanted_part
from classroom_admin.web.parameters import number

MOST_MOMENTS: Final = 200
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


@require_safe
@signed_in
def replay(request: HttpRequest, key: str) -> HttpResponse:
    """The class as it stood at `at` (ms since 1970, or a time of its day); its end where none is given.

    `upto` keeps to the events that were there when the page was made. htmx gets the panels alone, or with
    `who` the next rows of a long roster, as `class_page.more_people`.
    """
    room = class_selectors.class_for(request.user, key)
    film, upto = film_of(room, upto=number(request, "upto"))
    if film.start_ms is None or film.end_ms is None:
        return render(request, "class_history/replay/empty.html", {"room": room})
    ms = _moment(request, film.start_ms, film.end_ms)
    reading = PastReading(room, film, ms, upto=upto, everybody=request.GET.get("people") == "all")
    context = {"room": reading.room, "one": reading, "missing": _missing(film, ms)}
    if "who" in request.GET:
        return render(
            request, "classroom/_roster_more.html", context | {"part": wanted_part(request, reading)}
        )
    if request.htmx:
        return render(request, "class_history/replay/_body.html", context)
    return render(
        request,
        "class_history/replay/replay.html",
        context | {"strip": Strip(film), "upto": upto, **_moments(room, film)},
    )


def _moment(request: HttpRequest, start_ms: int, end_ms: int) -> int:
    """The moment that was asked for, within the class."""
    words = request.GET.get("at", "").strip()
    if words.isascii() and words.isdecimal() and len(words) <= 15:
        found = int(words)
    elif clock := _CLOCK.fullmatch(words):
        found = _on_the_day(clock, start_ms, timezone.get_current_timezone())
    else:
        found = end_ms
    return max(start_ms, min(end_ms, found))


def _on_the_day(clock: re.Match[str], start_ms: int, zone: Any) -> int:
    """A time of the day on which the class began, or of the next where that is before its beginning."""
    hour, minute, second = (int(part or 0) for part in clock.groups())
    begun = datetime.fromtimestamp(start_ms / 1000, zone)
    wanted = datetime.combine(begun.date(), time(hour % 24, minute % 60, second % 60), zone)
    if wanted < begun - timedelta(hours=6):
        wanted += timedelta(days=1)
    return round(wanted.timestamp() * 1000)


def _missing(film: Film, ms: int) -> dict[str, Any]:
    """What is missing at a moment: the gap that it lies in, else how many lie before it."""
    inside = next((gap for gap in film.gaps if gap.start_ms <= ms < gap.end_ms), None)
    if inside is not None:
        return {"start": _at(inside.start_ms), "end": _at(inside.end_ms)}
    return {"before": sum(gap.end_ms <= ms for gap in film.gaps)}


def _moments(room: Room, film: Film) -> dict[str, Any]:
    """The notable moments as sentences; of very many the first ones, hands last."""
    marks = sorted(film.marks, key=lambda mark: mark.kind == "hand")[:MOST_MOMENTS]
    marks.sort(key=lambda mark: mark.ms)
    rows = StoredEvent.objects.filter(room=room).in_bulk([mark.pk for mark in marks])
    told = tell(room, [rows[mark.pk] for mark in marks if mark.pk in rows])
    moments = [
        {**words, "ms": mark.ms, "at": _at(mark.ms), "kind": mark.kind}
        for mark, words in zip((mark for mark in marks if mark.pk in rows), told, strict=True)
    ]
    return {"moments": moments, "more_moments": len(film.marks) - len(marks)}


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Strip:
    """The class as a line 1000 units long, with its marks and gaps."""

    film: Film
    WIDTH = 1000

    @property
    def start_ms(self) -> int:
        return self.film.start_ms or 0

    @property
    def seconds(self) -> int:
        """How long the class is, in whole seconds, the last moment included."""
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
