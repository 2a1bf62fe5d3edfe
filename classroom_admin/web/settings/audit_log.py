"""The form that filters the audit log, and rows that describe the entries in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.models import User
from classroom_admin.audit.actions import GROUPS, label
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.selectors import Filters, last_step
from classroom_admin.common.problem_texts import reason_in
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import room_uuids_like

OUTCOMES = {kind: capfirst(kind.label) for kind in Step.Kind}


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


_TONES = {Step.Kind.FAILED: "bad", Step.Kind.CONFIRMED: "good", Step.Kind.DONE: "good"}
# In these actions the actor is the target, so the target is not shown.
_OF_ONESELF = {"account.sign_in", "account.sign_out", "account.password_change"}
# Labels of parameters by their names in the audit log.
_PARAMS = {
    "added": pgettext_lazy("people", "Added"),
    "after_s": _("Delay (seconds)"),
    "ban_s": _("Ban duration (seconds)"),
    "cause": _("Reason (sent to the classroom)"),
    "changed": pgettext_lazy("people", "Changed"),
    "classes": _("Classes"),
    "close_delay_s": _("Stays open after the end (seconds)"),
    "cloud_user_ids": _("Cloud user ids"),
    "conversion": _("Conversion"),
    "duration_s": _("Duration (seconds)"),
    "email": _("Email address"),
    "ext": _("File type"),
    "first": _("First class"),
    "for_good": _("Permanent ban"),
    "for_the_class": _("Ban for this class"),
    "groups": _("Breakout rooms"),
    "kinds": _("Alerts"),
    "last": _("Last class"),
    "list": _("List"),
    "max_on_stage": _("Maximum students on stage"),
    "minutes": _("Duration (minutes)"),
    "mode": _("Mode"),
    "name": pgettext_lazy("thing", "Name"),
    "names": _("Names"),
    "now": _("After"),
    "properties": _("Properties"),
    "pupil_limit": _("Maximum students"),
    "reason": _("Reason"),
    "reasons": _("Alerts"),
    "removed": pgettext_lazy("list entries", "Removed"),
    "resource_uuids": _("Files"),
    "role": _("Role"),
    "room_type": _("Type"),
    "size": _("Size in bytes"),
    "stage_role": _("Role on stage"),
    "starts_at": _("Starts"),
    "state": _("State"),
    "url": _("Address"),
    "was": _("Before"),
    "web_config": _("Recording settings"),
    "widgets": _("Widgets"),
}
# Internal ids and numbers that mean nothing to people.
_INTERNAL = {"due_ms", "hold", "planned"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that describes an entry in words. `room` is None if the entry concerns no known class."""

    entry: Entry
    what: str
    whom: str
    room: Room | None
    outcome: str
    tone: str
    message: str
    details: list[tuple[str, str]]


def rows_of(entries: Iterable[Entry]) -> list[Row]:
    """Return the rows for `entries`, whose steps must be prefetched. Run one query for the classes' names."""
    entries = list(entries)
    uuids = {entry.room_uuid for entry in entries if entry.room_uuid}
    rooms = {room.room_uuid: room for room in Room.objects.filter(room_uuid__in=uuids)} if uuids else {}
    return [_row(entry, rooms.get(entry.room_uuid)) for entry in entries]


def _row(entry: Entry, room: Room | None) -> Row:
    step = last_step(entry)
    kind = Step.Kind(step.kind) if step else Step.Kind.REQUESTED
    detail = step.detail if step else {}
    return Row(
        entry=entry,
        what=label(entry.action),
        whom="" if entry.action in _OF_ONESELF else entry.target_name or entry.target,
        room=room,
        outcome=str(OUTCOMES[kind]),
        tone=_TONES.get(kind, ""),
        message=reason_in(detail),
        details=list(_details(entry.params)),
    )


def _details(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        if name in _INTERNAL:
            continue
        if name == "changed" and isinstance(value, dict):
            for what, turn in value.items():
                yield _words(what), f"{_text(turn.get('from'))} → {_text(turn.get('to'))}"
        else:
            yield _words(name), _text(value)


def _words(name: str) -> str:
    return str(_PARAMS.get(name) or name.replace("_", " ").capitalize())


def _text(value: Any) -> str:
    if isinstance(value, list):
        return gettext(", ").join(map(_text, value)) or gettext("none")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return gettext("none") if value in (None, "") else str(value)
