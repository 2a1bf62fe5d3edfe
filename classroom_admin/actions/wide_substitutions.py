"""Appoint a substitute for all classes with a class list, or for all classes of a teacher.

`actions.substitutions` does the same for one class and its series. Each function writes its audit entry in
the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.series_selectors import visible_series
from classroom_admin.actions.substitutions import require_possible
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours, visible_rooms
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Substitution, Supervision


def teachers_to_cover(user: User) -> QuerySet[User]:
    """Return the teachers for whose classes `user` may appoint a substitute."""
    found = User.objects.filter(role__in=permissions.TEACHING_ROLES)
    if not permissions.may(user, Permission.SUBSTITUTE):
        return found.none()
    if not permissions.sees_all_classes(user):
        own = Supervision.objects.filter(person=user, teacher__isnull=False).values("teacher")
        found = found.filter(Q(pk__in=own) | Q(pk=user.pk))
    return found.order_by("name", "email")


def substitutes() -> QuerySet[User]:
    """Return the people who may be appointed."""
    found = User.objects.filter(is_active=True, role__in=permissions.TEACHING_ROLES)
    return found.order_by("name", "email")


def open_substitutions(user: User) -> QuerySet[Substitution]:
    """Return the substitutions that have not ended and that `user` may end, soonest first."""
    found = Substitution.objects.filter(ends_at__gt=clock.now())
    if not permissions.may(user, Permission.SUBSTITUTE):
        return found.none()
    if not permissions.sees_all_classes(user):
        found = found.filter(
            Q(of_teacher__in=teachers_to_cover(user).order_by().values("pk"))
            | Q(class_list__in=visible_lists(user).order_by().values("pk"))
            | Q(room__in=visible_rooms(user).values("pk"))
            | Q(series__in=visible_series(user).values("pk"))
        )
    return found.select_related("teacher", "of_teacher", "class_list", "room", "series").order_by(
        "starts_at", "pk"
    )


def appoint(
    *,
    actor: User,
    substitute: User,
    starts_at: datetime,
    ends_at: datetime,
    of_teacher: User | None = None,
    class_list: ClassList | None = None,
) -> Substitution:
    """Let ``substitute`` teach the classes with ``class_list``, or those of ``of_teacher``, in this period.

    If a substitution by this person already covers the period, return that substitution unchanged. Raise
    ``NotAllowed`` if the role of ``actor`` appoints no substitutes, and ``ActionRefused`` for invalid input.
    Raise ``NotYours`` if the teacher or the list is not in the set of ``actor``.
    """
    permissions.require(actor, Permission.SUBSTITUTE)
    if (of_teacher is None) == (class_list is None):
        raise ActionRefused(gettext("Choose either a teacher or a class list."), "of_teacher")
    if of_teacher is not None and not teachers_to_cover(actor).filter(pk=of_teacher.pk).exists():
        raise NotYours
    if class_list is not None and not visible_lists(actor).filter(pk=class_list.pk).exists():
        raise NotYours
    if substitute == of_teacher:
        raise ActionRefused(gettext("A person can't substitute for themselves."), "substitute")
    require_possible(substitute, by=actor, starts_at=starts_at, ends_at=ends_at)
    about = {"of_teacher": of_teacher, "class_list": class_list}
    with transaction.atomic():
        # The lock lets a form that was sent twice find the first substitution.
        User.objects.select_for_update().get(pk=substitute.pk)
        known = Substitution.objects.filter(
            teacher=substitute,
            starts_at__lte=starts_at,
            ends_at__gte=ends_at,
            room=None,
            series=None,
            **about,
        ).first()
        if known is not None:
            return known
        made = Substitution.objects.create(
            teacher=substitute, starts_at=starts_at, ends_at=ends_at, made_by=actor, **about
        )
        times = {"from": starts_at.isoformat(), "until": ends_at.isoformat()}
        _record(actor, "substitute.appoint", made, times)
    return made


def end(*, actor: User, pk: int) -> Substitution | None:
    """End a substitution now and return it. Return None if it has ended or ``actor`` may not end it."""
    permissions.require(actor, Permission.SUBSTITUTE)
    now = clock.now()
    with transaction.atomic():
        found = open_substitutions(actor).filter(pk=pk).select_for_update(of=("self",)).first()
        if found is None:
            return None
        found.ends_at = max(found.starts_at, now)
        found.save(update_fields=["ends_at"])
        _record(actor, "substitute.end", found, {})
    return found


def _record(actor: User, action: str, one: Substitution, params: Mapping[str, object]) -> None:
    about: dict[str, object] = {
        "of_teacher": one.of_teacher and one.of_teacher.email,
        "class_list": one.class_list,
        "series": one.series and one.series.name,
    }
    record.done(
        actor=actor,
        action=action,
        room_uuid=one.room.room_uuid if one.room else "",
        target=one.teacher.email,
        target_name=str(one.teacher),
        params={**params, **{name: str(value) for name, value in about.items() if value}},
    )
