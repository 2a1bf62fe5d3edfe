"""What narrows the list of what was done."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from classroom_admin.accounts.models import User
from classroom_admin.audit.actions import GROUPS
from classroom_admin.audit.models import Step
from classroom_admin.audit.selectors import Filters
from classroom_admin.rooms.models import Room

OUTCOMES = {
    Step.Kind.REQUESTED: "Requested",
    Step.Kind.ACCEPTED: "Accepted",
    Step.Kind.CONFIRMED: "Confirmed",
    Step.Kind.FAILED: "Failed",
    Step.Kind.DONE: "Done",
}


class SyncForm(forms.Form):
    """Where in the list of what could not be read a page begins."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class AuditForm(forms.Form):
    """Filters; an empty field does not narrow. Days are days of the school's time zone."""

    person = forms.ModelChoiceField(User.objects.all(), required=False, empty_label="Everybody")
    action = forms.ChoiceField(
        required=False,
        label="What",
        choices=[("", "Everything"), *((group, list(kinds.items())) for group, kinds in GROUPS.items())],
    )
    room = forms.CharField(
        required=False,
        label="Class",
        max_length=255,
        widget=forms.TextInput(attrs={"placeholder": "Part of the name"}),
    )
    outcome = forms.ChoiceField(required=False, choices=[("", "Any"), *OUTCOMES.items()])
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first one.")
        return cleaned

    def filters(self) -> Filters:
        """The filters of a valid form."""
        given = self.cleaned_data
        rooms = (
            Room.objects.filter(name__icontains=given["room"]).values("room_uuid") if given["room"] else None
        )
        return Filters(
            actor_id=given["person"].pk if given["person"] else None,
            action=given["action"],
            rooms=rooms,
            outcome=given["outcome"],
            since=_midnight(given["since"]),
            until=_midnight(given["until"], days=1),
        )


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    if day is None or day > date.max - timedelta(days=days + 1):
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))
