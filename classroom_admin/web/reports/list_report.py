"""The attendance of a class list: a table of its students and classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.common.text_matching import search_key
from classroom_admin.reports import attendance_totals
from classroom_admin.reports.attendance_totals import ClassFigures, StudentFigures
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.class_lists import list_for
from classroom_admin.rooms.models import Room
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.reports.tabs import tabs_for
from classroom_admin.web.reports.weeks import week_trend
from classroom_admin.web.templatetags.reports import LABELS

CLASSES_A_PAGE: Final = 20
STUDENTS_A_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Head:
    """A class that is a column of the table."""

    room: Room
    one: ClassFigures


@dataclass(frozen=True, slots=True)
class Line:
    """A student who is a row of the table. `statuses` has one status for each class; "" is none."""

    student: StudentFigures
    statuses: list[str]


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show who attended which classes of a class list, the newest class first.

    `page` turns the classes, and `students` the students.
    """
    shown = list_for(request.user, key)
    chosen = ReportFilter(viewer=request.user, class_list=shown)
    classes = attendance_totals.by_class(chosen.summaries(), chosen.people())
    students = attendance_totals.by_student(chosen.people())
    students.sort(key=lambda one: (search_key(one.group), search_key(one.name), one.pk))
    class_page = Paginator(classes, CLASSES_A_PAGE).get_page(request.GET.get("page"))
    student_page = Paginator(students, STUDENTS_A_PAGE).get_page(request.GET.get("students"))
    weeks = attendance_totals.by_week(classes, timezone.get_current_timezone())
    columns = list(class_page.object_list)
    context = {
        "tabs": tabs_for(request.user),
        "list": shown,
        "total": attendance_totals.total(classes),
        "students": len(students),
        "trend": week_trend([(monday, week.figures) for monday, week in weeks]),
        "heads": _heads(columns),
        "lines": _lines(list(student_page.object_list), columns),
        "page": class_page,
        "student_page": student_page,
        "labels": LABELS,
        "pending": chosen.pending(),
    }
    return render(request, "reports/list.html", context)


def _heads(columns: list[ClassFigures]) -> list[Head]:
    rooms = Room.objects.only("key", "name").in_bulk([one.room for one in columns])
    return [Head(rooms[one.room], one) for one in columns if one.room in rooms]


def _lines(students: list[StudentFigures], columns: list[ClassFigures]) -> list[Line]:
    """Return the rows of the table. They need one query."""
    of_classes = PersonSummary.objects.filter(summary__in=[one.summary for one in columns])
    rows = attendance_totals.students(of_classes).filter(person_key__in=[one.key for one in students])
    statuses = {
        (person_key, summary): status
        for person_key, summary, status in rows.values_list("person_key", "summary", "final")
    }
    return [
        Line(student, [statuses.get((student.key, one.summary), "") for one in columns])
        for student in students
    ]
