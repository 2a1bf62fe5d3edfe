"""Celery tasks of LTI. The rows say what is due, so a lost message only delays the work."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from celery import shared_task
from django.db.models import Exists, OuterRef

from classroom_admin.common import clock
from classroom_admin.integrations.lti import grades, keys, links, rosters, teachers
from classroom_admin.integrations.lti.models import Course, Launch, RegistrationLink, ResourceLink
from classroom_admin.sync.tasks import only_one

IN_TASK_S: Final = 20.0
"""How long (s) one task works. A slow platform then does not delay the others of the next task."""
COURSES_KEPT_FOR: Final = timedelta(days=30)
LAUNCHES_KEPT_FOR: Final = timedelta(hours=1)


@shared_task(name="lti.work")
def work(within_s: float = IN_TASK_S) -> int:
    """Read the members of due courses, and send due scores. Return how many courses and links were worked on.

    Only one process does this at a time.
    """
    with only_one("lti") as mine:
        if not mine:
            return 0
        ends_at, count = time.monotonic() + within_s, 0
        find_classes()
        for link in grades.changed():
            grades.queue(link)
        for pk in rosters.due():
            if time.monotonic() < ends_at:
                rosters.keep_in_step(Course.objects.select_related("platform", "owner").get(pk=pk))
                count += 1
        for pk in grades.due_links():
            if time.monotonic() < ends_at:
                rows = ResourceLink.objects.select_related("platform", "course", "room")
                grades.send(rows.get(pk=pk))
                count += 1
        return count


@shared_task(name="lti.tidy")
def tidy() -> None:
    """Delete what is over: launches, registration links, retired keys, and courses without classes."""
    now = clock.now()
    Launch.objects.filter(valid_until__lt=now - LAUNCHES_KEPT_FOR).delete()
    RegistrationLink.objects.filter(valid_until__lt=now - LAUNCHES_KEPT_FOR).delete()
    keys.tidy()
    has_links = Exists(ResourceLink.objects.filter(course=OuterRef("pk")))
    Course.objects.filter(~has_links, updated_at__lt=now - COURSES_KEPT_FOR).delete()


def find_classes() -> None:
    """Connect links with the classes that the cloud has created since, and give these the course's list."""
    waiting = ResourceLink.objects.filter(room=None).exclude(room_uuid="").select_related("room", "course")
    for link in waiting:
        if links.room_of(link) is not None:
            teachers.give_classes(link.course)
            rosters.ask(link.course)
