"""What people do with the courses of a class: read the students, choose what is graded, send scores again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from classroom_admin.actions.class_lists import Changes
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.integrations.lti import rosters
from classroom_admin.integrations.lti.models import Course, ResourceLink, Score
from classroom_admin.rooms.access import ClassAccess, NotYours
from classroom_admin.rooms.models import Room


def has_courses(room: Room) -> bool:
    """Return whether an activity of a learning platform opens this class."""
    return ResourceLink.objects.filter(room=room).exists()


def links_of(access: ClassAccess) -> list[ResourceLink]:
    """Return the activities that open this class, with their courses and scores."""
    rows = ResourceLink.objects.filter(room=access.room).select_related("platform", "course__class_list")
    return list(rows.prefetch_related("scores").order_by("course__title", "pk"))


def read_students(access: ClassAccess) -> list[tuple[Course, Changes | None]]:
    """Read the students of the class's courses now.

    Return each course with the changes of its class list, or with None if this failed (`members_problem`).
    """
    ids = {link.course_id for link in links_of(access)}
    found = []
    for course in (
        Course.objects.filter(pk__in=ids).exclude(members_url="").select_related("platform", "owner")
    ):
        record.done(
            actor=access.person,
            action="lti.roster",
            room_uuid=access.room.room_uuid,
            target=course.context_id,
            target_name=course.title,
        )
        changes = rosters.keep_in_step(course)
        course.refresh_from_db()
        found.append((course, changes))
    return found


def try_again(access: ClassAccess) -> int:
    """Make the scores due that a platform did not accept. Return how many."""
    failed = Score.objects.filter(link__room=access.room, due_at=None).exclude(problem="")
    return failed.update(due_at=clock.now(), attempts=0)


def choose_grade(access: ClassAccess, *, pk: int, grade: str) -> bool:
    """Choose what an activity sends to the gradebook from now on. Scores that were sent stay there.

    Return False if it was chosen already. Raise ``NotYours`` if the activity opens another class or has no
    gradebook, and ValueError if there is no such choice.
    """
    wanted = ResourceLink.Grade(grade)
    with transaction.atomic():
        link = ResourceLink.objects.select_for_update().filter(room=access.room, pk=pk).first()
        if link is None or not link.has_gradebook:
            raise NotYours
        if link.grade == wanted:
            return False
        link.grade, link.graded_at = wanted, None
        link.save(update_fields=["grade", "graded_at"])
        unsent = Q(due_at__isnull=False) | ~Q(problem="")
        link.scores.filter(unsent).delete()  # they are of the earlier kind
        record.done(
            actor=access.person,
            action="lti.grade",
            room_uuid=access.room.room_uuid,
            target=link.course.context_id,
            target_name=link.course.title,
            params={"grade": wanted.value},
        )
    return True
