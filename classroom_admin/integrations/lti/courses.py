"""What people do with the courses of a class: read the students now, send scores again."""

from __future__ import annotations

from classroom_admin.actions.class_lists import Changes
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.integrations.lti import rosters
from classroom_admin.integrations.lti.models import Course, ResourceLink, Score
from classroom_admin.rooms.access import ClassAccess
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
