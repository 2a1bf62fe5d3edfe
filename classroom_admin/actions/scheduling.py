"""Scheduled classes: plan a series; cancel, restore and create its classes (`series_changes` changes them).

The cloud keeps a room for only five days, so a class is created a few days before it begins.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import calendars, class_lists, class_state, people, same_class, scheduled
from classroom_admin.actions.class_plans import FORMERLY, TEACHERS, plan_of
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series, new_room_uuid
from classroom_admin.actions.recurrence import MOST_CLASSES
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.actions.series_selectors import list_of, scheduled_classes, teacher_of, visible_series
from classroom_admin.agora import errors
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem, from_json
from classroom_admin.rooms.access import NotAllowed, NotYours
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Room, RoomTeacher, Substitution

OPEN: Final = (State.WAITING, State.FAILED)
"""States of a class that can still be changed or cancelled."""
FIRST_WAIT_S: Final = 15.0
LONGEST_WAIT_S: Final = 3600.0
# Temporary errors, after which the creation is retried automatically.
PASSING: Final = frozenset(
    error.__name__
    for error in (
        errors.RateLimited,
        errors.CloudFailed,
        errors.CloudUnavailable,
        errors.UnreadableAnswer,
        errors.Unauthorized,
    )
)


def due_at(starts_at: datetime, *, now: datetime) -> datetime:
    """Return when to create a class in the cloud: ``CLASS_MADE_DAYS_AHEAD`` days before its start, or now."""
    return max(now, starts_at - timedelta(days=settings.CLASS_MADE_DAYS_AHEAD))


def is_far(starts_at: datetime) -> bool:
    """Return whether a class must be created later. Otherwise the cloud would delete it before its start."""
    now = clock.now()
    return due_at(starts_at, now=now) > now + timedelta(minutes=1)


def plan(
    *,
    actor: User,
    request_id: str,
    name: str,
    starts: Sequence[datetime],
    zone: str,
    asked: Mapping[str, Any],
    weekdays: Collection[int] = (),
    every: int = 1,
    taught_by: User | None = None,
    class_list: ClassList | None = None,
    payload: Mapping[str, Any] | None = None,
) -> Series:
    """Schedule a class for each aware time in ``starts``. A worker creates due classes immediately.

    ``asked`` has the other arguments of ``create_class``. ``payload`` is stored with each class. If a form
    with the same ``request_id`` and content is sent twice, return the first series. Raise ``ActionRefused``
    if an argument is invalid. Raise ``NotYours`` if ``actor`` is deactivated or may not see ``class_list``.
    """
    if not actor.is_active:
        raise NotYours
    permissions.require(actor, Permission.SCHEDULE)
    if class_list is not None:
        require_list(actor, class_list)
    if not starts:
        raise ActionRefused(
            _("No class falls in this period. Choose other days or a later end date."), "until"
        )
    if len(starts) > MOST_CLASSES:
        words = _("The series would have more than %(most)d classes. Choose an earlier end date.")
        raise ActionRefused(words % {"most": MOST_CLASSES}, "until")
    for starts_at in (min(starts), max(starts)):
        class_state.check_class(name=name, starts_at=starts_at, **asked)
    now = clock.now()
    teacher, listed = taught_by.pk if taught_by else None, class_list.pk if class_list else None
    said = (request_id, name, starts, zone, asked, sorted(weekdays), every, teacher, listed)
    with transaction.atomic():
        series, is_new = Series.objects.get_or_create(
            created_by=actor,
            request_id=_mark(said),
            defaults={
                "name": name,
                "zone": zone,
                "weekdays": sorted(weekdays),
                "every": every,
                "settings": dict(asked),
                "taught_by": taught_by,
                "class_list": class_list,
                "created_at": now,
            },
        )
        if is_new:
            ScheduledCommand.objects.bulk_create(
                _scheduled_class(series, starts_at, position=position, now=now, payload=dict(payload or {}))
                for position, starts_at in enumerate(starts)
            )
            record_change(actor, "series.plan", series, classes=len(starts), first=starts[0], last=starts[-1])
            wake_up(series)
    return series


def require_list(actor: User, class_list: ClassList | None) -> None:
    """Raise ``NotYours`` if ``actor`` may not see the class list, or if it was deleted."""
    if class_list is None or not visible_lists(actor).filter(pk=class_list.pk).exists():
        raise NotYours


def _mark(said: tuple[Any, ...]) -> str:
    """Return a hash of the content of a form, to recognise a form that is sent twice."""
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def try_again(*, actor: User, series: Series, planned: ScheduledCommand | None = None) -> int:
    """Retry the failed class ``planned``, or all failed classes of the series. Return how many."""
    now = clock.now()
    failed = _of(actor, series, planned).filter(state=State.FAILED)
    return _change(actor, series, "series.retry", failed, state=State.WAITING, due_at=now, claimable_at=now)


def cancel(*, actor: User, series: Series, planned: ScheduledCommand | None = None) -> int:
    """Cancel the class ``planned``, or all classes of the series. Return how many were cancelled.

    Classes that are already created are not cancelled.
    """
    open_ones = _of(actor, series, planned).filter(state__in=OPEN)
    return _change(actor, series, "series.cancel", open_ones, state=State.CANCELLED, claimable_at=None)


def restore(*, actor: User, series: Series, planned: ScheduledCommand) -> int:
    """Schedule a cancelled class again at its old time.

    Return 0 if this is past or the class is not cancelled.
    """
    cancelled = _of(actor, series, planned).filter(state=State.CANCELLED, starts_at__gt=clock.cloud_now())
    return _change(actor, series, "series.restore", cancelled, **due_columns(planned.starts_at))


@scheduled.handler(Kind.CLASS)
def _create(planned: ScheduledCommand) -> Outcome:
    """Create one class. Each attempt uses the same room id, so a retry can't create a second class."""
    series, starts_at = planned.series, planned.starts_at
    assert series is not None
    assert starts_at is not None
    wanted = plan_of(planned)
    if starts_at + timedelta(seconds=wanted.settings.get("duration_s") or 0) <= clock.cloud_now():
        return Outcome(
            state=State.FAILED,
            problem=Problem("class_time_passed"),
        )
    try:
        entry = class_state.create_class(
            series.created_by,
            name=wanted.name,
            starts_at=starts_at,
            room_uuid=planned.key,
            attempt=planned.attempts,
            **wanted.settings,
        )
    except (NotYours, NotAllowed):
        return Outcome(
            state=State.FAILED,
            problem=Problem("scheduler_deactivated"),
        )
    except ActionRefused as refused:
        return Outcome(state=State.FAILED, problem=refused.problem)
    return _outcome(planned, series, entry)


def _outcome(planned: ScheduledCommand, series: Series, entry: Entry) -> Outcome:
    """Return the outcome of a class's creation. A created class first gets its list, teachers and files.

    If the worker dies before it stores the outcome, another worker repeats this.
    """
    if entry.room_uuid != planned.key:
        return retry_later(planned, Problem("creation_collided"))
    steps = list(entry.steps.order_by("pk"))
    if not {step.kind for step in steps} & {Step.Kind.CONFIRMED, Step.Kind.ACCEPTED}:
        detail = steps[-1].detail if steps else {}
        problem = from_json(detail.get("reason"))
        if detail.get("error") in PASSING:
            return retry_later(planned, problem)
        return Outcome(state=State.FAILED, problem=problem)
    room = Room.objects.filter(room_uuid=planned.key).first()
    if room is None:
        return retry_later(planned, Problem("class_not_listed_yet"))
    _use_list(room, planned)
    _copy_teachers(room, planned)
    _copy_substitutes(room, planned)
    same_class.copy_files_later(room, by=planned.by, payload=planned.payload)
    to = teacher_of(plan_of(planned))
    why = _hand_over(room, planned.by, to) if to else None
    record_kept = _recording_of_kept(room, planned.by, to, why) if why else None
    return Outcome(state=State.DONE, entry=entry, problem=why, record=record_kept)


def retry_later(planned: ScheduledCommand, problem: Problem | None) -> Outcome:
    """Return a failed outcome with the time of the next attempt. Each wait is twice as long as the last.

    There is no attempt after the class begins.
    """
    wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (planned.attempts - 1))
    retry_at = clock.now() + timedelta(seconds=wait_s)
    in_time = planned.starts_at is not None and retry_at < planned.starts_at
    return Outcome(state=State.FAILED, problem=problem, retry_at=retry_at if in_time else None)


def _use_list(room: Room, planned: ScheduledCommand) -> None:
    """Assign the planned class list to a created class, unless the list was deleted."""
    chosen = list_of(plan_of(planned))
    if chosen is not None and room.class_list_id != chosen.pk:
        class_lists.use_planned_list(room, actor=planned.by, class_list=chosen)


def _copy_teachers(room: Room, planned: ScheduledCommand) -> None:
    """Assign the additional teachers of a scheduled class to the created class."""
    for person in User.objects.filter(pk__in=planned.payload.get(TEACHERS, ()), is_active=True):
        with transaction.atomic():
            _given, is_new = RoomTeacher.objects.get_or_create(room=room, user=person)
            if is_new:
                record.done(
                    actor=planned.by,
                    action="room.assign",
                    room_uuid=room.room_uuid,
                    target=person.email,
                    target_name=str(person),
                )


def _copy_substitutes(room: Room, planned: ScheduledCommand) -> None:
    """Appoint the substitutes of the earlier rooms of a class that is created again."""
    earlier = planned.payload.get(FORMERLY, [])
    for one in Substitution.objects.filter(room__room_uuid__in=earlier, ends_at__gt=clock.now()):
        Substitution.objects.get_or_create(
            room=room, teacher_id=one.teacher_id, starts_at=one.starts_at, ends_at=one.ends_at,
            defaults={"made_by_id": one.made_by_id, "made_at": one.made_at},
        )  # fmt: skip


def _hand_over(room: Room, by: User, to: User) -> Problem | None:
    """Assign a class to the teacher ``to`` in the name of ``by``. Return the problem if this fails."""
    if RoomTeacher.objects.filter(room=room, user=to).exists():
        return None
    try:
        people.assign_room(actor=by, person=to, room=room)
    except ActionRefused as refused:
        why = refused.problem
    except PermissionDenied:
        why = Problem("scheduler_not_administrator")
    else:
        return None
    return Problem("not_assigned", {"teacher": str(to), "why": why})


def _recording_of_kept(room: Room, by: User, to: User | None, why: Problem) -> Callable[[], object]:
    return lambda: record.done(
        actor=by,
        action="room.assign",
        room_uuid=room.room_uuid,
        target=to.email if to else "",
        target_name=str(to or ""),
        outcome=Step.Kind.FAILED,
        detail={"reason": why.as_json()},
    )


def _scheduled_class(
    series: Series, starts_at: datetime, *, position: int, now: datetime, payload: dict[str, Any]
) -> ScheduledCommand:
    due = due_at(starts_at, now=now)
    return ScheduledCommand(
        kind=Kind.CLASS,
        by=series.created_by,
        series=series,
        key=new_room_uuid(),
        position=position,
        starts_at=starts_at,
        payload=payload,
        due_at=due,
        claimable_at=due,
    )


def due_columns(starts_at: datetime | None) -> dict[str, Any]:
    """Return the column values of a class that waits to be created."""
    due = clock.now() if starts_at is None else due_at(starts_at, now=clock.now())
    return {"state": State.WAITING, "due_at": due, "claimable_at": due}


def _change(
    actor: User,
    series: Series,
    action: str,
    classes: QuerySet[ScheduledCommand],
    *,
    shown: Mapping[str, Any] | None = None,
    **columns: Any,
) -> int:
    """Change classes of a series and record the change. Return how many were changed."""
    with transaction.atomic():
        count = classes.update(changed_at=clock.now(), **columns)
        if count:
            tell_calendars(series)
            record_change(actor, action, series, **(shown or {"classes": count}))
            wake_up(series)
    return count


def tell_calendars(series: Series) -> None:
    """Record a change for the calendars that have shown classes of the series."""
    unmade = series.planned.select_related("series").exclude(state=State.DONE)
    calendars.revise(map(calendars.of_plan, unmade), only_known=True)


def wake_up(series: Series) -> None:
    """Wake up a worker to create due classes, first the earliest class of this series."""
    due = series.planned.filter(claimable_at__lte=clock.now()).order_by("starts_at", "pk").first()
    if due is not None:
        scheduled.wake_up(scheduled.RUN_LONG, first=due.pk)


def _of(actor: User, series: Series, planned: ScheduledCommand | None = None) -> QuerySet[ScheduledCommand]:
    """Return ``planned`` or all classes of a series. Raise ``NotYours`` if ``actor`` may not see it."""
    if not actor.is_active or not visible_series(actor).filter(pk=series.pk).exists():
        raise NotYours
    permissions.require(actor, Permission.SCHEDULE)
    found = scheduled_classes().filter(series=series).order_by()
    return found if planned is None else found.filter(pk=planned.pk)


def record_change(actor: User, action: str, series: Series, **params: Any) -> None:
    shown = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in params.items()
    }
    record.done(actor=actor, action=action, target=series.key, target_name=series.name, params=shown)
