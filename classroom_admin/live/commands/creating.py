"""Create a class."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.models import User
from classroom_admin.actions import classes
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.core import clock
from classroom_admin.live.access import signed_in
from classroom_admin.live.commands.answers import told, wrong
from classroom_admin.live.dialogs import ask, sent
from classroom_admin.rooms.models import Room

KINDS: Final = (
    (4, "Small class", "Up to a few dozen pupils; everyone can be seen."),
    (0, "One-to-one", "One teacher and one pupil."),
    (2, "Lecture hall", "Many pupils; the teacher is on stage."),
    (10, "Small class (cloud)", "A small class in the cloud's newer room."),
)
_FIELDS: Final = {
    "roomName": "name",
    "roomType": "room_type",
    "schedule.startTime": "starts_at",
    "schedule.duration": "minutes",
    "startTime": "starts_at",
    "duration": "minutes",
}


class CreateForm(forms.Form):
    """A class. The time is read in the zone of the person who fills in the form."""

    name = forms.CharField(max_length=64, widget=forms.TextInput({"dir": "auto", "autofocus": True}))
    room_type = forms.TypedChoiceField(
        choices=[(value, words) for value, words, _ in KINDS], coerce=int, initial=4
    )
    starts_at = forms.CharField(
        required=False,
        label="Begins",
        widget=forms.DateTimeInput({"type": "datetime-local"}),
    )
    minutes = forms.IntegerField(required=False, min_value=1, max_value=1440, initial=60, label="Minutes")

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields[
            "starts_at"
        ].help_text = f"Empty: it starts when somebody starts it. Time zone: {zone.key}."

    def clean_starts_at(self) -> datetime | None:
        said = self.cleaned_data["starts_at"]
        if not said:
            return None
        try:
            when = datetime.fromisoformat(said)
        except ValueError as error:
            raise forms.ValidationError("Give day and time, like 2026-09-01 09:30.") from error
        when = when if when.tzinfo else when.replace(tzinfo=self.zone)
        if when < clock.cloud_now():
            raise forms.ValidationError("This time is over. Leave it empty to start the class by hand.")
        return when

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the action."""
        said = self.cleaned_data
        minutes = said["minutes"]
        return {
            "name": said["name"],
            "room_type": said["room_type"],
            "starts_at": said["starts_at"],
            "duration_s": minutes * 60 if minutes else None,
        }


def zone_of(user: User) -> ZoneInfo:
    """The person's time zone; the school's where it is empty or unknown."""
    try:
        return ZoneInfo(user.time_zone or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """GET asks; POST creates and leads to the class."""
    zone = zone_of(request.user)
    form = CreateForm(sent(request), zone=zone)
    if request.method == "POST" and form.is_valid():
        try:
            return _went(request, classes.create_class(actor=request.user, **form.arguments), form)
        except ActionRefused as error:
            wrong(form, error, _FIELDS)
    return _ask(request, form)


def _ask(request: HttpRequest, form: CreateForm) -> HttpResponse:
    context = {"form": form, "kinds": KINDS, "zone": form.zone.key, "kind": str(form["room_type"].value())}
    return ask(request, "commands/create.html", context, status=422 if form.is_bound else 200)


def _went(request: HttpRequest, entry: Entry, form: CreateForm) -> HttpResponse:
    how = told(entry)
    if how.reason:
        form.add_error(None, how.reason)
        return _ask(request, form)
    room = Room.objects.filter(room_uuid=entry.room_uuid).first()
    if room is None:
        messages.success(
            request, "The class was asked for. It appears here as soon as the cloud tells of it."
        )
    else:
        messages.success(request, "The class is made.")
    to = resolve_url("live:class", room.key) if room else resolve_url("live:classes")
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)
