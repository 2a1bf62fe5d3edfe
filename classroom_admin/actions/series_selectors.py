"""Queries for series and their scheduled classes."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.actions.class_plans import DROPPED, FORMERLY, ClassPlan, plan_of
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.rescheduling import Rule, Slot, Standing, rule_of
from classroom_admin.rooms.models import ClassList, Room, RoomState, Supervision

Kind = ScheduledCommand.Kind
State = ScheduledCommand.State
_STANDINGS: Final = {
    State.WAITING: Standing.OPEN,
    State.FAILED: Standing.OPEN,
    State.CLAIMED: Standing.BUSY,
    State.CANCELLED: Standing.CANCELLED,
}


def visible_series(user: User) -> QuerySet[Series]:
    """Return the series that ``user`` may see.

    A teacher sees only those that they created or teach. A person with a set also sees those of its teachers
    and class lists.
    """
    if permissions.sees_all_classes(user):
        return Series.objects.all()
    found = Q(created_by=user) | Q(taught_by=user)
    if permissions.has_set(user.role):
        rows = Supervision.objects.filter(person=user)
        teachers = rows.filter(teacher__isnull=False).values("teacher")
        found |= Q(created_by__in=teachers, taught_by=None) | Q(taught_by__in=teachers)
        if permissions.set_has_lists(user.role):
            found |= Q(class_list__in=rows.filter(class_list__isnull=False).values("class_list"))
    return Series.objects.filter(found)


def scheduled_classes() -> QuerySet[ScheduledCommand]:
    """Return the classes of all series, created or not, in order of their start."""
    return ScheduledCommand.objects.filter(kind=Kind.CLASS).order_by("starts_at", "pk")


def slots_of(series: Series) -> list[Slot]:
    """Return the classes of a series as slots, in order of their start."""
    found = list(scheduled_classes().filter(series=series))
    for one in found:
        one.series = series
    made = [one.key for one in found if one.state == State.DONE]
    known = Room.objects.filter(room_uuid__in=made).only("room_uuid", "state", "profile_state", "closed_at")
    rooms = {room.room_uuid: room for room in known}
    return [slot_of(one, rooms.get(one.key)) for one in found]


def teacher_of(plan: ClassPlan) -> User | None:
    """Return the teacher in a plan, or None."""
    return User.objects.filter(pk=plan.taught_by).first() if plan.taught_by else None


def list_of(plan: ClassPlan) -> ClassList | None:
    """Return the class list in a plan, or None if there is none or it was deleted."""
    return ClassList.objects.filter(pk=plan.class_list).first() if plan.class_list else None


def series_rule(series: Series, slots: list[Slot]) -> Rule:
    """Return the recurrence rule of a series."""
    return rule_of(slots, ZoneInfo(series.zone), weekdays=series.weekdays, every=series.every)


def calendar_keys(since: datetime) -> tuple[dict[str, str], set[str]]:
    """Return the calendar keys by room id, and the earlier room ids, of classes that were created again.

    Only classes that begin after ``since`` are included.
    """
    remade = ScheduledCommand.objects.filter(
        kind=Kind.CLASS, starts_at__gt=since, payload__has_key=FORMERLY
    ).values_list("key", "payload")
    keys, earlier = {}, set[str]()
    for key, payload in remade:
        keys[key] = payload[FORMERLY][0]
        earlier |= set(payload[FORMERLY])
    return keys, earlier


def slot_of(planned: ScheduledCommand, room: Room | None) -> Slot:
    """Return a class of a series as a slot. ``room`` is None if the class is not created yet."""
    assert planned.starts_at is not None
    if planned.state == State.DONE:
        over = room is None or room.current_state not in (None, RoomState.NOT_STARTED) or room.closed_at
        standing = Standing.OVER if over else Standing.MADE
    else:
        standing = _STANDINGS[State(planned.state)]
        if standing is Standing.CANCELLED and planned.payload.get(DROPPED):
            standing = Standing.DROPPED
    return Slot(pk=planned.pk, starts_at=planned.starts_at, plan=plan_of(planned), standing=standing)
