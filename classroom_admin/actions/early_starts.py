"""Detect classes that are started long before their time, and schedule classes that replace them.

The cloud keeps the scheduled time of a class only until the class starts. If a class is started early, people
who come at the scheduled time find it running or closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_state
from classroom_admin.actions.class_plans import PLAN, TEACHERS, ClassPlan, plan_of
from classroom_admin.actions.models import ScheduledCommand, Series, new_room_uuid
from classroom_admin.actions.scheduled import Kind
from classroom_admin.actions.scheduling import due_columns, plan, record_change, wake_up
from classroom_admin.actions.series_selectors import scheduled_classes
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common.redaction import HIDDEN
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Room, RoomState

EARLY: Final = timedelta(minutes=15)
"""How long before its scheduled time a class may start without asking for confirmation."""
_REPLACES: Final = "replaces"


def early_by(room: Room, *, now: datetime) -> timedelta | None:
    """Return how early a start at ``now`` would be, or None if it is too little to matter (``EARLY``)."""
    starts_at = room.planned_start_at
    if starts_at is None or room.current_state not in (None, RoomState.NOT_STARTED):
        return None
    early = starts_at - now
    return early if early > EARLY else None


def start_and_replace(access: ClassAccess, *, starts_at: datetime) -> tuple[Entry, Series | None]:
    """Start a class now. If the cloud accepts this, schedule a replacement at ``starts_at``.

    Raise ``ActionRefused`` and start nothing if the replacement would be invalid.
    """
    access.require(Permission.SCHEDULE)
    used = _planned(access.room)
    wanted = plan_of(used) if used else _plan_of_room(access.room)
    class_state.check_class(name=wanted.name, starts_at=starts_at, **wanted.settings)
    entry = class_state.start_class(access)
    done = entry.steps.filter(kind__in=(Step.Kind.ACCEPTED, Step.Kind.CONFIRMED)).exists()
    return entry, plan_replacement(access, starts_at=starts_at) if done else None


def plan_replacement(access: ClassAccess, *, starts_at: datetime) -> Series:
    """Schedule a class at ``starts_at`` with this class's teachers, list and settings. Return its series.

    If this class has a series, the new class is added to it. A second call schedules nothing.
    """
    access.require(Permission.SCHEDULE)
    room = access.room
    with transaction.atomic():
        teachers = list(room.teachers.order_by("pk").values_list("user_id", flat=True))
        payload: dict[str, Any] = {_REPLACES: room.room_uuid, TEACHERS: teachers}
        used = _planned(room)
        if used is not None and used.series is not None:
            return _join(access, used.series, used, payload, starts_at)
        wanted = _plan_of_room(room)
        return plan(
            actor=access.person,
            request_id=f"replaces {room.key}",
            name=wanted.name,
            starts=[starts_at],
            zone=access.person.time_zone or settings.TIME_ZONE,
            asked=wanted.settings,
            payload=payload | {PLAN: wanted.as_json()},
        )


def _join(
    access: ClassAccess, series: Series, used: ScheduledCommand, payload: dict[str, Any], starts_at: datetime
) -> Series:
    """Add a replacement of the class `used` to `series`. Do nothing if the series already has one."""
    Series.objects.select_for_update().get(pk=series.pk)
    if series.planned.filter(payload__replaces=used.key).exists():
        return series
    last = series.planned.aggregate(last=Max("position"))["last"] or 0
    wanted = replace(plan_of(used), class_list=access.room.class_list_id)
    ScheduledCommand.objects.create(
        kind=Kind.CLASS,
        by=used.by,
        series=series,
        key=new_room_uuid(),
        position=last + 1,
        starts_at=starts_at,
        payload=payload | {PLAN: wanted.as_json()},
        **due_columns(starts_at),
    )
    record_change(access.person, "series.plan", series, classes=1, first=starts_at, last=starts_at)
    wake_up(series)
    return series


def _planned(room: Room) -> ScheduledCommand | None:
    return scheduled_classes().filter(key=room.room_uuid).select_related("series", "by").first()


def _plan_of_room(room: Room) -> ClassPlan:
    return ClassPlan(name=room.name, settings=settings_of(room), class_list=room.class_list_id)


def settings_of(room: Room) -> dict[str, Any]:
    """Return the settings of a class. If we did not create it, only its type and duration are known."""
    entry = Entry.objects.filter(room_uuid=room.room_uuid, action="class.create").order_by("id").first()
    known: dict[str, Any] = {"room_type": room.room_type if room.room_type is not None else 4}
    if room.planned_start_at and room.planned_end_at:
        known["duration_s"] = int((room.planned_end_at - room.planned_start_at).total_seconds())
    if entry is None:
        return known
    asked = {name: value for name, value in entry.params.items() if name not in ("name", "starts_at")}
    asked |= {name: _object(asked.get(name)) for name in ("widgets", "flex_properties")}
    return known | {name: value for name, value in asked.items() if value is not None}


def _object(shown: Any) -> Any:
    """Convert a list of names and values from the audit log back to a JSON object."""
    pairs = isinstance(shown, list) and shown
    if pairs and all(isinstance(one, Mapping) and set(one) == {"name", "value"} for one in shown):
        return {one["name"]: _object(one["value"]) for one in shown if one["value"] != HIDDEN}
    return shown
