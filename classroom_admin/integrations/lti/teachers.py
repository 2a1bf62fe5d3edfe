"""Give the classes of a course to everyone who teaches it, and take them away when they leave the course.

A class is given only if the person who chose it teaches the same course. So a copied activity does not open
the class to the teachers of another course.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.integrations.lti.models import (
    AccountLink,
    Course,
    CourseTeacher,
    GivenClass,
    ResourceLink,
)
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Room, RoomTeacher


def note_launch(course: Course, user: User) -> None:
    """Remember that the person teaches the course, and give them its classes."""
    with transaction.atomic():
        teacher, is_new = CourseTeacher.objects.get_or_create(course=course, user=user)
        if is_new:  # classes that this person chose can now be given to the others
            give_classes(course)
        else:
            _give(teacher)


def keep_in_step(course: Course, subs: Collection[str]) -> None:
    """Make those the teachers of the course whom the platform names, as far as their accounts are known.

    If it names none, nothing changes: some platforms hide teachers from this service.
    """
    if not subs:
        return
    with transaction.atomic():
        _keep_in_step(course, subs)


def _keep_in_step(course: Course, subs: Collection[str]) -> None:
    accounts = AccountLink.objects.filter(platform=course.platform, sub__in=subs)
    named = User.objects.filter(pk__in=accounts.values("user"), is_active=True)
    for gone in course.teachers.exclude(user__in=named).exclude(user=course.owner_id):
        _take_away(gone)
    for user in named:
        CourseTeacher.objects.get_or_create(course=course, user=user)
    give_classes(course)


def give_classes(course: Course) -> None:
    """Give the classes of the course to all of its teachers."""
    for teacher in course.teachers.select_related("user", "course__platform"):
        _give(teacher)


def _give(teacher: CourseTeacher) -> None:
    user = teacher.user
    if not user.is_active or not permissions.may_teach(user) or permissions.sees_all_classes(user):
        return
    for room in _classes_for(teacher):
        _row, is_new = RoomTeacher.objects.get_or_create(room=room, user=user)
        GivenClass.objects.create(teacher=teacher, room=room, is_new=is_new)
        if is_new:
            _record(teacher, room, "room.assign")


def _classes_for(teacher: CourseTeacher) -> list[Room]:
    """Return the classes of the course that other teachers of it chose, and that they still see themselves.

    A class is given only once. So if an administrator takes it away, it stays away.
    """
    course, user = teacher.course, teacher.user
    choosers = Q(made_by__in=course.teachers.values("user")) | Q(made_by=course.owner_id)
    links = ResourceLink.objects.filter(choosers, course=course, room__gone_at=None, made_by__isnull=False)
    links = links.exclude(made_by=user).exclude(room__in=teacher.classes.values("room"))
    rooms = {link.room: link.made_by for link in links.select_related("room", "made_by")}
    return [room for room, chooser in rooms.items() if room and chooser and _sees(chooser, room)]


def _sees(person: User, room: Room) -> bool:
    return person.is_active and visible_rooms(person).filter(pk=room.pk).exists()


def _take_away(teacher: CourseTeacher) -> None:
    """End what the person got because of the course. Another course may give them the same class."""
    for given in teacher.classes.filter(is_new=True).select_related("room"):
        elsewhere = GivenClass.objects.filter(room=given.room, teacher__user=teacher.user)
        if elsewhere.exclude(pk=given.pk).exists():
            continue
        removed, _ = RoomTeacher.objects.filter(room=given.room, user=teacher.user).delete()
        if removed:
            _record(teacher, given.room, "room.unassign")
    teacher.delete()


def _record(teacher: CourseTeacher, room: Room, action: str) -> None:
    course = teacher.course
    record.done(
        actor=course.owner or teacher.user,
        action=action,
        room_uuid=room.room_uuid,
        target=teacher.user.email,
        target_name=str(teacher.user),
        params={"through": course.platform.label, "course": course.title},
    )
