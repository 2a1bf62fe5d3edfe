"""Prepare series of scheduled classes for the templates."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.functional import cached_property

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.scheduling import scheduled_classes, visible_series
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.redaction import HIDDEN
from classroom_admin.rooms.models import Room
from classroom_admin.web.scheduling.arguments import DAYS, initial
from classroom_admin.web.wording import ROOM_TYPES

State = ScheduledCommand.State
PLANS: Final = 100
SOON: Final = timedelta(minutes=2)
A_MINUTE: Final = timedelta(minutes=1)
A_SECOND: Final = timedelta(seconds=1)  # a tolerance, because the cloud stores milliseconds


class Plan:
    """A series of scheduled classes, for the templates."""

    def __init__(self, series: Series) -> None:
        self.series = series

    @cached_property
    def classes(self) -> list[ScheduledCommand]:
        """Return all classes of the series in chronological order, with more attributes.

        ``room`` is None until the class is created. ``begins_at`` is the cloud's start time, or ours before
        the class is created. ``local`` and ``scheduled_local`` are the two times in the series' time zone.
        ``difference`` says why they differ, and is "" if they agree. "early" and "late" mean that the class
        started then. "kept" means that the cloud kept the old time because its response to us was lost.
        """
        found: list[Any] = list(scheduled_classes().filter(series=self.series))
        made = {one.key for one in found if one.state == State.DONE}
        known = Room.objects.filter(room_uuid__in=made).only(
            "key", "room_uuid", "planned_start_at", "started_at"
        )
        rooms = {room.room_uuid: room for room in known}
        zone = ZoneInfo(self.series.zone)
        for one in found:
            one.room = rooms.get(one.key)
            one.begins_at = (one.room and one.room.planned_start_at) or one.starts_at
            one.difference = _difference(one.starts_at, one.begins_at, one.room and one.room.started_at)
            one.local = one.begins_at.astimezone(zone).replace(tzinfo=None)
            one.scheduled_local = one.starts_at.astimezone(zone).replace(tzinfo=None)
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

    @cached_property
    def next_due(self) -> datetime | None:
        """Return the time when the next class will be created; None if no class waits for its creation."""
        return min((one.due_at for one in self.classes if one.state == State.WAITING), default=None)

    @cached_property
    def is_busy(self) -> bool:
        """Return whether a change is due soon, so that the page keeps polling."""
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
    """Return why the cloud's start time differs from the scheduled time; see `Plan.classes`. Pure."""
    if abs(begins - scheduled) < A_SECOND:
        return ""
    if started is None or abs(begins - started) >= A_MINUTE:
        return "kept"
    if abs(started - scheduled) < A_MINUTE:
        return ""
    return "early" if started < scheduled else "late"


def plans_of(user: User) -> QuerySet[Series]:
    """Return the series that `user` may see, newest first, annotated with numbers and dates of classes."""
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


def settings_like(room: Room) -> dict[str, Any]:
    """Return the settings with which we created a class. For other classes, return its type and duration."""
    entry = Entry.objects.filter(room_uuid=room.room_uuid, action="class.create").order_by("id").first()
    known: dict[str, Any] = {"room_type": room.room_type if room.room_type is not None else 4}
    if room.planned_start_at and room.planned_end_at:
        known["duration_s"] = int((room.planned_end_at - room.planned_start_at).total_seconds())
    if entry is None:
        return known
    settings = {**known, **entry.params}
    for name in ("widgets", "flex_properties"):
        settings[name] = _object(settings.get(name))
    return settings


def _object(shown: Any) -> Any:
    """Convert the audit log's list of names and values back to the JSON object."""
    pairs = isinstance(shown, list) and shown
    if pairs and all(isinstance(one, dict) and set(one) == {"name", "value"} for one in shown):
        return {one["name"]: _object(one["value"]) for one in shown if one["value"] != HIDDEN}
    return shown
