"""The filter of all reports: a period, a class list, a teacher, and words in the name of the class."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.parameters import require_plausible_year, without_nul

WEEK, LAST_WEEK, MONTH, LAST_MONTH, YEAR, ALL, OWN = (
    "week", "last_week", "month", "last_month", "year", "all", "own",
)  # fmt: skip
PERIODS: Final = {
    WEEK: _("Last 7 days"),
    LAST_WEEK: _("Last week"),
    MONTH: _("Last 30 days"),
    LAST_MONTH: _("Last month"),
    YEAR: _("Last 12 months"),
    ALL: _("Any time"),
    OWN: _("From and to"),
}
DEFAULT: Final = MONTH
__all__ = ["FilterForm", "ReportFilter"]
_DAYS: Final = {WEEK: 7, MONTH: 30, YEAR: 365}


class FilterForm(forms.Form):
    """The form of `ReportFilter`. Only administrators choose a teacher."""

    period = forms.ChoiceField(
        label=_("Period"), choices=list(PERIODS.items()), required=False, initial=DEFAULT
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To (inclusive)"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    class_list = forms.ModelChoiceField(
        label=_("Class list"), queryset=ClassList.objects.none(), required=False, to_field_name="key",
        empty_label=_("All class lists"),
    )  # fmt: skip
    teacher = forms.ModelChoiceField(
        label=_("Teacher"), queryset=User.objects.none(), required=False, empty_label=_("All teachers")
    )
    q = forms.CharField(label=_("Name of the class"), required=False, max_length=100, strip=True)

    def __init__(self, viewer: User, data: QueryDict) -> None:
        filled = data.copy()
        filled.setdefault("period", OWN if data.get("since") or data.get("until") else DEFAULT)
        if "q" in filled:
            filled["q"] = without_nul(str(filled["q"]))
        super().__init__(filled)
        self._viewer = viewer
        self.fields["class_list"].queryset = visible_lists(viewer)  # type: ignore[attr-defined]
        if permissions.sees_all_classes(viewer):
            teachers = User.objects.filter(is_active=True).order_by("name", "email")
            self.fields["teacher"].queryset = teachers  # type: ignore[attr-defined]
        else:
            del self.fields["teacher"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("since", "until"):
            if cleaned.get(name):
                try:
                    require_plausible_year(cleaned[name])
                except forms.ValidationError as error:
                    self.add_error(name, error)
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("The end is before the start. Choose a later end."))
        return cleaned

    def chosen(self) -> ReportFilter:
        """Return the filter. The form must be valid."""
        cleaned = self.cleaned_data
        since, until = _limits(cleaned, now=clock.cloud_now(), zone=timezone.get_current_timezone())
        return ReportFilter(
            viewer=self._viewer,
            since=since,
            until=until,
            class_list=cleaned.get("class_list"),
            teacher=cleaned.get("teacher"),
            words=cleaned.get("q") or "",
        )


def _limits(
    cleaned: dict[str, Any], *, now: datetime, zone: tzinfo
) -> tuple[datetime | None, datetime | None]:
    """Return the limits of the chosen period. Days are those of `zone`, and a week begins on Monday."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    period = cleaned.get("period") or DEFAULT
    if period in _DAYS:
        return today - timedelta(days=_DAYS[period]), None
    if period == LAST_WEEK:
        monday = today - timedelta(days=today.weekday())
        return monday - timedelta(days=7), monday
    if period == LAST_MONTH:
        first = today.replace(day=1)
        return (first - timedelta(days=1)).replace(day=1), first
    if period == OWN:
        since, until = cleaned.get("since"), cleaned.get("until")
        start = datetime(since.year, since.month, since.day, tzinfo=zone) if since else None
        day_after = until + timedelta(days=1) if until else None
        return start, datetime(
            day_after.year, day_after.month, day_after.day, tzinfo=zone
        ) if day_after else None
    return None, None
