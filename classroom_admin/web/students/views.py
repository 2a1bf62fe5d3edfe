"""The views of the search in all classes, and of a person's timeline."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.common import clock
from classroom_admin.reports.student_rows import newest_row
from classroom_admin.rooms import people
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.people import Found, Scope, scope_of
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.expensive import SEARCHES, limited
from classroom_admin.web.parameters import number, search_words
from classroom_admin.web.students.time_range import (
    OWN,
    RANGES,
    RangeForm,
    TimeRange,
    in_fields,
    named_range,
    range_with,
)
from classroom_admin.web.students.timeline import KINDS, Timeline

WHILE_TYPING: Final = 5
ON_THE_PAGE: Final = 10
OF_ONE_KIND: Final = 50
LAST_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Group:
    """A group of search results. `name` is the value of the parameter `in` that shows only this group."""

    name: str
    words: Any
    found: Found[Any]


_SEARCHES: Final[dict[str, tuple[Any, Callable[..., Found[Any]]]]] = {
    "students": (
        _("Students"),
        lambda scope, words, **part: people.find_people(scope, words, taught=False, **part),
    ),
    "teachers": (
        _("Teachers"),
        lambda scope, words, **part: people.find_people(scope, words, taught=True, **part),
    ),
    "accounts": (_("Accounts"), people.find_accounts),
    "classes": (_("Classes"), people.find_classes),
}


@never_cache
@require_safe
@signed_in
@limited(SEARCHES)
def search(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the classes and people that match `q`. For htmx, show a short list of suggestions.

    If `in` names a group, show only this group on page number `page`.
    """
    words, scope = search_words(request.GET), scope_of(request.user)
    if request.htmx:
        context: dict[str, Any] = {"q": words, "groups": _groups(scope, words, most=WHILE_TYPING)}
        return render(request, "search/_suggestions.html", context)
    only = request.GET.get("in", "")
    page = min(max(number(request, "page") or 1, 1), LAST_PAGE)
    if only in _SEARCHES:
        start = (page - 1) * OF_ONE_KIND
        groups = _groups(scope, words, only=only, start=start, most=OF_ONE_KIND)
    else:
        only, groups = "", _groups(scope, words, most=ON_THE_PAGE)
    context = {
        "q": words,
        "groups": groups,
        "only": only,
        "page": page,
        "next": page + 1,
        "previous": page - 1,
    }
    return render(request, "search/page.html", context)


def _groups(scope: Scope, words: str, *, only: str = "", **part: int) -> list[Group]:
    """Return the groups that have results. If `only` names a group, omit the others."""
    chosen = {only: _SEARCHES[only]} if only else _SEARCHES
    groups = [Group(name, label, find(scope, words, **part)) for name, (label, find) in chosen.items()]
    return [group for group in groups if group.found.rows]


@never_cache
@require_safe
@signed_in
def student(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Show the timeline of a person. `pk` is the key of a participant row.

    It has the classes that the viewer may see. `range` is a name of `RANGES`, or "own" with `since` and
    `until`. `also` includes people with the same name. `before` selects earlier pages, in milliseconds since
    1970.
    """
    scope = scope_of(request.user)
    person = people.person_for(scope, pk)
    others = people.same_named(scope, person)
    also = bool(others) and request.GET.get("also") == "1"
    user_uuids = [person.user_uuid, *(others if also else ())]
    last_seen = people.last_seen(scope, user_uuids)
    chosen, form = _chosen_range(request, last_seen)
    kind = request.GET.get("kind", "")
    kind = kind if kind in dict(KINDS) else ""
    timeline = chosen and Timeline(
        scope, user_uuids, within=chosen, kind=kind, before=number(request, "before")
    )
    context = {
        "person": person,
        "last_seen": last_seen,
        "attendance": newest_row(user_uuids, visible_rooms(request.user)),
        "others": others,
        "also": also,
        "ranges": RANGES,
        "chosen": chosen,
        "form": form,
        "kinds": KINDS,
        "kind": kind,
        "timeline": timeline,
    }
    return render(request, "students/page.html", context, status=200 if chosen else 422)


def _chosen_range(
    request: AuthenticatedHttpRequest, last_seen: datetime | None
) -> tuple[TimeRange | None, RangeForm]:
    """Return the requested time range and the form that shows it. The range is None if it is not valid.

    If no range is requested, return the shortest range in which the person was in a class.
    """
    now, zone = clock.cloud_now(), timezone.get_current_timezone()
    name = request.GET.get("range", "")
    if name == OWN:
        form = RangeForm(request.GET)
        return (form.time_range(now=now) if form.is_valid() else None), form
    if name in RANGES:
        chosen = named_range(name, now=now, zone=zone)
    else:
        chosen = range_with(last_seen, now=now, zone=zone)
    return chosen, RangeForm(initial=in_fields(chosen))
