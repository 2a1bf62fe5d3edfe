"""Plan classes, take planned ones back, try failed ones again. Each is on record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions import classes
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.planning import hints
from classroom_admin.actions.planning.models import PlannedClass, Series
from classroom_admin.actions.planning.recurrence import MOST_CLASSES
from classroom_admin.audit import record
from classroom_admin.common import clock

State = PlannedClass.State
OPEN: Final = (State.WAITING, State.FAILED)
"""Those that can still be changed and taken back."""


def due_at(starts_at: datetime, *, now: datetime) -> datetime:
    """When a class is made at the cloud: now, or so many days ahead of its start. Pure but for the setting.

    The cloud keeps a room for five days only (contract B: create a room).
    """
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
    """Plan a class for each of ``starts`` (aware). ``asked``: the rest of ``create_class``'s arguments.

    All is checked by the client's rules before anything is stored (``ActionRefused``). The same form
    (``request_id``) sent twice by the same person is the same series; with other things in it, it is another.
    What is due is made at once, in the background.
    """
    if not actor.is_active:
        raise NotYours
    if not starts:
        raise ActionRefused(
            _("No class falls in this period. Choose other days or a later end date."), "until"
        )
    if len(starts) > MOST_CLASSES:
        raise ActionRefused(
            _("The series would have more than %(most)d classes. Choose an earlier end date.")
            % {"most": MOST_CLASSES},
            "until",
        )
    for starts_at in (min(starts), max(starts)):
        classes.check_class(actor=actor, name=name, starts_at=starts_at, **asked)
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
            PlannedClass.objects.bulk_create(
                PlannedClass(series=series, starts_at=starts_at, due_at=due_at(starts_at, now=now))
                for starts_at in starts
            )
            _record(actor, "series.plan", series, classes=len(starts), first=starts[0], last=starts[-1])
            transaction.on_commit(lambda: hints.make(series.pk))
    return series


def _mark(said: tuple[Any, ...]) -> str:
    """What two presses of one form have in common. A form that was gone back to and changed has another."""
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def try_again(*, actor: User, series: Series, planned: PlannedClass | None = None) -> int:
    """Have one failed class, or all of the series, made now. Gives how many."""
    authorise(actor, series)
    failed = _of(series, planned).filter(state=State.FAILED)
    with transaction.atomic():
        count = failed.update(due_at=clock.now(), state=State.WAITING)
        if count:
            _record(actor, "series.retry", series, classes=count)
            transaction.on_commit(lambda: hints.make(series.pk))
    return count


def cancel(*, actor: User, series: Series, planned: PlannedClass | None = None) -> int:
    """Take back one class that is not made yet, or all of them. Gives how many; made ones stay."""
    authorise(actor, series)
    open_ones = _of(series, planned).filter(state__in=OPEN)
    with transaction.atomic():
        count = open_ones.update(state=State.CANCELLED, due_at=None)
        if count:
            _record(actor, "series.cancel", series, classes=count)
    return count


def restore(*, actor: User, series: Series, planned: PlannedClass) -> int:
    """Plan a cancelled class again, at the time it had. Gives 0 where it is too late or was not cancelled."""
    authorise(actor, series)
    now = clock.now()
    with transaction.atomic():
        count = (
            _of(series, planned)
            .filter(state=State.CANCELLED, starts_at__gt=clock.cloud_now())
            .update(state=State.WAITING, due_at=due_at(planned.starts_at, now=now))
        )
        if count:
            _record(actor, "series.restore", series, classes=count)
            transaction.on_commit(lambda: hints.make(series.pk))
    return count


def change(*, actor: User, series: Series, name: str, asked: Mapping[str, Any]) -> int:
    """Give the classes that are not made yet another name and other settings. Gives how many there are.

    Made ones stay as they are: the cloud has no call that would change them. ``ActionRefused`` as ``plan``.
    """
    authorise(actor, series)
    classes.check_class(actor=actor, name=name, **asked)
    with transaction.atomic():
        count = series.planned.filter(state__in=OPEN).count()
        Series.objects.filter(pk=series.pk).update(name=name, settings=dict(asked))
        series.refresh_from_db()
        _record(actor, "series.change", series, classes=count)
    return count


def move(*, actor: User, series: Series, planned: PlannedClass, starts_at: datetime) -> int:
    """Have one class that is not made yet begin at another time. Gives 0 where it was made meanwhile.

    ``ActionRefused`` for a time that is over.
    """
    authorise(actor, series)
    if starts_at <= clock.cloud_now():
        raise ActionRefused(_("This time is in the past. Choose a later time."), "schedule.startTime")
    classes.check_class(actor=actor, name=series.name, starts_at=starts_at, **series.settings)
    due = due_at(starts_at, now=clock.now())
    with transaction.atomic():
        open_ones = _of(series, planned).filter(state__in=OPEN)
        count = open_ones.update(starts_at=starts_at, due_at=due, state=State.WAITING, reason="")
        if count:
            _record(actor, "series.move", series, was=planned.starts_at, now=starts_at)
            transaction.on_commit(lambda: hints.make(series.pk))
    return count


def visible_series(user: User) -> QuerySet[Series]:
    """All for an administrator; for a teacher what they planned, or is planned for them."""
    if user.is_administrator:
        return Series.objects.all()
    return Series.objects.filter(created_by=user) | Series.objects.filter(taught_by=user)


def authorise(actor: User, series: Series) -> None:
    """Raise ``NotYours`` unless ``actor`` may act on ``series``."""
    if not actor.is_active or not visible_series(actor).filter(pk=series.pk).exists():
        raise NotYours


def _of(series: Series, planned: PlannedClass | None) -> QuerySet[PlannedClass]:
    found = PlannedClass.objects.filter(series=series)
    return found if planned is None else found.filter(pk=planned.pk)


def _record(actor: User, action: str, series: Series, **params: Any) -> None:
    shown = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in params.items()
    }
    record.done(actor=actor, action=action, target=series.key, target_name=series.name, params=shown)
