"""The attendance of the classes in a period: totals, weeks, and a table of students, classes or teachers."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports import attendance_totals
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.parameters import search_words
from classroom_admin.web.reports.attendance_rows import (
    STUDENT,
    found_by,
    headings,
    in_order,
    kinds_for,
    rows_of,
)
from classroom_admin.web.reports.export import export_of
from classroom_admin.web.reports.filters import OWN, FilterForm
from classroom_admin.web.reports.tabs import tabs_for
from classroom_admin.web.reports.weeks import week_trend

A_PAGE: Final = 50
LONGEST_SORT: Final = 20


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show the attendance of the chosen classes.

    `by` is the kind of rows, `sort` their order ("-late" begins with the largest), and `name` searches them.
    With `missing=1`, only classes with missing events are listed.
    """
    form = FilterForm(request.user, request.GET)
    chosen = form.chosen() if form.is_valid() else None
    if (file := export_of(request, "attendance", chosen)) is not None:
        return file
    context = {"tabs": tabs_for(request.user), "form": form, "filter": chosen}
    if chosen is not None:
        context |= _report(request, chosen)
    return render(request, "reports/attendance.html", context, status=200 if chosen else 422)


def _report(request: AuthenticatedHttpRequest, chosen: ReportFilter) -> dict[str, Any]:
    query = request.GET
    kinds = kinds_for(request.user)
    kind = query.get("by", "")
    kind = kind if kind in kinds else STUDENT
    words = search_words({"q": query.get("name", "")})
    sort = query.get("sort", "")[:LONGEST_SORT]
    classes = attendance_totals.by_class(chosen.summaries(), chosen.people())
    weeks = attendance_totals.by_week(classes, timezone.get_current_timezone())
    rows = rows_of(kind, chosen, classes)
    only_missing = query.get("missing") == "1" and kind != STUDENT
    if only_missing:
        rows = [row for row in rows if row.incomplete]
    shown = found_by(rows, words) if words else rows
    return {
        "total": attendance_totals.total(classes),
        "trend": week_trend(
            [(monday, week.figures) for monday, week in weeks], href=partial(_address_of_week, request)
        ),
        "students": len(rows) if kind == STUDENT else None,
        "pending": chosen.pending(),
        "title": kinds[kind],
        "kinds": kinds,
        "kind": kind,
        "words": words,
        "only_missing": only_missing,
        "headings": headings(kind, sort),
        "page": Paginator(in_order(shown, kind, sort), A_PAGE).get_page(query.get("page")),
        "kept": _kept(request, ("name", "page")),
        "filter_keep": [("by", kind)] if kind != STUDENT else [],
    }


def _kept(request: AuthenticatedHttpRequest, without: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the page's parameters that the search form sends again."""
    return [(name, str(value)) for name, value in request.GET.items() if name not in without]


def _address_of_week(request: AuthenticatedHttpRequest, monday: date) -> str:
    """Return the address of the same report about one week."""
    query = request.GET.copy()
    query.pop("page", None)
    query["period"] = OWN
    query["since"], query["until"] = monday.isoformat(), (monday + timedelta(days=6)).isoformat()
    return f"?{query.urlencode()}"
