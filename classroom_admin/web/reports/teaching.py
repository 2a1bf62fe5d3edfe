"""The report about teaching: hours, attendance, recordings, interventions and alerts of many classes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports import teaching
from classroom_admin.reports.charts import Bar, Point, columns, trend
from classroom_admin.reports.teaching import TaughtClass, Teaching
from classroom_admin.rooms.access import own_room_ids
from classroom_admin.rooms.alert_kinds import ALONE, HAND, NO_TEACHER, OVER_TIME, RECORDING
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.reports.export import export_of
from classroom_admin.web.reports.filters import FilterForm
from classroom_admin.web.reports.tabs import tabs_for

TEACHER, LIST, WEEKDAY = "teacher", "list", "weekday"
GROUPS: Final = {
    TEACHER: gettext_lazy("By teacher"),
    LIST: gettext_lazy("By class list"),
    WEEKDAY: gettext_lazy("By weekday"),
}
ALERTS: Final = {
    NO_TEACHER: gettext_lazy("No teacher present"),
    ALONE: gettext_lazy("Students without a teacher"),
    HAND: gettext_lazy("Raised hands that waited"),
    RECORDING: gettext_lazy("Not recording"),
    OVER_TIME: gettext_lazy("Overtime"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table: its name, the address of its classes ("": none), and its figures."""

    name: str
    href: str
    figures: Teaching


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Show the figures of the chosen classes. `by` is a name of `GROUPS`."""
    form = FilterForm(request.user, request.GET)
    chosen = form.chosen() if form.is_valid() else None
    if (file := export_of(request, "teaching", chosen)) is not None:
        return file
    groups = groups_for(request.user)
    by = request.GET.get("by", "")
    by = by if by in groups else next(iter(groups))
    context: dict[str, Any] = {
        "tabs": tabs_for(request.user),
        "form": form,
        "groups": groups,
        "by": by,
        "groups_title": groups[by],
        "filter": chosen,
        "filter_keep": [("by", by)],
    }
    if chosen is None:
        return render(request, "reports/teaching.html", context, status=422)
    classes = teaching.classes_of(chosen.summaries(), chosen.people())
    total = teaching.total(classes)
    context |= {
        "pending": chosen.pending(),
        "total": total,
        "rows": list(rows(classes, by, request.GET)),
        "alerts": [(ALERTS[one.kind], one) for one in teaching.alert_figures(total.alerts)],
        "charts": charts(classes),
    }
    return render(request, "reports/teaching.html", context)


def groups_for(user: User) -> dict[str, Any]:
    """Return the groups that a person may choose. Only people who see all classes compare teachers."""
    return {
        name: words for name, words in GROUPS.items() if permissions.sees_all_classes(user) or name != TEACHER
    }


def rows(classes: Collection[TaughtClass], by: str, query: QueryDict) -> Iterator[Row]:
    """Yield the rows of the table, most class time first. Weekdays are in their own order."""
    if by == WEEKDAY:
        for day, figures in teaching.by_weekday(classes, timezone.get_current_timezone()).items():
            yield Row(name=str(WEEKDAYS[day]), href="", figures=figures)
        return
    if by == LIST:
        groups: dict[Any, Teaching] = teaching.by_list(classes)
        lists = ClassList.objects.in_bulk([pk for pk in groups if pk is not None])
        named = {pk: (one.name, one.key) for pk, one in lists.items()}
        nameless = gettext("Without a class list")
    else:
        accounts = {one.pk: one for one in User.objects.all()}
        own_rooms = own_room_ids(accounts)
        groups = {**teaching.by_teacher(classes, own_rooms), **without_account(classes, own_rooms)}
        named = {pk: (str(one), str(pk)) for pk, one in accounts.items()}
        nameless = gettext("No teacher with an account")
    for key, figures in sorted(groups.items(), key=lambda one: -one[1].length_ms):
        name, value = named.get(key, (nameless, ""))
        href = _filtered(query, "class_list" if by == LIST else "teacher", value) if value else ""
        yield Row(name=name, href=href, figures=figures)


def without_account(
    classes: Collection[TaughtClass], own_rooms: Mapping[int, Collection[int]]
) -> dict[None, Teaching]:
    """Return the figures of the classes that belong to no account, with the key None."""
    owned = {room for rooms in own_rooms.values() for room in rooms}
    others = [one for one in classes if one.figures.room not in owned]
    return {None: teaching.total(others)} if others else {}


def charts(classes: Collection[TaughtClass]) -> dict[str, Any]:
    """Return the charts of the page: attendance over the weeks, and hours on each weekday."""
    zone = timezone.get_current_timezone()
    weeks = [
        Point(label=date_format(monday, "MONTH_DAY_FORMAT"), value=one.attendance.figures.rate)
        for monday, one in teaching.by_week(classes, zone).items()
    ]
    days = [
        Bar(label=str(WEEKDAYS[day]), values=[round(one.length_ms / 3_600_000, 1)])
        for day, one in teaching.by_weekday(classes, zone).items()
    ]
    return {
        "weeks": trend(weeks, key="weeks") if len(weeks) > 1 else None,
        "weekdays": columns(days, key="weekdays") if len(days) > 1 else None,
    }


def _filtered(query: QueryDict, name: str, value: str) -> str:
    """Return the address of the attendance report with one more filter."""
    changed = query.copy()
    changed.pop("by", None)
    changed[name] = value
    return f"{reverse('reports:attendance')}?{changed.urlencode()}"
