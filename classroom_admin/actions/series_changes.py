"""Change the classes of a series: preview the changes, and apply them.

The cloud can't change a class that it has created. Such a class is created again with the new values, and the
earlier one is closed. The teacher and the class list are stored only here, so they change immediately.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists, class_state, people, scheduled
from classroom_admin.actions.class_plans import (
    DROPPED,
    FORMERLY,
    PLAN,
    TEACHERS,
    ClassPlan,
    plan_of,
    plan_of_series,
)
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series, new_room_uuid
from classroom_admin.actions.recurrence import MOST_CLASSES
from classroom_admin.actions.rescheduling import LIVE, Change, Edit, How, Scope, Standing, decide, digest
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.actions.scheduling import (
    due_columns,
    record_change,
    require_list,
    retry_later,
    tell_calendars,
    wake_up,
)
from classroom_admin.actions.series_selectors import list_of, series_rule, slots_of, visible_series
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem, from_json
from classroom_admin.rooms.access import NotAllowed, NotYours, access_to
from classroom_admin.rooms.models import Room, RoomState

_GONE: Final = (
    "class_deleted",
    "class_id_taken",
    "close_after_close",
    "close_while_closing",
    "state_forbids",
)
"""The problem codes which show that a class is already closed."""


class Outdated(ActionRefused):
    """The error if the classes of a series have changed since the preview."""


def preview(*, series: Series, edit: Edit) -> list[Change]:
    """Return what an edit would do. Change nothing. Raise ``ActionRefused`` if the edit is not possible."""
    slots = slots_of(series)
    now = clock.cloud_now()
    rule = series_rule(series, slots)
    anchor = next(slot for slot in slots if slot.pk == edit.anchor)
    if anchor.standing not in LIVE or (edit.scope is Scope.THIS and anchor.starts_at <= now):
        raise ActionRefused(_("This class has already started or was cancelled. Choose another class."))
    changes = decide(slots, edit, rule=rule, zone=ZoneInfo(series.zone), now=now)
    active = [slot for slot in slots if slot.standing in (*LIVE, Standing.OVER)]
    if len(active) + sum(one.how in (How.ADDED, How.RESTORED) for one in changes) > MOST_CLASSES:
        words = _("The series would have more than %(most)d classes. Choose an earlier end date.")
        raise ActionRefused(words % {"most": MOST_CLASSES}, "until")
    for one in changes:
        if one.start is not None and one.start.at <= now:
            raise ActionRefused(_("This time is in the past. Choose a later time."), "schedule.startTime")
    if changes:
        latest = max(one.starts_at for one in changes)
        class_state.check_class(name=edit.plan.name, starts_at=latest, **edit.plan.settings)
    return changes


def apply(*, actor: User, series: Series, edit: Edit, seen: str) -> list[Change]:
    """Apply an edit and return the changes. ``seen`` is the digest of the preview.

    Change nothing if an error is raised: ``Outdated`` if the changes now differ from the preview,
    ``ActionRefused`` if the edit is not possible, ``NotAllowed`` if the role of ``actor`` does not schedule
    classes, or ``NotYours`` if ``actor`` may not see the series or the new class list.
    """
    if not actor.is_active or not visible_series(actor).filter(pk=series.pk).exists():
        raise NotYours
    permissions.require(actor, Permission.SCHEDULE)
    with transaction.atomic():
        series = Series.objects.select_for_update().get(pk=series.pk)
        list(series.planned.select_for_update().values_list("pk"))
        changes = preview(series=series, edit=edit)
        if digest(changes) != seen:
            raise Outdated(_("The classes have changed in the meantime. Check the changes, then save again."))
        if any(one.how is How.BUSY for one in changes):
            raise ActionRefused(_("A class is being created right now. Try again in a minute."))
        rows = {one.pk: one for one in series.planned.select_related("series")}
        before = plan_of(rows[edit.anchor])
        _require_allowed(actor, before, edit.plan)
        last = series.planned.aggregate(last=Max("position"))["last"] or 0
        for number, one in enumerate(changes, start=1):
            if one.slot is None:
                _add(actor, series, one, position=last + number)
            else:
                _apply(actor, rows[one.slot.pk], one)
        _update_series(series, edit, before)
        tell_calendars(series)
        counts = Counter(one.how.value for one in changes if one.how is not How.STAYS)
        record_change(actor, "series.change", series, scope=edit.scope.value, **counts)
        wake_up(series)
        scheduled.wake_up(scheduled.RUN_LONG)
    return changes


def _require_allowed(actor: User, before: ClassPlan, after: ClassPlan) -> None:
    """Raise ``NotYours`` if `actor` may not choose the new teacher or class list."""
    if after.class_list and after.class_list != before.class_list:
        require_list(actor, list_of(after))
    if after.taught_by != before.taught_by and not permissions.may(actor, Permission.PEOPLE):
        raise NotYours


def _apply(actor: User, planned: ScheduledCommand, change: Change) -> None:
    """Apply a change to an existing class of the series."""
    assert change.slot is not None
    how = change.how
    if how is How.STAYS:
        return
    planned.payload = {**planned.payload, PLAN: change.plan.as_json()}
    if change.plan.taught_by != change.slot.plan.taught_by:
        planned.by = actor  # assigns the teacher when the class is created
    if how in (How.REMADE, How.CLOSED):
        _replace_room(actor, planned, change.slot.plan, change.plan)
    if how is How.CHANGED and change.slot.standing is Standing.MADE:
        _change_room(actor, planned, change.slot.plan, change.plan)
    elif how in (How.CANCELLED, How.CLOSED):
        planned.payload[DROPPED] = True
        planned.state, planned.claimable_at = State.CANCELLED, None
    elif how is How.RESTORED or change.slot.standing in LIVE:
        planned.payload.pop(DROPPED, None)
        planned.starts_at, planned.problem = change.starts_at, None
        for column, value in due_columns(change.starts_at).items():
            setattr(planned, column, value)
    planned.changed_at = clock.now()
    planned.save()


def _add(actor: User, series: Series, change: Change, *, position: int) -> None:
    """Add one class to a series."""
    ScheduledCommand.objects.create(
        kind=Kind.CLASS,
        by=actor,
        series=series,
        key=new_room_uuid(),
        position=position,
        starts_at=change.starts_at,
        payload={PLAN: change.plan.as_json()},
        **due_columns(change.starts_at),
    )


def _update_series(series: Series, edit: Edit, before: ClassPlan) -> None:
    """Store the new days of the series. If the edit is for all classes, also store the new plan."""
    if edit.scope is Scope.THIS:
        return
    if series.weekdays:
        series.weekdays, series.every = sorted(edit.rule.weekdays), edit.rule.every
    if edit.scope is Scope.ALL:
        plan = plan_of_series(series).with_changes(before, edit.plan)
        series.name, series.settings = plan.name, dict(plan.settings)
        series.taught_by_id, series.class_list_id = plan.taught_by, plan.class_list
    series.save()


def _replace_room(actor: User, planned: ScheduledCommand, before: ClassPlan, after: ClassPlan) -> None:
    """Give a created class a new room id. A worker closes the earlier room when the new room exists.

    The new room gets the teachers and the class list of the earlier room.
    """
    room = Room.objects.filter(room_uuid=planned.key).first()
    planned.payload[FORMERLY] = [*planned.payload.get(FORMERLY, []), planned.key]
    planned.key = new_room_uuid()
    if room is not None:
        others = room.teachers.exclude(user=before.taught_by)
        planned.payload[TEACHERS] = list(others.order_by("pk").values_list("user_id", flat=True))
        if after.class_list == before.class_list:
            planned.payload[PLAN] = replace(after, class_list=room.class_list_id).as_json()
        ScheduledCommand.objects.create(
            kind=Kind.CLOSE,
            by=actor,
            room=room,
            key=room.room_uuid,
            payload={"planned": planned.pk},
            starts_at=planned.starts_at,
            **due_columns(None),
        )


def _change_room(actor: User, planned: ScheduledCommand, before: ClassPlan, after: ClassPlan) -> None:
    """Change the teacher and the class list of a created class."""
    room = Room.objects.get(room_uuid=planned.key)
    assert planned.series is not None
    if before.taught_by != after.taught_by:
        named = User.objects.in_bulk([pk for pk in (before.taught_by, after.taught_by) if pk])
        if after.taught_by:
            people.assign_room(actor=actor, person=named[after.taught_by], room=room)
        if before.taught_by and before.taught_by != planned.series.created_by_id:
            people.unassign_room(actor=actor, person=named[before.taught_by], room=room)
    if before.class_list != after.class_list:
        # `_require_allowed` checked the list. A teacher of the series may change the list of each class in
        # it, including classes that someone else teaches.
        class_lists.use_planned_list(room, actor=actor, class_list=list_of(after))


@scheduled.handler(Kind.CLOSE)
def _close(command: ScheduledCommand) -> Outcome:
    """Close the earlier room of a class that is created again. If there is no new room yet, retry later."""
    room = command.room
    assert room is not None
    planned = ScheduledCommand.objects.filter(pk=command.payload["planned"]).first()
    coming = planned and planned.state in (State.WAITING, State.CLAIMED, State.FAILED)
    if planned and coming and planned.due_at <= clock.now():
        return retry_later(command, Problem("new_class_not_created_yet"))
    if room.gone_at is not None or room.current_state == RoomState.CLOSED:
        return Outcome(state=State.DONE)
    try:
        entry = class_state.close_class(access_to(command.by, room))
    except (ActionRefused, NotYours, NotAllowed) as refused:
        problem = refused.problem if isinstance(refused, ActionRefused) else Problem("class_not_yours")
        return _not_closed(planned, problem)
    steps = list(entry.steps.order_by("pk"))
    if {step.kind for step in steps} & {Step.Kind.CONFIRMED, Step.Kind.ACCEPTED}:
        return Outcome(state=State.DONE, entry=entry)
    reason = from_json(steps[-1].detail.get("reason")) if steps else None
    if reason and reason.code in _GONE:
        return Outcome(state=State.DONE, entry=entry)
    later = retry_later(command, reason)
    return later if later.retry_at else _not_closed(planned, reason)


def _not_closed(planned: ScheduledCommand | None, why: Problem | None) -> Outcome:
    """Return a failed outcome. Also store the reason with the class that replaces the room."""
    problem = Problem("earlier_class_open", {"why": why or Problem("refused_for_unknown_reason")})

    def tell() -> None:
        if planned is not None:
            ScheduledCommand.objects.filter(pk=planned.pk).update(problem=problem.as_json())

    return Outcome(state=State.FAILED, problem=problem, record=tell)
