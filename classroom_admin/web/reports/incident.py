"""The incident report of a class: choose a stretch, then download an archive. Only for administrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.permissions import Permission
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.clock import iso
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import sent
from classroom_admin.web.parameters import require_plausible_year
from classroom_admin.web.reports.incident_archive import make_archive
from classroom_admin.web.reports.incident_data import Span, whole_class

UNPROCESSABLE = 422


def _time_field(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S")
    return forms.DateTimeField(label=label, widget=widget, validators=[require_plausible_year])


class StretchForm(forms.Form):
    """The form with the stretch of the class. Times are in the person's time zone."""

    start = _time_field(_("From"))
    end = _time_field(_("To (inclusive)"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", gettext("The end is before the start. Choose a later end."))
        return cleaned


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Ask for the stretch of the class. A POST returns the archive."""
    room = access_by_key(request.user, key, to=Permission.INCIDENTS).room
    whole = whole_class(room)
    initial = {
        "start": whole.start.replace(microsecond=0),
        "end": whole.end.replace(microsecond=0),
    }
    form = StretchForm(sent(request), initial=initial)
    if form.is_bound and form.is_valid():
        return _archive(request, room, _span(form, whole, initial))
    context = {"room": room, "form": form, "zone": timezone.get_current_timezone_name()}
    return render(
        request, "reports/incident/form.html", context, status=UNPROCESSABLE if form.is_bound else 200
    )


def _span(form: StretchForm, whole: Span, initial: dict[str, Any]) -> Span:
    """Return the chosen stretch. Unchanged times are exact to the millisecond, others to the second."""
    start, end = form.cleaned_data["start"], form.cleaned_data["end"]
    return Span(
        start=whole.start if start == initial["start"] else start,
        end=whole.end if end == initial["end"] else end,
    )


def _archive(request: AuthenticatedHttpRequest, room: Room, span: Span) -> HttpResponse:
    made_at = clock.now()
    archive = make_archive(room, span, person=request.user, made_at=made_at)
    record.done(
        actor=request.user,
        action="report.incident",
        room_uuid=room.room_uuid,
        params={"from": iso(span.start), "to": iso(span.end), "manifest_sha256": archive.manifest_sha256},
    )
    answer = HttpResponse(archive.content, content_type="application/zip")
    name = f"incident-{timezone.localtime(span.start):%Y-%m-%d-%H%M}-{room.key}.zip"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
