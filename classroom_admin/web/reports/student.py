"""The attendance of one student in all classes that the viewer may see."""

from __future__ import annotations

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports.attendance_totals import by_week_of_people, figures_of
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.reports.student_rows import newest_participant, rows_of_student, student_row, user_ids
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.reports.export import export_of
from classroom_admin.web.reports.tabs import tabs_for
from classroom_admin.web.reports.weeks import week_trend

A_PAGE: Final = 50


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest, pk: int) -> HttpResponseBase:
    """Show the attendance of a student, with a row for each class. `pk` is any row of the student."""
    rooms = visible_rooms(request.user)
    student = student_row(pk, rooms)
    everything = ReportFilter(viewer=request.user)
    if (file := export_of(request, "attendance", everything, person=str(student.pk))) is not None:
        return file
    found = rows_of_student(student, rooms)
    rows = list(found.select_related("summary", "room", "correction__by").defer("spans", "summary__tracks"))
    counted = [row for row in rows if row.counts]
    context = {
        "tabs": tabs_for(request.user),
        "student": student,
        "groups": _groups(rows),
        "figures": figures_of(counted),
        "unlisted": len(rows) - len(counted),
        "trend": week_trend(by_week_of_people(counted, timezone.get_current_timezone())),
        "participant": newest_participant(user_ids(found), rooms),
        "page": Paginator(rows, A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "reports/student.html", context)


def _groups(rows: list[PersonSummary]) -> list[str]:
    """Return the groups of the student, without repetition."""
    return list(dict.fromkeys(row.group for row in rows if row.group))
