"""Pages of a class's stored events: the filtered list, and a single event as JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.common.redaction import pretty
from classroom_admin.rooms.access import access_by_key
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.classroom.events import EVENT_KINDS, EventFilter, EventPage, event_rows
from classroom_admin.web.dialogs import ask
from classroom_admin.web.parameters import number


@require_safe
@signed_in
def events(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show events, newest first. Filter by `kind`, by name (`who`), and `before` or `after` an id."""
    room = access_by_key(request.user, key).room
    kind = request.GET.get("kind", "")
    event_filter = EventFilter(
        kind=kind if kind in dict(EVENT_KINDS) else "", who=request.GET.get("who", "").strip()[:100]
    )
    before, after = number(request, "before"), number(request, "after")
    page = EventPage(room, before=before, after=after, event_filter=event_filter)
    context: dict[str, Any] = {
        "room": room, "events": page, "filter": event_filter, "choices": EVENT_KINDS,
    }  # fmt: skip
    if not request.htmx:
        context["gaps"] = list(room.gaps.order_by("stream", "first"))
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
    event = get_object_or_404(StoredEvent.objects.exclude(stream="peer"), room=room, pk=pk)
    (row,) = event_rows(room, [event])
    context = {"room": room, "event": event, "words": row["words"], "pretty": pretty(event.raw)}
    return ask(request, "classroom/event.html", context)
