"""Appoint a substitute for a class or its series, and end the substitution.

Raise `NotAllowed` for a person whose role does not appoint substitutes, and `ActionRefused` for invalid
input. Each function writes its audit entry in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import Series
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Room, Substitution
from classroom_admin.rooms.substitutions import of_room

LONGEST: Final = timedelta(days=366)


def series_of(room: Room) -> Series | None:
    """Return the series of the class, or None if the class does not repeat."""
    found = Series.objects.filter(planned__key=room.room_uuid).exclude(weekdays=[])
    return found.first()


def appoint(
    access: ClassAccess,
    *,
    substitute: User,
    starts_at: datetime,
    ends_at: datetime,
    series: Series | None = None,
) -> Substitution:
    """Let ``substitute`` teach the class, or all classes of ``series``, from ``starts_at`` to ``ends_at``.

    If a substitution by this person already covers the period, return that substitution unchanged.
    """
    access.require(Permission.SUBSTITUTE)
    room = access.room
    require_possible(substitute, by=access.person, starts_at=starts_at, ends_at=ends_at)
    about = {"series": series} if series is not None else {"room": room}
    with transaction.atomic():
        # The lock lets a form that was sent twice find the first substitution.
        User.objects.select_for_update().get(pk=substitute.pk)
        known = Substitution.objects.filter(
            teacher=substitute, starts_at__lte=starts_at, ends_at__gte=ends_at, **about
        ).first()
        if known is not None:
            return known
        made = Substitution.objects.create(
            teacher=substitute, starts_at=starts_at, ends_at=ends_at, made_by=access.person, **about
        )
        _record(access, "substitute.appoint", made, {"from": starts_at, "until": ends_at})
    return made


def require_possible(substitute: User, *, by: User, starts_at: datetime, ends_at: datetime) -> None:
    """Raise ``ActionRefused`` if `by` can't let this person substitute in this period.

    People who appoint themselves would keep classes that later no longer belong to their set.
    """
    if substitute == by and not permissions.sees_all_classes(by):
        words = gettext("You can't appoint yourself. Ask an administrator to do it.")
        raise ActionRefused(words, "substitute")
    if not substitute.is_active:
        raise ActionRefused(Problem("assignee_deactivated"), "substitute")
    if not permissions.may_teach(substitute):
        words = gettext("A person with this role does not teach. Choose another person.")
        raise ActionRefused(words, "substitute")
    if ends_at <= max(starts_at, clock.now()):
        raise ActionRefused(gettext("The end must be in the future and after the start."), "ends_at")
    if ends_at - starts_at > LONGEST:
        raise ActionRefused(gettext("A substitution can last at most one year."), "ends_at")


def end(access: ClassAccess, *, ids: Sequence[int]) -> int:
    """End the class's substitutions with these ids now. Return how many were ended."""
    access.require(Permission.SUBSTITUTE)
    now = clock.now()
    with transaction.atomic():
        open_ones = list(of_room(access.room, after=now).filter(pk__in=ids).select_for_update(of=("self",)))
        for one in open_ones:
            one.ends_at = max(one.starts_at, now)
            one.save(update_fields=["ends_at"])
            _record(access, "substitute.end", one, {})
    return len(open_ones)


def _record(access: ClassAccess, action: str, one: Substitution, times: dict[str, datetime]) -> None:
    params: dict[str, object] = {name: at.isoformat() for name, at in times.items()}
    if one.series is not None:
        params["series"] = one.series.name
    record.done(
        actor=access.person,
        action=action,
        room_uuid=access.room.room_uuid,
        target=one.teacher.email,
        target_name=str(one.teacher),
        params=params,
    )
