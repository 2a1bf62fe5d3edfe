"""The event log of a class: earlier events, those that fit a filter, one event as it came."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.common.redaction import pretty
from classroom_admin.rooms.access import room_for
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.access import signed_in
from classroom_admin.web.classroom import event_kinds
from classroom_admin.web.classroom.events import EventFilter, EventPage, tell
from classroom_admin.web.dialogs import ask
from classroom_admin.web.numbers import number


@require_safe
@signed_in
def events(request: HttpRequest, key: str) -> HttpResponse:
    """Events newest first: of a `kind`, of people whose name has the words of `who`, `before` or `after` an
    event.
    """
    room = room_for(request.user, key)
    asked = request.GET.get("kind", "")
    looked_for = EventFilter(
        kind=asked if asked in dict(event_kinds.CHOICES) else "", who=request.GET.get("who", "").strip()[:100]
    )
    before, after = number(request, "before"), number(request, "after")
    found = EventPage(room, before=before, after=after, looked_for=looked_for)
    context = {"room": room, "events": found, "looked_for": looked_for, "choices": event_kinds.CHOICES}
    if not request.htmx:
        context["gaps"] = list(room.gaps.order_by("stream", "first"))
        return render(request, "class_history/events.html", context)
    if after is not None and not found.rows:
        return HttpResponse(status=204)
    part = "newer" if after is not None else "earlier" if before is not None else "found"
    return render(request, f"class_history/events/_{part}.html", context)


@never_cache
@require_safe
@signed_in
def event_json(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """One event as it came."""
    room = room_for(request.user, key)
    event = get_object_or_404(StoredEvent.objects.exclude(stream="peer"), room=room, pk=pk)
    (told,) = tell(room, [event])
    context = {"room": room, "event": event, "words": told["words"], "pretty": pretty(event.raw)}
    return ask(request, "classroom/event.html", context)
