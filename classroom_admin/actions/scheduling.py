"""Scheduled classes: plan a series; change, move, cancel, restore and create its classes.

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

from classroom_admin.accounts.models import User
from classroom_admin.actions import calendars, class_state, people, scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series, new_room_uuid
from classroom_admin.actions.recurrence import MOST_CLASSES
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.agora import errors
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem, from_json
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.models import Room, RoomTeacher

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
    """Return when to create a class at the cloud: ``CLASS_MADE_DAYS_AHEAD`` days before its start, or now."""
    return max(now, starts_at - timedelta(days=settings.CLASS_MADE_DAYS_AHEAD))


def plan(
    *,
    actor: User,
    request_id: str,
    name: str,
    starts: Sequence[datetime],
    zone: str,
    asked: Mapping[str, Any],
    weekdays: Collection[int] = (),
    taught_by: User | None = None,
) -> Series:
    """Schedule a class for each aware time in ``starts``. A worker creates due classes at once.

    ``asked`` has the other arguments of ``create_class``. If a person sends the same form (``request_id``)
    twice with the same content, return the first series. Raise ``ActionRefused`` if an argument is invalid;
    nothing is stored then. Raise ``NotYours`` if ``actor`` is deactivated.
    """
    if not actor.is_active:
        raise NotYours
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
    said = (request_id, name, starts, zone, asked, sorted(weekdays), taught_by.pk if taught_by else None)
    with transaction.atomic():
        series, is_new = Series.objects.get_or_create(
            created_by=actor,
            request_id=_mark(said),
            defaults={
                "name": name,
                "zone": zone,
                "weekdays": sorted(weekdays),
                "settings": dict(asked),
                "taught_by": taught_by,
                "created_at": now,
            },
        )
        if is_new:
            ScheduledCommand.objects.bulk_create(
                _scheduled_class(series, starts_at, position=position, now=now)
                for position, starts_at in enumerate(starts)
            )
            _record(actor, "series.plan", series, classes=len(starts), first=starts[0], last=starts[-1])
            _wake_up(series)
    return series


def _mark(said: tuple[Any, ...]) -> str:
    """Return a hash that is equal for two presses of one form, unless its content was changed in between."""
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def try_again(*, actor: User, series: Series, planned: ScheduledCommand | None = None) -> int:
    """Retry one failed class, or all failed classes of the series, at once. Return how many."""
    now = clock.now()
    failed = _of(actor, series, planned).filter(state=State.FAILED)
    return _change(actor, series, "series.retry", failed, state=State.WAITING, due_at=now, claimable_at=now)


def cancel(*, actor: User, series: Series, planned: ScheduledCommand | None = None) -> int:
    """Cancel one class or all classes of the series. Skip created classes. Return how many were cancelled."""
    open_ones = _of(actor, series, planned).filter(state__in=OPEN)
    return _change(actor, series, "series.cancel", open_ones, state=State.CANCELLED, claimable_at=None)


def restore(*, actor: User, series: Series, planned: ScheduledCommand) -> int:
    """Schedule a cancelled class again at its time. Return 0 if the time is past or it is not cancelled."""
    cancelled = _of(actor, series, planned).filter(state=State.CANCELLED, starts_at__gt=clock.cloud_now())
    return _change(actor, series, "series.restore", cancelled, **_waiting(planned.starts_at))


def change(*, actor: User, series: Series, name: str, asked: Mapping[str, Any]) -> int:
    """Change the name and settings of all classes that are not created yet. Return their number.

    Created classes stay unchanged, because the cloud has no call to change them. Raise ``ActionRefused`` if
    an argument is invalid.
    """
    open_ones = _of(actor, series).filter(state__in=OPEN)
    class_state.check_class(name=name, **asked)
    with transaction.atomic():
        count = open_ones.update(changed_at=clock.now())
        Series.objects.filter(pk=series.pk).update(name=name, settings=dict(asked))
        series.refresh_from_db()
        _tell_calendars(series)
        _record(actor, "series.change", series, classes=count)
    return count


def move(*, actor: User, series: Series, planned: ScheduledCommand, starts_at: datetime) -> int:
    """Move one class that is not created yet to another time. Return 0 if it was created in the meantime.

    Raise ``ActionRefused`` if the time is in the past or invalid.
    """
    open_ones = _of(actor, series, planned).filter(state__in=OPEN)
    if starts_at <= clock.cloud_now():
        raise ActionRefused(_("This time is in the past. Choose a later time."), "schedule.startTime")
    class_state.check_class(name=series.name, starts_at=starts_at, **series.settings)
    new = {"starts_at": starts_at, "problem": None, **_waiting(starts_at)}
    shown = {"was": planned.starts_at, "now": starts_at}
    return _change(actor, series, "series.move", open_ones, shown=shown, **new)


def visible_series(user: User) -> QuerySet[Series]:
    """Return the series that ``user`` may see: a teacher sees only those that they created or teach."""
    if user.is_administrator:
        return Series.objects.all()
    return Series.objects.filter(created_by=user) | Series.objects.filter(taught_by=user)


def scheduled_classes() -> QuerySet[ScheduledCommand]:
    """Return the classes of all series, created or not, in order of their start."""
    return ScheduledCommand.objects.filter(kind=Kind.CLASS).order_by("starts_at", "pk")


@scheduled.handler(Kind.CLASS)
def _create(planned: ScheduledCommand) -> Outcome:
    """Create one class. Each attempt uses the same room id, so a retry can't create a second class."""
    series, starts_at = planned.series, planned.starts_at
    assert series is not None
    assert starts_at is not None
    if starts_at + timedelta(seconds=series.settings.get("duration_s") or 0) <= clock.cloud_now():
        return Outcome(
            state=State.FAILED,
            problem=Problem("class_time_passed"),
        )
    try:
        entry = class_state.create_class(
            series.created_by,
            name=series.name,
            starts_at=starts_at,
            room_uuid=planned.key,
            attempt=planned.attempts,
            **series.settings,
        )
    except NotYours:
        return Outcome(
            state=State.FAILED,
            problem=Problem("scheduler_deactivated"),
        )
    except ActionRefused as refused:
        return Outcome(state=State.FAILED, problem=refused.problem)
    return _outcome(planned, series, entry)


def _outcome(planned: ScheduledCommand, series: Series, entry: Entry) -> Outcome:
    """Return the outcome according to the audit entry. Assign a created class to its teacher first.

    If the worker dies before it stores the outcome, another worker repeats the assignment.
    """
    if entry.room_uuid != planned.key:
        return _try_later(planned, Problem("creation_collided"))
    steps = list(entry.steps.order_by("pk"))
    if not {step.kind for step in steps} & {Step.Kind.CONFIRMED, Step.Kind.ACCEPTED}:
        detail = steps[-1].detail if steps else {}
        problem = from_json(detail.get("reason"))
        if detail.get("error") in PASSING:
            return _try_later(planned, problem)
        return Outcome(state=State.FAILED, problem=problem)
    room = Room.objects.filter(room_uuid=planned.key).first()
    if room is None:
        return _try_later(planned, Problem("class_not_listed_yet"))
    why = _hand_over(room, series)
    record_kept = _recording_of_kept(room, series, why) if why else None
    return Outcome(state=State.DONE, entry=entry, problem=why, record=record_kept)


def _try_later(planned: ScheduledCommand, problem: Problem | None) -> Outcome:
    """Return a failed outcome with an automatic retry before the class begins. Double the wait each time."""
    wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (planned.attempts - 1))
    retry_at = clock.now() + timedelta(seconds=wait_s)
    in_time = planned.starts_at is not None and retry_at < planned.starts_at
    return Outcome(state=State.FAILED, problem=problem, retry_at=retry_at if in_time else None)


def _hand_over(room: Room, series: Series) -> Problem | None:
    """Assign a class to the teacher for whom an administrator scheduled it.

    Return the problem if the assignment fails; None if it succeeds or there is no teacher to assign.
    """
    to = series.taught_by
    if to is None or RoomTeacher.objects.filter(room=room, user=to).exists():
        return None
    try:
        people.assign_room(actor=series.created_by, person=to, room=room)
    except ActionRefused as refused:
        why = refused.problem
    except PermissionDenied:
        why = Problem("scheduler_not_administrator")
    else:
        return None
    return Problem("not_assigned", {"teacher": str(to), "why": why})


def _recording_of_kept(room: Room, series: Series, why: Problem) -> Callable[[], object]:
    to = series.taught_by
    return lambda: record.done(
        actor=series.created_by,
        action="room.assign",
        room_uuid=room.room_uuid,
        target=to.email if to else "",
        target_name=str(to or ""),
        outcome=Step.Kind.FAILED,
        detail={"reason": why.as_json()},
    )


def _scheduled_class(
    series: Series, starts_at: datetime, *, position: int, now: datetime
) -> ScheduledCommand:
    due = due_at(starts_at, now=now)
    return ScheduledCommand(
        kind=Kind.CLASS,
        by=series.created_by,
        series=series,
        key=new_room_uuid(),
        position=position,
        starts_at=starts_at,
        due_at=due,
        claimable_at=due,
    )


def _waiting(starts_at: datetime | None) -> dict[str, Any]:
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
            _tell_calendars(series)
            _record(actor, action, series, **(shown or {"classes": count}))
            _wake_up(series)
    return count


def _tell_calendars(series: Series) -> None:
    """Note the time of this change for calendars that have shown classes of the series."""
    unmade = series.planned.select_related("series").exclude(state=State.DONE)
    calendars.revise(map(calendars.of_plan, unmade), only_known=True)


def _wake_up(series: Series) -> None:
    """Wake up a worker to create due classes, starting with the earliest of this series."""
    due = series.planned.filter(claimable_at__lte=clock.now()).order_by("starts_at", "pk").first()
    if due is not None:
        scheduled.wake_up(scheduled.RUN_LONG, first=due.pk)


def _of(actor: User, series: Series, planned: ScheduledCommand | None = None) -> QuerySet[ScheduledCommand]:
    """Return the class ``planned`` or all classes. Raise ``NotYours`` if ``actor`` may not see the series."""
    if not actor.is_active or not visible_series(actor).filter(pk=series.pk).exists():
        raise NotYours
    found = scheduled_classes().filter(series=series).order_by()
    return found if planned is None else found.filter(pk=planned.pk)


def _record(actor: User, action: str, series: Series, **params: Any) -> None:
    shown = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in params.items()
    }
    record.done(actor=actor, action=action, target=series.key, target_name=series.name, params=shown)
