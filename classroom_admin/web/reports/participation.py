"""The participation of students: in a period, and in one class."""

from __future__ import annotations

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports import summaries
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.participation_totals import sorted_by, students, totals
from classroom_admin.rooms.access import access_by_key
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.reports.export import export_of
from classroom_admin.web.reports.filters import FilterForm, ReportFilter
from classroom_admin.web.reports.participation_rows import (
    COLUMNS,
    LinksToClass,
    LinksToTimelines,
    explanation,
    rows_of,
)
from classroom_admin.web.reports.sorting import order_of
from classroom_admin.web.reports.tabs import tabs_for

STUDENTS_A_PAGE: Final = 50
PEOPLE_OF_A_CLASS: Final = 100
_OF_ONE_CLASS: Final = tuple(column for column in COLUMNS if column.name != "classes")


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show the participation of each student in the chosen classes. `sort` and `page` choose rows."""
    form = FilterForm(request.user, request.GET)
    chosen = form.chosen() if form.is_valid() else None
    if (file := export_of(request, "participation", chosen)) is not None:
        return file
    context: dict[str, Any] = {"tabs": tabs_for(request.user), "form": form, "filter": chosen}
    if chosen is not None:
        order = order_of(request, COLUMNS, "score")
        found = totals(students(chosen.people()))
        shown = Paginator(sorted_by(found, order.name, ascending=order.ascending), STUDENTS_A_PAGE)
        part = shown.get_page(request.GET.get("page"))
        shown_rows = list(part.object_list)
        rows = rows_of(shown_rows, LinksToTimelines(chosen, shown_rows))
        context |= {
            "page": part, "rows": rows, "headings": order.headings(COLUMNS), "pending": chosen.pending(),
            "explanation": explanation(rows),
        }  # fmt: skip
    return render(request, "reports/participation.html", context, status=200 if chosen else 422)


@never_cache
@require_safe
@requires(Permission.REPORTS)
def of_class(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Show the participation of each student in a class that is over. `sort` and `page` choose rows."""
    room = access_by_key(request.user, key).room
    context: dict[str, Any] = {
        "tabs": tabs_for(request.user),
        "part_of": "reports:participation",
        "room": room,
    }
    if summaries.is_over(room):
        summary = summaries.current(room)
        everything = ReportFilter(viewer=request.user)
        if (file := export_of(request, "participation", everything, room=key)) is not None:
            return file
        order = order_of(request, _OF_ONE_CLASS, "score")
        found = totals(students(PersonSummary.objects.filter(summary=summary)))
        shown = Paginator(sorted_by(found, order.name, ascending=order.ascending), PEOPLE_OF_A_CLASS)
        part = shown.get_page(request.GET.get("page"))
        shown_rows = list(part.object_list)
        rows = rows_of(shown_rows, LinksToClass(room, shown_rows))
        context |= {
            "summary": summary, "page": part, "rows": rows, "headings": order.headings(_OF_ONE_CLASS),
            "explanation": explanation(rows),
        }  # fmt: skip
    return render(request, "reports/class_participation.html", context)
