"""The form that changes classes of a series, and the preview of its changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.class_plans import ClassPlan
from classroom_admin.actions.models import Series
from classroom_admin.actions.rescheduling import LIVE, Change, Edit, How, Rule, Scope, Slot, Standing, digest
from classroom_admin.actions.series_selectors import list_of, series_rule
from classroom_admin.web.parameters import require_plausible_year
from classroom_admin.web.scheduling import arguments
from classroom_admin.web.scheduling.forms import SettingsForm

SCOPES: Final = (
    (Scope.THIS, _("This class")),
    (Scope.FOLLOWING, _("This and following classes")),
    (Scope.ALL, _("All classes")),
)
_CHANGED: Final = {
    "name": pgettext_lazy("thing", "Name"),
    "taught_by": _("Assigned teacher"),
    "class_list": _("Class list"),
    "duration_s": _("Duration"),
}


class ChangeForm(SettingsForm):
    """A form that changes one class of a series, this class and later ones, or all classes.

    Times are in the time zone of the series.
    """

    scope = forms.ChoiceField(choices=[(one.value, words) for one, words in SCOPES])
    day = forms.DateField(
        required=False, label=_("Date"), validators=[require_plausible_year],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    at = forms.TimeField(label=_("Starts at"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    weekdays = forms.MultipleChoiceField(required=False, choices=arguments.DAYS, label=_("Days"))
    every = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=1, label=_("Repeats"), choices=arguments.EVERY,  # type: ignore[arg-type]
    )  # fmt: skip
    until = forms.DateField(
        required=False, label=_("End date"), validators=[require_plausible_year],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def __init__(
        self, *args: Any, user: User, series: Series, slots: Sequence[Slot], anchor: Slot, scope: str
    ) -> None:
        self.several = sum(slot.standing in LIVE for slot in slots) > 1 or bool(series.weekdays)
        self.anchor, self.rule = anchor, series_rule(series, list(slots))
        self.local = anchor.local(ZoneInfo(series.zone))
        plan = anchor.plan
        chosen = list_of(plan)
        # A value that the class does not have must stay empty, otherwise it would count as a change.
        initial = {"minutes": None, "close_delay": None, "room_type": 4} | arguments.initial(plan.settings)
        initial |= {
            "name": plan.name,
            "taught_by": plan.taught_by,
            "class_list": chosen and chosen.key,
            "scope": scope,
            "day": self.local.date(),
            "at": self.local.time(),
            "weekdays": [str(day) for day in sorted(self.rule.weekdays)],
            "every": self.rule.every,
            "until": self.rule.until,
        }
        super().__init__(*args, user=user, kept=plan, initial=initial)

    @property
    def of_series(self) -> list[forms.BoundField]:
        """The fields that the page shows only if several classes change. Their errors are always shown."""
        return [self[name] for name in ("weekdays", "every", "until")]

    def check_when(self) -> None:
        until, scope = self.cleaned_data.get("until"), self.cleaned_data.get("scope")
        if scope != Scope.THIS and until and until < self.local.date():
            self.add_error("until", gettext("The series can't end before this class."))

    @cached_property
    def edit(self) -> Edit:
        """Return the requested change. Fields that the person did not change keep their values."""
        filled = self.cleaned_data
        plan = self.anchor.plan
        unedited = {"room_type": 4} | arguments.initial(plan.settings)
        before = replace(plan, settings=arguments.arguments(unedited))
        teacher, listed = filled.get("taught_by"), filled["class_list"]
        after = ClassPlan(
            name=filled["name"],
            settings=self.asked,
            taught_by=(teacher.pk if teacher else None) if "taught_by" in self.fields else plan.taught_by,
            class_list=listed.pk if listed else None,
        )
        days = frozenset(int(day) for day in filled["weekdays"]) or self.rule.weekdays
        return Edit(
            anchor=self.anchor.pk,
            scope=Scope(filled["scope"]),
            day=filled["day"] or self.local.date(),
            at=filled["at"],
            plan=plan.with_changes(before, after),
            rule=Rule(weekdays=days, every=filled["every"], until=filled["until"] or self.rule.until),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One class in the preview: its start before and after, and what else changes."""

    how: How
    before: datetime | None
    after: datetime
    clock_change: bool
    what: list[str]


class Preview:
    """The preview of a change to a series. `seen` is a digest of the changes that the preview shows."""

    def __init__(self, changes: Sequence[Change], zone: ZoneInfo) -> None:
        self.zone = zone
        self.seen = digest(changes)
        away = (Standing.CANCELLED, Standing.DROPPED)  # they follow the changes, but do not take place
        self.lines = [
            _line(one, zone)
            for one in changes
            if not one.slot or one.how is How.RESTORED or one.slot.standing not in away
        ]

    @property
    def changed(self) -> int:
        return sum(one.how not in (How.STAYS, How.BUSY) for one in self.lines)

    @property
    def remade(self) -> int:
        return sum(one.how is How.REMADE for one in self.lines)

    @property
    def closed(self) -> int:
        return sum(one.how is How.CLOSED for one in self.lines)


def _line(change: Change, zone: ZoneInfo) -> Line:
    slot = change.slot
    differing = slot.plan.differences(change.plan) if slot else []
    named = [str(words) for name, words in _CHANGED.items() if name in differing]
    return Line(
        how=change.how,
        before=slot.local(zone) if slot else None,
        after=change.starts_at.astimezone(zone).replace(tzinfo=None),
        clock_change=bool(change.start and change.start.moved),
        what=named + ([gettext("Settings")] if set(differing) - set(_CHANGED) else []),
    )


def anchor_of(slots: Iterable[Slot], pk: str) -> Slot | None:
    """Return the class with the id `pk`. If it can't be changed, return the first class that can be."""
    live = [slot for slot in slots if slot.standing in LIVE]
    return next((slot for slot in live if str(slot.pk) == pk), live[0] if live else None)
