"""Change scheduled classes of a series, as the page of the series does."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from classroom_admin.accounts.models import User
from classroom_admin.actions import series_changes
from classroom_admin.actions.class_plans import ClassPlan
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.rescheduling import Edit, How, Scope, digest
from classroom_admin.actions.series_selectors import series_rule, slots_of


def change_planned(
    person: User,
    planned: ScheduledCommand,
    plan: ClassPlan,
    *,
    starts_at: datetime | None = None,
    scope: Scope = Scope.THIS,
) -> int:
    """Give a scheduled class another plan or start. Return how many classes changed.

    With another `scope`, each value that differs from the present one changes in further classes of the
    series, and only the time of day of `starts_at` counts. Raise the errors of `series_changes.apply`.
    """
    series = planned.series
    assert series is not None
    slots = slots_of(series)
    anchor = next(slot for slot in slots if slot.pk == planned.pk)
    local = (starts_at or anchor.starts_at).astimezone(ZoneInfo(series.zone))
    edit = Edit(
        anchor=anchor.pk,
        scope=scope,
        day=local.date(),
        at=local.time(),
        plan=plan,
        rule=series_rule(series, slots),
    )
    seen = digest(series_changes.preview(series=series, edit=edit))
    changes = series_changes.apply(actor=person, series=series, edit=edit, seen=seen)
    return sum(one.how is not How.STAYS for one in changes)
