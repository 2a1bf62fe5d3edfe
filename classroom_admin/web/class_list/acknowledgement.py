"""Acknowledge alerts of a class for everyone who sees the class, and record this in the audit log.

This module also shows the keyboard shortcuts, the other dialog of the list of classes.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, trigger_client_event

from classroom_admin.accounts.permissions import Permission
from classroom_admin.audit.record import done
from classroom_admin.common import clock
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.alert_kinds import KINDS
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.class_list import live_classes
from classroom_admin.web.class_list.alert_rules import Alerts
from classroom_admin.web.dialogs import ask, sent
from classroom_admin.web.models import Acknowledgement

LONGEST_CLASS: Final = timedelta(hours=25)
"""The maximum time until a class is closed: one day plus a tolerance of 1 h."""


def acknowledge(access: ClassAccess, *, kinds: Collection[str], minutes: int | None) -> None:
    """Acknowledge alerts of these kinds for ``minutes``.

    If ``minutes`` is None, they are acknowledged until the class ends. Alerts that begin later are not
    acknowledged. Unknown kinds are ignored.
    """
    access.require(Permission.RUN)
    known = [kind for kind in KINDS if kind in kinds]
    if not known:
        return
    now = clock.cloud_now()
    until = now + (LONGEST_CLASS if minutes is None else timedelta(minutes=minutes))
    with transaction.atomic():
        Acknowledgement.objects.filter(until__lt=now - LONGEST_CLASS).delete()
        for kind in known:
            Acknowledgement.objects.update_or_create(
                room=access.room,
                kind=kind,
                defaults={"by": access.person, "at": now, "until": until, "whole": minutes is None},
            )
        _record("wall.snooze", access, {"reasons": known, "minutes": minutes})


def cancel_acknowledgement(access: ClassAccess, *, kinds: Collection[str]) -> None:
    """Make alerts of these kinds active again. Unknown kinds are ignored."""
    access.require(Permission.RUN)
    known = [kind for kind in KINDS if kind in kinds]
    with transaction.atomic():
        found = Acknowledgement.objects.select_for_update().filter(room=access.room, kind__in=known)
        acknowledged = sorted(found.values_list("kind", flat=True))
        if acknowledged:
            found.delete()
            _record("wall.unsnooze", access, {"reasons": acknowledged})


def _record(action: str, access: ClassAccess, params: dict[str, object]) -> None:
    room = access.room
    done(actor=access.person, action=action, room_uuid=room.room_uuid, target_name=room.name, params=params)


WHOLE: Final = "class"
AT_ONCE_MINUTES: Final = 15
FOR: Final = [
    ("5", _("5 minutes")),
    ("15", _("15 minutes")),
    ("60", _("1 hour")),
    (WHOLE, _("Until the class ends")),
]


class AcknowledgementForm(forms.Form):
    """A form for the alerts to acknowledge and the duration."""

    kinds = forms.MultipleChoiceField(error_messages={"required": _("Select at least one alert.")})
    minutes = forms.ChoiceField(choices=FOR, initial="15")

    def __init__(self, *args: Any, alerts: Alerts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kinds"]
        kinds.choices = [(alert.kind, alert.words) for alert in alerts.active]

    @property
    def duration(self) -> int | None:
        """Return the duration in minutes. Return None if it lasts until the class ends."""
        chosen = self.cleaned_data["minutes"]
        return None if chosen == WHOLE else int(chosen)


@require_http_methods(["GET", "POST"])
@signed_in
def acknowledge_alerts(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the alerts of a class.

    A POST acknowledges some of them, or makes acknowledged alerts active again. A POST with `at_once` comes
    from a button above the list of classes. It needs no form.
    """
    access = live_classes.access_with_alerts(request.user, key)
    room: Any = access.room
    if request.method == "POST":
        access.require(Permission.RUN)
    if request.method == "POST" and (back := request.POST.getlist("back")):
        cancel_acknowledgement(access, kinds=back)
        return _done(request)
    if request.method == "POST" and (at_once := request.POST.get("at_once", "").split()):
        acknowledge(access, kinds=at_once, minutes=AT_ONCE_MINUTES)
        return _done(request)
    form = AcknowledgementForm(sent(request), alerts=room.alerts)
    if request.method == "POST" and form.is_valid():
        kinds = form.cleaned_data["kinds"]
        acknowledge(access, kinds=kinds, minutes=form.duration)
        return _done(request)
    may = access.may(Permission.RUN)
    context = {"room": room, "form": form, "chosen": request.POST.getlist("kinds"), "may_acknowledge": may}
    return ask(request, "class_list/acknowledge.html", context, status=422 if form.is_bound else 200)


@require_safe
@signed_in
def keyboard_shortcuts(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the keyboard shortcuts of the list of classes."""
    return ask(request, "class_list/keys.html", {})


def _done(request: AuthenticatedHttpRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("live:classes")
    return trigger_client_event(reswap(HttpResponse(), "none"), "live:commanded", {})
