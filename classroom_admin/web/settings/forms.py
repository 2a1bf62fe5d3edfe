"""Forms that filter the audit log and the sync page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.models import User
from classroom_admin.audit.actions import GROUPS
from classroom_admin.audit.models import Step
from classroom_admin.audit.selectors import Filters
from classroom_admin.rooms.selectors import room_uuids_like

OUTCOMES = {
    Step.Kind.REQUESTED: _("Requested"),
    Step.Kind.ACCEPTED: _("Accepted"),
    Step.Kind.CONFIRMED: _("Confirmed"),
    Step.Kind.FAILED: pgettext_lazy("command", "Failed"),
    Step.Kind.DONE: _("Done"),
}


class SyncForm(forms.Form):
    """The form with the start of a page of the quarantine."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class AuditForm(forms.Form):
    """The filters of the audit log. An empty field does not filter. Days are in the person's time zone."""

    person = forms.ModelChoiceField(
        User.objects.all(), required=False, label=_("Person"), empty_label=_("Everyone")
    )
    action = forms.ChoiceField(
        required=False,
        label=_("Action"),
        choices=[("", _("All actions")), *((group, list(kinds.items())) for group, kinds in GROUPS.items())],
    )
    room = forms.CharField(
        required=False,
        label=_("Class"),
        max_length=255,
        widget=forms.TextInput(attrs={"placeholder": _("Part of the name")}),
    )
    outcome = forms.ChoiceField(
        required=False, label=_("Outcome"), choices=[("", _("Any")), *OUTCOMES.items()]
    )
    since = forms.DateField(required=False, label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label=_("To"), widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error(
                "until", gettext("The end date is before the start date. Choose a later end date.")
            )
        return cleaned

    def filters(self) -> Filters:
        """Return the filters. The form must be valid."""
        chosen = self.cleaned_data
        rooms = room_uuids_like(chosen["room"]) if chosen["room"] else None
        return Filters(
            actor_id=chosen["person"].pk if chosen["person"] else None,
            action=chosen["action"],
            rooms=rooms,
            outcome=chosen["outcome"],
            since=_midnight(chosen["since"]),
            until=_midnight(chosen["until"], days=1),
        )


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    if day is None or day > date.max - timedelta(days=days + 1):
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))
