"""The time range of a timeline: the last hour, today, this week, any time, or from–to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.web.parameters import LocalMomentField

HOUR: Final = "hour"
TODAY: Final = "today"
WEEK: Final = "week"
ALL: Final = "all"
OWN: Final = "own"
RANGES: Final = {
    HOUR: _("Last hour"),
    TODAY: _("Today"),
    WEEK: _("This week"),
    ALL: pgettext_lazy("time range", "Any time"),
}


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A time range in cloud time. `since` is inclusive, or None for any time. `until` is exclusive."""

    name: str
    since: datetime | None
    until: datetime


def named_range(name: str, *, now: datetime, zone: tzinfo) -> TimeRange:
    """Return one of `RANGES`. It ends now. Days and weeks are those of `zone`. A week begins on Monday."""
    until = now + timedelta(minutes=1)  # the clocks of the cloud and of the dashboard differ a little
    if name == HOUR:
        return TimeRange(name, now - timedelta(hours=1), until)
    if name not in (TODAY, WEEK):
        return TimeRange(ALL, None, until)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    first = today - timedelta(days=today.weekday()) if name == WEEK else today
    return TimeRange(name, first, until)


def range_with(last_seen: datetime | None, *, now: datetime, zone: tzinfo) -> TimeRange:
    """Return the shortest of `RANGES` that contains `last_seen`, when a person was last in a class."""
    for name in (HOUR, TODAY, WEEK):
        found = named_range(name, now=now, zone=zone)
        if found.since is not None and last_seen is not None and last_seen >= found.since:
            return found
    return named_range(ALL, now=now, zone=zone)


class RangeForm(forms.Form):
    """A form with the fields From and To in the person's time zone. An empty field means any time."""

    since = LocalMomentField(
        required=False,
        label=_("From"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    until = LocalMomentField(
        required=False,
        label=_("To"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until <= since:
            self.add_error("until", gettext("The end is not after the start. Choose a later end."))
        return cleaned

    def time_range(self, *, now: datetime) -> TimeRange:
        """Return the range. The form must be valid. The range includes the whole minute of `until`."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        end = now + timedelta(minutes=1)
        return TimeRange(OWN, since, min(until + timedelta(minutes=1), end) if until else end)


def in_fields(chosen: TimeRange) -> dict[str, datetime | None]:
    """Return initial values of the form for a range with a name."""
    zone = timezone.get_current_timezone()
    since = chosen.since.astimezone(zone) if chosen.since else None
    return {"since": since, "until": None}
