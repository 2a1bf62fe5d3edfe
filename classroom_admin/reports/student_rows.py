"""Find the stored attendance of one student in all classes that a person may see."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from classroom_admin.reports.attendance_totals import NAMED
from classroom_admin.reports.models import PersonSummary
from classroom_admin.rooms.models import Participant, Role, Room
from classroom_admin.rooms.people import UNSEEN, NotSeen

STUDENTS = (Role.STUDENT, Role.UNKNOWN)


def student_row(pk: int, rooms: QuerySet[Room]) -> PersonSummary:
    """Return the row of a student in one of these classes. Raise ``NotSeen`` if there is none."""
    rows = PersonSummary.objects.filter(pk=pk, room__in=rooms.values("pk"), role__in=STUDENTS)
    found = rows.select_related("summary").first()
    if found is None:
        raise NotSeen
    return found


def rows_of_student(student: PersonSummary, rooms: QuerySet[Room]) -> QuerySet[PersonSummary]:
    """Return the rows of the same student in these classes, the newest class first.

    The same student has the same key or the same user id. A student whom a class list names without a user id
    has the same key only within that list.
    """
    same = Q(person_key=student.person_key)
    if student.person_key.startswith(NAMED):
        same &= Q(summary__class_list=student.summary.class_list_id)
    ids = user_ids(PersonSummary.objects.filter(same, room__in=rooms.values("pk")))
    rows = PersonSummary.objects.filter(
        same | Q(user_uuid__in=ids), room__in=rooms.values("pk"), role__in=STUDENTS
    )
    return rows.order_by("-summary__starts_at", "-pk")


def user_ids(rows: QuerySet[PersonSummary]) -> set[str]:
    """Return all cloud user ids in these rows."""
    found: set[str] = set()
    for user_uuid, more_ids in rows.values_list("user_uuid", "more_ids"):
        found |= {user_uuid, *more_ids}
    return found - {""}


def newest_participant(user_uuids: Collection[str], rooms: QuerySet[Room]) -> int | None:
    """Return the primary key of the newest participant with one of these ids in these classes, or None."""
    rows = Participant.objects.filter(user_uuid__in=user_uuids, room__in=rooms.values("pk"))
    return rows.exclude(role__in=UNSEEN).order_by("-pk").values_list("pk", flat=True).first()


def newest_row(user_uuids: Collection[str], rooms: QuerySet[Room]) -> int | None:
    """Return the primary key of the newest stored attendance of a student with one of these ids, or None."""
    rows = PersonSummary.objects.filter(user_uuid__in=user_uuids, room__in=rooms.values("pk"))
    return rows.filter(role__in=STUDENTS).order_by("-pk").values_list("pk", flat=True).first()
