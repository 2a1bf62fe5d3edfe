"""Prepare series of scheduled classes for the templates."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.class_plans import PLAN, ClassPlan, plan_of, plan_of_series
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.rescheduling import LIVE
from classroom_admin.actions.series_selectors import scheduled_classes, slot_of, visible_series
from classroom_admin.common import clock
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.web.scheduling.arguments import DAYS, initial
from classroom_admin.web.wording import ROOM_TYPES

State = ScheduledCommand.State
PLANS: Final = 100
SOON: Final = timedelta(minutes=2)
A_MINUTE: Final = timedelta(minutes=1)
A_SECOND: Final = timedelta(seconds=1)  # a tolerance, because the cloud stores milliseconds


class Plan:
    """A series of scheduled classes as templates need it."""

    def __init__(self, series: Series) -> None:
        self.series = series

    @cached_property
    def classes(self) -> list[ScheduledCommand]:
        """Return all classes of the series in chronological order, with attributes for the template.

        ``room`` is None until the class is created. ``begins_at`` is the start in the cloud, or the scheduled
        start before the class is created. ``local`` is this time and ``scheduled_local`` the scheduled start,
        both in the time zone of the series. ``difference`` says why they differ, or is "". "early" and "late"
        mean that the class started early or late. "kept" means that the cloud kept the old time because its
        response was lost. ``own`` has the changes to this class alone.
        """
        found: list[Any] = list(scheduled_classes().filter(series=self.series))
        made = {one.key for one in found if one.state == State.DONE}
        known = Room.objects.filter(room_uuid__in=made).only(
            "key", "room_uuid", "planned_start_at", "started_at", "state", "profile_state", "closed_at"
        )
        rooms = {room.room_uuid: room for room in known}
        zone = ZoneInfo(self.series.zone)
        own = _own_values(self.series, found)
        slots = {one.pk: slot_of(one, rooms.get(one.key)).standing for one in found}
        for one in found:
            one.room = rooms.get(one.key)
            one.begins_at = (one.room and one.room.planned_start_at) or one.starts_at
            one.difference = _difference(one.starts_at, one.begins_at, one.room and one.room.started_at)
            one.local = one.begins_at.astimezone(zone).replace(tzinfo=None)
            one.scheduled_local = one.starts_at.astimezone(zone).replace(tzinfo=None)
            one.own = own.get(one.pk, [])
            one.can_be_changed = slots[one.pk] in LIVE and one.starts_at > clock.cloud_now()
            one.can_be_restored = one.state == State.CANCELLED and one.starts_at > clock.cloud_now()
        return found

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(one.state for one in self.classes)

    @property
    def total(self) -> int:
        """Return the number of classes that are not cancelled."""
        return len(self.classes) - self.counts[State.CANCELLED]

    @property
    def open(self) -> int:
        """Return the number of classes that can still be cancelled."""
        return self.counts[State.WAITING] + self.counts[State.FAILED]

    @property
    def can_be_changed(self) -> bool:
        return any(one.can_be_changed for one in cast(list[Any], self.classes))

    @cached_property
    def next_due(self) -> datetime | None:
        """Return when the next class will be created, or None if no class waits for this."""
        return min((one.due_at for one in self.classes if one.state == State.WAITING), default=None)

    @cached_property
    def is_busy(self) -> bool:
        """Return whether a change is due soon, so that the page must keep polling."""
        soon = clock.now() + SOON
        return any(one.claimable_at is not None and one.claimable_at <= soon for one in self.classes)

    @property
    def kind(self) -> str:
        return str(ROOM_TYPES.get(self.series.settings.get("room_type", 4), ""))

    @property
    def minutes(self) -> int | None:
        return initial(self.series.settings).get("minutes")

    @property
    def days(self) -> list[Any]:
        """Return the weekdays of the series in words."""
        words = dict(DAYS)
        return [words[str(day)] for day in self.series.weekdays]


def _difference(scheduled: datetime, begins: datetime, started: datetime | None) -> str:
    """Return why the start in the cloud differs from the scheduled start. See `Plan.classes`."""
    if abs(begins - scheduled) < A_SECOND:
        return ""
    if started is None or abs(begins - started) >= A_MINUTE:
        return "kept"
    if abs(started - scheduled) < A_MINUTE:
        return ""
    return "early" if started < scheduled else "late"


def _own_values(series: Series, classes: list[ScheduledCommand]) -> dict[int, list[str]]:
    """Return what differs from the series in each class that was changed alone, by the id of the class."""
    usual, found = plan_of_series(series), {}
    for one in classes:
        one.series = series
        if PLAN in one.payload and plan_of(one).differences(usual):
            found[one.pk] = plan_of(one)
    if not found:
        return {}
    teachers = User.objects.in_bulk([one.taught_by for one in found.values() if one.taught_by])
    lists = ClassList.objects.in_bulk([one.class_list for one in found.values() if one.class_list])
    return {pk: _in_words(plan, usual, teachers, lists) for pk, plan in found.items()}


def _in_words(
    plan: ClassPlan, usual: ClassPlan, teachers: Mapping[int, User], lists: Mapping[int, ClassList]
) -> list[str]:
    differing = plan.differences(usual)
    words = [plan.name] if "name" in differing else []
    if "duration_s" in differing and plan.settings.get("duration_s"):
        words.append(_("%(n)s min") % {"n": initial(plan.settings)["minutes"]})
    if "taught_by" in differing:
        words.append(str(teachers.get(plan.taught_by or 0) or _("Not assigned yet")))
    if "class_list" in differing:
        words.append(str(lists.get(plan.class_list or 0) or _("No list")))
    return words or [_("Other settings")]


def plans_of(user: User) -> QuerySet[Series]:
    """Return the newest series that `user` may see, with counts and dates of their classes."""
    counts = {
        state.value: Count("planned", filter=Q(planned__state=state), distinct=True)
        for state in (State.WAITING, State.CLAIMED, State.DONE, State.FAILED)
    }
    found = visible_series(user).select_related("created_by", "taught_by")
    not_cancelled = ~Q(planned__state=State.CANCELLED)
    spans = {
        "first": Min("planned__starts_at", filter=not_cancelled),
        "last": Max("planned__starts_at", filter=not_cancelled),
    }
    return found.annotate(**counts, **spans).order_by("-pk")[:PLANS]
