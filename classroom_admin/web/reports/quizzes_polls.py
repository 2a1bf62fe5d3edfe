"""The reports about quizzes and polls: by class, by student, and by week."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports.charts import Point, trend
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.participation_totals import same_person, students
from classroom_admin.reports.quizzes_polls import (
    Asked,
    questions_in,
    sorted_by,
    student_totals,
    weeks_of,
    with_answers,
)
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Poll, Room, name_or_unnamed
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.classroom.quizzes_polls import Question, question
from classroom_admin.web.parameters import number, without_nul
from classroom_admin.web.reports.export import export_of
from classroom_admin.web.reports.filters import FilterForm, ReportFilter
from classroom_admin.web.reports.sorting import Column, order_of
from classroom_admin.web.reports.tabs import tabs_for

QUESTIONS_A_PAGE: Final = 20
STUDENTS_A_PAGE: Final = 50
VIEWS: Final = (
    ("reports:questions", _("By class")),
    ("reports:question_students", _("By student")),
    ("reports:question_weeks", _("By week")),
)
COLUMNS: Final = (
    Column(name="name", title=pgettext_lazy("person", "Name"), is_number=False),
    Column(name="classes", title=_("Classes")),
    Column(name="answers", title=_("Answers")),
    Column(name="graded", title=_("Answers to quizzes")),
    Column(name="correct", title=pgettext_lazy("number of answers", "Correct")),
    Column(name="share", title=_("Accuracy")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassQuestions:
    """A class and its quizzes and polls on the page, each with the share of correct answers in words."""

    room: Room
    questions: list[tuple[Question, str]]


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show quizzes and polls with their choices, newest first. `class` is the key of one class to show."""
    context, chosen = _context(request)
    key = without_nul(request.GET.get("class", ""))
    of_class = {"room": key} if key else {}
    covered = ReportFilter(viewer=request.user) if key else chosen
    if (file := export_of(request, "questions", covered, **of_class)) is not None:
        return file
    if key:
        room = access_by_key(request.user, key).room
        context["room"] = room
        rooms: Any = [room.pk]
    elif chosen is not None:
        rooms = chosen.summaries().order_by().values("room")
    else:
        return render(request, "reports/quizzes_polls.html", context, status=422)
    part = Paginator(questions_in(rooms), QUESTIONS_A_PAGE).get_page(request.GET.get("page"))
    asked = with_answers(list(part.object_list))
    classes = [
        ClassQuestions(room=room, questions=[_with_share(one) for one in some])
        for room, some in groupby(asked, key=lambda one: one.room)
    ]
    context |= {"page": part, "classes": classes, "shown": True}
    return render(request, "reports/quizzes_polls.html", context)


@never_cache
@require_safe
@requires(Permission.REPORTS)
def by_student(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show the answers of each student. `sort` and `page` choose rows."""
    context, chosen = _context(request)
    if (file := export_of(request, "question_students", chosen)) is not None:
        return file
    if chosen is not None:
        order = order_of(request, COLUMNS, "answers")
        found = student_totals(students(chosen.people()))
        ordered = sorted_by(found, order.name, ascending=order.ascending)
        part = Paginator(ordered, STUDENTS_A_PAGE).get_page(request.GET.get("page"))
        query = _filter_query(request)
        rows = [
            row
            | {
                "name": name_or_unnamed(row["label"]),
                "href": _weeks_address(row["row"], query),
                "share_words": _percent(row["share_correct"]),
            }
            for row in part.object_list
        ]
        context |= {"page": part, "rows": rows, "headings": order.headings(COLUMNS)}
    return render(request, "reports/question_students.html", context, status=200 if chosen else 422)


@never_cache
@require_safe
@requires(Permission.REPORTS)
def by_week(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show the answers of each week. `student` is the key of a row of one student to show."""
    context, chosen = _context(request)
    pk = number(request, "student")
    if chosen is not None:
        people = students(chosen.people())
        if pk is not None:
            student = _student(chosen, pk)
            people = people.filter(same_person(student))
            context["student"] = student
        weeks = weeks_of(chosen.summaries(), people, timezone.get_current_timezone())
        context["weeks"] = weeks
        context["newest_first"] = [
            {"week": week, "share_words": _percent(week.share)} for week in reversed(weeks)
        ]
        context["trend"] = trend(
            [Point(label=date_format(week.first, "SHORT_DATE_FORMAT"), value=week.share) for week in weeks]
        )
    return render(request, "reports/question_weeks.html", context, status=200 if chosen else 422)


def _with_share(asked: Asked) -> tuple[Question, str]:
    # If the events of the answers are missing, the cloud's totals of a poll are better than no votes.
    lost = isinstance(asked.row, Poll) and not asked.answers and bool(asked.row.details)
    found = question(asked.row, None if lost else asked.answers, None if lost else asked.students)
    graded = sum(answer.right is not None for answer in found.answers)
    return found, _percent(found.right / graded if graded and found.right is not None else None)


def _percent(share: float | None) -> str:
    """Return a share (0 to 1) as a percentage, or "" for None. Only the whole is 100%, only nothing is 0%."""
    if share is None:
        return ""
    whole = round(100 * share)
    return gettext("%(number)s%%") % {"number": min(max(whole, 1), 99) if 0 < share < 1 else whole}


def _student(chosen: ReportFilter, pk: int) -> PersonSummary:
    """Return a row of a student in a class that the viewer may see. Raise Http404 if there is none."""
    anything = ReportFilter(viewer=chosen.viewer).people()
    found = students(anything).filter(pk=pk).select_related("summary").first()
    if found is None:
        raise Http404("There is no such student.")
    return found


def _context(request: AuthenticatedHttpRequest) -> tuple[dict[str, Any], ReportFilter | None]:
    """Return what all three pages show, and the chosen filter, or None if it is not valid."""
    form = FilterForm(request.user, request.GET)
    chosen = form.chosen() if form.is_valid() else None
    query = _filter_query(request)
    views = [(name, label, f"{reverse(name)}?{query}" if query else reverse(name)) for name, label in VIEWS]
    context = {
        "tabs": tabs_for(request.user),
        "form": form,
        "filter": chosen,
        "views": views,
        "part_of": "reports:questions",
    }
    if chosen is not None:
        context["pending"] = chosen.pending()
    return context, chosen


def _filter_query(request: AuthenticatedHttpRequest) -> str:
    """Return the parameters of the filter, for links to another page of these reports."""
    names = FilterForm.base_fields
    return urlencode([(name, request.GET[name]) for name in names if request.GET.get(name)])


def _weeks_address(pk: int, query: str) -> str:
    return f"{reverse('reports:question_weeks')}?student={pk}{'&' if query else ''}{query}"
