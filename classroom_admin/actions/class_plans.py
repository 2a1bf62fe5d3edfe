"""The plan of a scheduled class: its name, settings, teacher and class list, but not its time.

A series has a plan for all its classes. A class that was changed separately has its own plan in its payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from classroom_admin.actions.models import ScheduledCommand, Series

PLAN: Final = "plan"
FORMERLY: Final = "formerly"
"""The payload key for the earlier room ids of a class that is created again, the oldest first."""
DROPPED: Final = "dropped"
"""The payload key that marks a class as cancelled because its series ends earlier or has other weekdays."""

TEACHERS: Final = "teachers"
"""The payload key for the ids of additional teachers to whom a worker assigns the class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPlan:
    """The plan of a class. `settings` has the arguments of ``create_class``.

    `taught_by` is the id of the teacher, and `class_list` is the id of the class list.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    taught_by: int | None = None
    class_list: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "settings": dict(self.settings),
            "taught_by": self.taught_by,
            "class_list": self.class_list,
        }

    def differences(self, other: ClassPlan) -> list[str]:
        """Return the names of the fields and settings that differ."""
        fields = [
            name
            for name in ("name", "taught_by", "class_list")
            if getattr(self, name) != getattr(other, name)
        ]
        keys = {*self.settings, *other.settings}
        return fields + sorted(key for key in keys if self.settings.get(key) != other.settings.get(key))

    def with_changes(self, before: ClassPlan, after: ClassPlan) -> ClassPlan:
        """Return this plan with every change from `before` to `after` applied."""
        settings, own = dict(self.settings), {}
        for name in before.differences(after):
            if name in ("name", "taught_by", "class_list"):
                own[name] = getattr(after, name)
            elif after.settings.get(name) is None:
                settings.pop(name, None)
            else:
                settings[name] = after.settings[name]
        return replace(self, settings=settings, **own)


def plan_of_series(series: Series) -> ClassPlan:
    """Return the plan of a series. Classes that were changed separately have a plan of their own."""
    return ClassPlan(
        name=series.name,
        settings=series.settings,
        taught_by=series.taught_by_id,
        class_list=series.class_list_id,
    )


def plan_of(planned: ScheduledCommand) -> ClassPlan:
    """Return the plan of a scheduled class, or the plan of its series if it has none of its own."""
    assert planned.series is not None
    own = planned.payload.get(PLAN)
    return ClassPlan(**own) if own else plan_of_series(planned.series)


def calendar_key(planned: ScheduledCommand) -> str:
    """Return the room id that identifies the class in calendars. It stays if the class is created again."""
    return str((planned.payload.get(FORMERLY) or [planned.key])[0])
