"""What a person does about the wall itself: look after a reason, and read which keys there are."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.web.access import signed_in
from classroom_admin.web.class_list import acknowledgement, live_classes
from classroom_admin.web.class_list.alert_rules import Standing
from classroom_admin.web.dialogs import ask, sent

WHOLE: Final = "class"
FOR: Final = [
    ("5", _("5 minutes")),
    ("15", _("15 minutes")),
    ("60", _("1 hour")),
    (WHOLE, _("Until the class ends")),
]


class SnoozeForm(forms.Form):
    """Which reasons, and for how long."""

    kinds = forms.MultipleChoiceField(error_messages={"required": _("Select at least one alert.")})
    minutes = forms.ChoiceField(choices=FOR, initial="15")

    def __init__(self, *args: Any, standing: Standing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(reason.kind, reason.words) for reason in standing.reasons]

    @property
    def length(self) -> int | None:
        """Minutes; None: until the class ends."""
        told = self.cleaned_data["minutes"]
        return None if told == WHOLE else int(told)


@require_http_methods(["GET", "POST"])
@signed_in
def snooze(request: HttpRequest, key: str) -> HttpResponse:
    """GET shows what the class needs and who looks after it; POST lets it rest, or takes that back."""
    room = live_classes.one(request.user, key)
    if request.method == "POST" and (back := request.POST.getlist("back")):
        acknowledgement.take_back(actor=request.user, room=room, kinds=back)
        return _done(request)
    form = SnoozeForm(sent(request), standing=room.standing)
    if request.method == "POST" and form.is_valid():
        acknowledgement.snooze(
            actor=request.user, room=room, kinds=form.cleaned_data["kinds"], minutes=form.length
        )
        return _done(request)
    context = {"room": room, "form": form, "chosen": request.POST.getlist("kinds")}
    return ask(request, "class_list/acknowledge.html", context, status=422 if form.is_bound else 200)


@require_safe
@signed_in
def keys(request: HttpRequest) -> HttpResponse:
    """The keys of the wall."""
    return ask(request, "class_list/keys.html", {})


def _done(request: HttpRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("live:classes")
    return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {})
