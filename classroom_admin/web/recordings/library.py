"""The list of the recordings of all classes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.common import clock
from classroom_admin.common.search_field import matches
from classroom_admin.rooms.access import own_rooms, visible_rooms
from classroom_admin.rooms.models import Participant, Recording, RoomTeacher
from classroom_admin.rooms.recording_links import (
    Availability,
    availability,
    condition,
    ends_soon,
    link_ends_at,
    with_over_at,
)
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.parameters import is_number
from classroom_admin.web.reports.filters import ALL, OWN, FilterForm
from classroom_admin.web.reports.tabs import tabs_for

ON_A_PAGE: Final = 50
LOOKS: Final = {
    Availability.READY: ("good", "circle-check"),
    Availability.PREPARING: ("", "hourglass"),
    Availability.RUNNING: ("bad", "circle-dot"),
    Availability.FAILED: ("bad", "triangle-alert"),
    Availability.DELETED: ("", "trash-2"),
    Availability.EXPIRED: ("", "clock"),
}
"""The colour and the icon of each availability."""


class RecordingFilterForm(FilterForm):
    """The filter of recordings: period, teacher, availability, and words in the names."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Any state")), *Availability.choices]
    )

    def __init__(self, viewer: User, data: QueryDict) -> None:
        filled = data.copy()
        filled.setdefault("period", OWN if data.get("since") or data.get("until") else ALL)
        super().__init__(viewer, filled)
        del self.fields["class_list"]
        self.fields["q"].label = _("Class or teacher")
        self.order_fields(["q", "state", "period", "since", "until", "teacher"])

    def recordings(self, now: datetime) -> QuerySet[Recording]:
        """Return the matching recordings that the viewer may see, newest first. The form must be valid."""
        chosen = self.chosen()
        rooms = visible_rooms(self._viewer)
        if chosen.teacher is not None:
            rooms = own_rooms(chosen.teacher, rooms)
        found = with_over_at(Recording.objects.filter(room__in=rooms.values("pk")))
        if chosen.words:
            found = found.filter(_named(chosen.words))
        if chosen.since is not None:
            found = found.filter(started_at__gte=chosen.since)
        if chosen.until is not None:
            found = found.filter(started_at__lt=chosen.until)
        if self.cleaned_data["state"]:
            found = found.filter(condition(Availability(self.cleaned_data["state"]), now))
        return found.order_by(F("started_at").desc(nulls_last=True), "-pk")


def _named(words: str) -> Q:
    """Return the condition that the class, or a person who teaches it, has a name with these words."""
    assigned = RoomTeacher.objects.filter(matches(words, field="user__search"), room=OuterRef("room"))
    taught = Participant.objects.filter(
        matches(words, field="name_search"), room=OuterRef("room"), was_teacher=True
    )
    return Q(matches(words, field="room__name_search")) | Exists(assigned) | Exists(taught)


@never_cache
@require_safe
@requires(Permission.REPORTS)
def recordings(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the recordings of the classes that the person may see. `page` is the number of the page."""
    now = clock.cloud_now()
    form = RecordingFilterForm(request.user, request.GET)
    found = form.recordings(now) if form.is_valid() else Recording.objects.none()
    number = request.GET.get("page", "1")
    page = Paginator(_with_names(found), ON_A_PAGE).get_page(number if is_number(number) else 1)
    context: dict[str, Any] = {
        "tabs": tabs_for(request.user),
        "form": form,
        "page": page,
        "rows": [row(one, now) for one in page],
        "link_days": settings.RECORDING_LINK_DAYS,
    }
    return render(request, "recordings/list.html", context, status=200 if form.is_valid() else 422)


def row(recording: Recording, now: datetime) -> dict[str, Any]:
    """Return what the list shows for a recording."""
    state = availability(recording, now)
    colour, icon = LOOKS[state]
    return {
        "recording": recording,
        "room": recording.room,
        "teachers": teachers_of(recording),
        "state": state,
        "colour": colour,
        "icon": icon,
        "link_ends_at": link_ends_at(recording),
        "ends_soon": ends_soon(recording, now),
    }


def teachers_of(recording: Recording) -> list[str]:
    """Return the names of the accounts that the class is assigned to, or of those who taught it."""
    assigned = [str(one.user) for one in recording.room.assigned_teachers]  # type: ignore[attr-defined]
    taught = [str(one) for one in recording.room.who_taught]  # type: ignore[attr-defined]
    return assigned or taught


def _with_names(found: QuerySet[Recording]) -> QuerySet[Recording]:
    assigned = RoomTeacher.objects.select_related("user").order_by("user__name", "user__email")
    taught = (
        Participant.objects.filter(was_teacher=True).only("room_id", "name", "was_teacher").order_by("pk")
    )
    return found.select_related("room").prefetch_related(
        Prefetch("room__teachers", queryset=assigned, to_attr="assigned_teachers"),
        Prefetch("room__participants", queryset=taught, to_attr="who_taught"),
    )


def with_names(recording: Recording) -> Recording:
    """Return the recording with its class and the names of its teachers."""
    return _with_names(Recording.objects.filter(pk=recording.pk)).get()
