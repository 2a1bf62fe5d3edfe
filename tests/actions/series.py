"""Change a series as a person does: see the preview, then apply it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from classroom_admin.accounts.models import User
from classroom_admin.actions import series_changes
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.rescheduling import Change, Edit, Rule, Scope, digest
from classroom_admin.actions.series_selectors import series_rule, slots_of


def edit_of(
    series: Series,
    *,
    anchor: ScheduledCommand | None = None,
    scope: Scope = Scope.ALL,
    starts_at: datetime | None = None,
    weekdays: set[int] | None = None,
    every: int | None = None,
    until: date | None = None,
    **values: Any,
) -> Edit:
    """Return the form for ``anchor`` (default: the first class) with these values changed."""
    series.refresh_from_db()
    slots = slots_of(series)
    slot = next((one for one in slots if anchor and one.pk == anchor.pk), slots[0])
    zone = ZoneInfo(series.zone)
    local = starts_at.astimezone(zone) if starts_at else slot.local(zone)
    rule = series_rule(series, slots)
    return Edit(
        anchor=slot.pk,
        scope=scope,
        day=local.date(),
        at=local.time().replace(second=0, microsecond=0),
        plan=replace(slot.plan, **values),
        rule=Rule(
            weekdays=frozenset(rule.weekdays if weekdays is None else weekdays),
            every=every or rule.every,
            until=until or rule.until,
        ),
    )


def change(actor: User, series: Series, **values: Any) -> list[Change]:
    """Apply what ``edit_of`` returns."""
    edit = edit_of(series, **values)
    seen = digest(series_changes.preview(series=series, edit=edit))
    return series_changes.apply(actor=actor, series=series, edit=edit, seen=seen)


def at(day: int, hour: int = 9, *, month: int = 10, year: int = 2150) -> datetime:
    """Return a time in UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)
