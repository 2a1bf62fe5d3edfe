"""The dialog that creates and ends links to a recording for people without an account."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import recording_shares
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common import clock
from classroom_admin.common.public_address import absolute
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import Availability, availability, link_ends_at
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.parameters import is_number, require_plausible_year
from classroom_admin.web.recordings.page import recording_access

OWN: Final = "own"
LASTS: Final = {"1": _("1 day"), "7": _("7 days"), "30": _("30 days"), OWN: _("Until a date")}
DEFAULT: Final = "7"


class ShareForm(forms.Form):
    """How long a link works. Choices that end after `latest` are left out. Days are in the person's zone."""

    lasts = forms.ChoiceField(label=_("The link works for"))
    day = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, latest: datetime, **more: Any) -> None:
        now = clock.cloud_now()
        offered = {
            days: words
            for days, words in LASTS.items()
            if days == OWN or now + timedelta(days=int(days)) <= latest
        }
        last_day = timezone.localtime(latest).date()
        more.setdefault("initial", {"lasts": next(iter(offered)) if DEFAULT not in offered else DEFAULT})
        super().__init__(*args, **more)
        self.fields["lasts"].choices = list(offered.items())  # type: ignore[attr-defined]
        self.fields["day"].widget.attrs |= {
            "min": timezone.localtime(now).date().isoformat(), "max": last_day.isoformat(),
        }  # fmt: skip
        self._latest = latest

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("lasts") == OWN and "day" in cleaned:
            if cleaned["day"] is None:
                self.add_error("day", gettext("Choose the last day."))
            else:
                try:
                    require_plausible_year(cleaned["day"])
                except forms.ValidationError as error:
                    self.add_error("day", error)
        return cleaned

    def ends_at(self) -> datetime:
        """Return when the link ends. The last day counts as a whole day. The form must be valid."""
        lasts, day = self.cleaned_data["lasts"], self.cleaned_data.get("day")
        if lasts != OWN:
            return clock.cloud_now() + timedelta(days=int(lasts))
        midnight = datetime.combine(day + timedelta(days=1), time(), timezone.get_current_timezone())
        is_last = day == timezone.localtime(self._latest).date()
        return self._latest if is_last else midnight


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def share(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Create a link to a recording, and show it once. If a POST has `end`, end the link with this id."""
    access, found = recording_access(request.user, pk, to=Permission.RECORD)
    if request.method == "POST" and "end" in request.POST:
        return _end(request, access, found)
    latest = recording_shares.latest_end(now=clock.cloud_now(), link_ends=link_ends_at(found))
    form = ShareForm(sent(request), latest=latest)
    context: dict[str, Any] = {"room": access.room, "recording": found, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            made, token = recording_shares.share(access, found, ends_at=form.ends_at())
        except ActionRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            context |= {"made": made, "address": absolute(reverse("live:shared_recording", args=[token]))}
    context["known"] = list(recording_shares.active_shares(found))
    context["is_ready"] = availability(found, clock.cloud_now()) == Availability.READY
    status = 422 if form.is_bound and not form.is_valid() else 200
    response = ask(request, "recordings/share.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _end(request: AuthenticatedHttpRequest, access: ClassAccess, found: Recording) -> HttpResponse:
    given = request.POST["end"]
    if is_number(given) and recording_shares.revoke(access, found, pk=int(given)):
        messages.success(request, gettext("The link was ended. It no longer works."))
    if is_htmx(request):
        return HttpResponseClientRefresh()
    return redirect("reports:recording", found.pk)


def is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))
