"""The form that filters the audit log, and rows that describe the entries in words, for pages and files."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.models import User
from classroom_admin.audit.actions import GROUPS
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.selectors import Filters, last_step
from classroom_admin.common.erased import translated
from classroom_admin.common.problem_texts import reason_in
from classroom_admin.common.search_field import matches
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.rooms.selectors import room_uuids_like
from classroom_admin.web.audit_sentences import describe
from classroom_admin.web.parameters import require_plausible_year

OUTCOMES = {kind: capfirst(kind.label) for kind in Step.Kind}


_WHOLE_GROUP = "group-"


def _action_choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Return the choices of all actions by group. The first choice of a group stands for all its actions."""
    found: list[tuple[Any, list[tuple[str, Any]]]] = []
    for number, (group, kinds) in enumerate(GROUPS.items()):
        whole = (f"{_WHOLE_GROUP}{number}", _("All in this group"))
        found.append((group, [whole, *kinds.items()]))
    return found


def _actions(chosen: str) -> tuple[str, ...]:
    """Return the names of the actions that a choice stands for."""
    if chosen.startswith(_WHOLE_GROUP):
        return tuple(list(GROUPS.values())[int(chosen.removeprefix(_WHOLE_GROUP))])
    return (chosen,) if chosen else ()


class AuditForm(forms.Form):
    """A form with the filters of the audit log. Days are in the person's time zone."""

    text = forms.CharField(
        required=False,
        label=_("Search"),
        max_length=255,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name, id, browser or detail")}),
    )
    person = forms.ModelChoiceField(
        User.objects.all(), required=False, label=_("Person"), empty_label=_("Everyone")
    )
    student = forms.CharField(
        required=False,
        label=_("Student"),
        max_length=255,
        widget=forms.TextInput(attrs={"placeholder": _("Part of the name, or user id")}),
    )
    action = forms.ChoiceField(
        required=False,
        label=_("Action"),
        choices=[("", _("All actions")), *_action_choices()],
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
    address = forms.CharField(
        required=False,
        label=_("Client address"),
        max_length=45,
        widget=forms.TextInput(attrs={"placeholder": _("IP address, or its beginning")}),
    )
    since = forms.DateField(
        required=False,
        label=_("From"),
        validators=[require_plausible_year],
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    since_time = forms.TimeField(
        required=False,
        label=_("From (time)"),
        widget=forms.TimeInput(attrs={"type": "time", "aria-label": _("From (time)")}),
    )
    until = forms.DateField(
        required=False,
        label=_("To"),
        validators=[require_plausible_year],
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    until_time = forms.TimeField(
        required=False,
        label=_("To (time)"),
        widget=forms.TimeInput(attrs={"type": "time", "aria-label": _("To (time)")}),
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error(
                "until", gettext("The end date is before the start date. Choose a later end date.")
            )
        elif since and since == until and _ends_first(cleaned):
            self.add_error(
                "until_time", gettext("The end time is before the start time. Choose a later end time.")
            )
        for day in ("since", "until"):
            if cleaned.get(f"{day}_time") is not None and cleaned.get(day) is None and day not in self.errors:
                self.add_error(day, gettext("Choose a date for this time."))
        return cleaned

    def shown_fields(self) -> list[tuple[forms.BoundField, forms.BoundField | None]]:
        """Return the visible fields. Each date is together with its time."""
        times = {"since": self["since_time"], "until": self["until_time"]}
        fields = [field for field in self.visible_fields() if field not in times.values()]
        return [(field, times.get(field.name)) for field in fields]

    def filters(self) -> Filters:
        """Return the filters. The form must be valid."""
        chosen = self.cleaned_data
        student = chosen["student"].strip()
        # A student may have had another name at the time of the entry.
        called = Q(user_uuid=student) | matches(student, field="name_search")
        return Filters(
            actor_id=chosen["person"].pk if chosen["person"] else None,
            actions=_actions(chosen["action"]),
            text=chosen["text"],
            address=chosen["address"].strip(),
            rooms=room_uuids_like(chosen["room"]) if chosen["room"] else None,
            participant=student,
            participants=Participant.objects.filter(called).values("user_uuid") if student else None,
            outcome=chosen["outcome"],
            since=_moment(chosen["since"], chosen["since_time"] or time.min),
            until=_end(chosen["until"], chosen["until_time"]),
        )


def _ends_first(chosen: dict[str, Any]) -> bool:
    until = chosen.get("until_time")
    return until is not None and until < (chosen.get("since_time") or time.min)


def _moment(day: date | None, at: time, *, later: timedelta = timedelta()) -> datetime | None:
    return None if day is None else timezone.make_aware(datetime.combine(day, at) + later)


def _end(day: date | None, at: time | None) -> datetime | None:
    """Return the end of a day, or of the minute `at` on this day."""
    if at is None:
        return _moment(day, time.min, later=timedelta(days=1))
    return _moment(day, at, later=timedelta(seconds=1) if at.second else timedelta(minutes=1))


def periods(query: QueryDict) -> list[tuple[str, str]]:
    """Return the names of recent periods, and a query string for each.

    It keeps the other filters of `query`.
    """
    now = timezone.localtime()
    found = [
        (gettext("Last hour"), now - timedelta(hours=1), True),
        (gettext("Today"), now, False),
        (gettext("Last 7 days"), now - timedelta(days=6), False),
    ]
    return [(words, _query_since(query, start, with_time)) for words, start, with_time in found]


def _query_since(query: QueryDict, start: datetime, with_time: bool) -> str:
    changed = query.copy()
    for name in ("before", "since_time", "until", "until_time"):
        changed.pop(name, None)
    changed["since"] = start.date().isoformat()
    if with_time:
        changed["since_time"] = start.strftime("%H:%M")
    return changed.urlencode()


_TONES = {Step.Kind.FAILED: "bad", Step.Kind.CONFIRMED: "good", Step.Kind.DONE: "good"}
# Labels of parameters by their names in the audit log.
_PARAMS = {
    "added": pgettext_lazy("people", "Added"),
    "after_s": _("Delay (seconds)"),
    "api_access": _("Revoked API tokens"),
    "ban_s": _("Ban duration (seconds)"),
    "before": _("Before"),
    "cause": _("Reason (sent to the classroom)"),
    "changed": pgettext_lazy("people", "Changed"),
    "class_list": _("Class list"),
    "classes": _("Classes"),
    "close_delay_s": _("Stays open after the end (seconds)"),
    "cloud_user_id": _("Cloud user ids"),
    "cloud_user_ids": _("Cloud user ids"),
    "conversion": _("Conversion"),
    "days": _("Valid for (days)"),
    "duration_s": _("Duration (seconds)"),
    "email": _("Email address"),
    "entries": _("Entries"),
    "ends_at": _("Ends"),
    "ext": _("File type"),
    "first": _("First class"),
    "for_good": _("Permanent ban"),
    "for_the_class": _("Ban for this class"),
    "format": _("Format"),
    "from": _("From"),
    "groups": _("Breakout rooms"),
    "kind": _("Kind of data"),
    "kinds": _("Alerts"),
    "last": _("Last class"),
    "late_after_minutes": _("Late after (minutes)"),
    "left_early_minutes": _("Left early (minutes before the end)"),
    "link": _("Link"),
    "list": _("List"),
    "measured": _("Measured status"),
    "manifest_sha256": _("SHA-256 of the manifest"),
    "max_on_stage": _("Maximum students on stage"),
    "minutes": _("Duration (minutes)"),
    "mode": _("Mode"),
    "method": _("Method"),
    "name": pgettext_lazy("thing", "Name"),
    "names": _("Names"),
    "note": _("Note"),
    "now": _("After"),
    "page": _("Page"),
    "properties": _("Properties"),
    "older_than": _("Older than"),
    "person": _("Person"),
    "pupil_limit": _("Maximum students"),
    "reason": _("Reason"),
    "reasons": _("Alerts"),
    "removed": pgettext_lazy("list entries", "Removed"),
    "recording_links": _("Ended links to recordings"),
    "report": _("Report"),
    "resource_uuids": _("Files"),
    "retry_timeout_s": _("Retry delay after a failure"),
    "role": _("Role"),
    "room": _("Class"),
    "room_type": _("Type"),
    "rows": pgettext_lazy("of a table", "Rows"),
    "scopes": _("Scopes"),
    "series": _("Series"),
    "size": _("Size in bytes"),
    "stage_role": _("Role on stage"),
    "since": _("From"),
    "starts_at": _("Starts"),
    "state": _("State"),
    "status": _("Status"),
    "teacher": _("Teacher"),
    "until": _("Until"),
    "url": _("Address"),
    "was": _("Before"),
    "web_config": _("Recording settings"),
    "widgets": _("Widgets"),
    "words": _("Name of the class"),
}
_TIMES = {"ends_at", "first", "from", "last", "older_than", "since", "starts_at", "until"}
# Internal ids and numbers that mean nothing to people.
_INTERNAL = {"due_ms", "hold", "planned", "records"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An audit log entry in words.

    `room` is None if the entry concerns no known class, but `class_name` may be set. `facts` come after the
    sentence.
    """

    entry: Entry
    sentence: str
    facts: list[str]
    length: str
    reason: str
    room: Room | None
    class_name: str
    outcome: str
    tone: str
    message: str
    details: list[tuple[str, str]]


def rows_of(entries: Iterable[Entry]) -> list[Row]:
    """Return the rows for `entries`. Their steps must be prefetched."""
    entries = list(entries)
    uuids = {entry.room_uuid for entry in entries if entry.room_uuid}
    rooms = {room.room_uuid: room for room in Room.objects.filter(room_uuid__in=uuids)} if uuids else {}
    return [_row(entry, rooms.get(entry.room_uuid)) for entry in entries]


def _row(stored: Entry, room: Room | None) -> Row:
    entry = _as_shown(stored)
    step = last_step(entry)
    kind = Step.Kind(step.kind) if step else Step.Kind.REQUESTED
    description = describe(entry)
    return Row(
        entry=entry,
        sentence=description.sentence,
        facts=description.more,
        length=description.length,
        reason=description.reason,
        room=room,
        class_name=str(room) if room else entry.target_name if description.names_class else "",
        outcome=str(OUTCOMES[kind]),
        tone=_TONES.get(kind, ""),
        message=reason_in(step.detail if step else {}),
        details=[
            *_details({name: each for name, each in entry.params.items() if name not in description.shown}),
            *_origin(entry),
        ],
    )


def _as_shown(stored: Entry) -> Entry:
    """Return a copy of an entry in which “[erased]” is in the active language. It keeps its steps."""
    entry = copy(stored)
    for name in ("actor_name", "target", "target_name", "params"):
        setattr(entry, name, translated(getattr(stored, name)))
    return entry


def _details(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        if name in _INTERNAL:
            continue
        if name == "changed" and isinstance(value, dict):
            for what, turn in value.items():
                yield _words(what), f"{_text(turn.get('from'))} → {_text(turn.get('to'))}"
        else:
            yield _words(name), _local(value) if name in _TIMES else _text(value)


def _origin(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield where the request came from, as far as it is known."""
    if entry.address:
        yield gettext("Client address"), entry.address
    if entry.agent:
        yield gettext("Browser"), entry.agent
    if entry.request_id:
        yield gettext("Request id"), entry.request_id


def _local(value: Any) -> str:
    """Return a time in the person's time zone. Return any other value as text."""
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return _text(value)
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M}" if when.tzinfo else _text(value)


def _words(name: str) -> str:
    return str(_PARAMS.get(name) or name.replace("_", " ").capitalize())


def _text(value: Any) -> str:
    if isinstance(value, list):
        return gettext(", ").join(map(_text, value)) or gettext("none")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return gettext("none") if value in (None, "") else str(value)
