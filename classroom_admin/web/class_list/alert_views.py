"""Views that acknowledge alerts of a class and list the keyboard shortcuts of the class list."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.class_list import acknowledgement, live_classes
from classroom_admin.web.class_list.alert_rules import Alerts
from classroom_admin.web.dialogs import ask, sent

WHOLE: Final = "class"
FOR: Final = [
    ("5", _("5 minutes")),
    ("15", _("15 minutes")),
    ("60", _("1 hour")),
    (WHOLE, _("Until the class ends")),
]


class AcknowledgementForm(forms.Form):
    """The form with the alerts to acknowledge and the duration."""

    kinds = forms.MultipleChoiceField(error_messages={"required": _("Select at least one alert.")})
    minutes = forms.ChoiceField(choices=FOR, initial="15")

    def __init__(self, *args: Any, alerts: Alerts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kinds"]
        kinds.choices = [(alert.kind, alert.words) for alert in alerts.active]

    @property
    def duration(self) -> int | None:
        """Return the duration in minutes; None means until the class ends."""
        chosen = self.cleaned_data["minutes"]
        return None if chosen == WHOLE else int(chosen)


@require_http_methods(["GET", "POST"])
@signed_in
def acknowledge(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the alerts of a class. A POST acknowledges `kinds` or cancels the acknowledgement of `back`."""
    access = live_classes.access_with_alerts(request.user, key)
    room: Any = access.room
    if request.method == "POST" and (back := request.POST.getlist("back")):
        acknowledgement.cancel_acknowledgement(access, kinds=back)
        return _done(request)
    form = AcknowledgementForm(sent(request), alerts=room.alerts)
    if request.method == "POST" and form.is_valid():
        kinds = form.cleaned_data["kinds"]
        acknowledgement.acknowledge(access, kinds=kinds, minutes=form.duration)
        return _done(request)
    context = {"room": room, "form": form, "chosen": request.POST.getlist("kinds")}
    return ask(request, "class_list/acknowledge.html", context, status=422 if form.is_bound else 200)


@require_safe
@signed_in
def keyboard_shortcuts(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the keyboard shortcuts of the class list."""
    return ask(request, "class_list/keys.html", {})


def _done(request: AuthenticatedHttpRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("live:classes")
    return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {})
