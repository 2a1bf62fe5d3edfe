"""The report about a class that is over: evidence, figures, and the attendance of each person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.common import clock
from classroom_admin.common.text_matching import search_key
from classroom_admin.reports import summaries
from classroom_admin.reports.attendance_totals import figures_of
from classroom_admin.reports.charts import people_over_time, timeline
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.reports.presence_sources import sources_of
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.reports.student_rows import STUDENTS
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Poll, Quiz, Recording, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.reports.export import export_of
from classroom_admin.web.reports.tabs import tabs_for

LISTED, UNLISTED, OTHERS = "listed", "unlisted", "others"
LARGE: Final = 100
"""The number of people from which the timeline has no table of its own, because the page has one below."""
TITLES: Final = {
    LISTED: gettext_lazy("Students"),
    UNLISTED: gettext_lazy("Not on the list"),
    OTHERS: gettext_lazy("Teachers, assistants and observers"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the table with people of the same kind. `students` is False for teachers and others."""

    name: str
    title: Any
    people: list[PersonSummary]

    @property
    def students(self) -> bool:
        return self.name != OTHERS


@dataclass(frozen=True, slots=True, kw_only=True)
class GapShown:
    """A period with missing events, and what it can change. An unknown limit is None."""

    start: datetime | None
    stop: datetime | None
    changes: list[str]


@never_cache
@require_safe
@requires(Permission.REPORTS)
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Show the report about a class that is over. For other classes, say when the report will be there."""
    room = access_by_key(request.user, key, Room.objects.select_related("class_list", "list_version")).room
    context: dict[str, Any] = {"tabs": tabs_for(request.user), "room": room}
    if not Room.objects.filter(summaries.OVER, pk=room.pk).exists():
        return render(request, "reports/class_runs.html", context)
    if (file := export_of(request, "class", ReportFilter(viewer=request.user), room=key)) is not None:
        return file
    summary = summaries.current(room)
    summary.room = room
    people = people_of(summary)
    context |= figures_context(summary, people) | {
        "sources": sources_of(room),
        "gaps": gaps_of(summary),
        **_charts(summary, people),
    }
    return render(request, "reports/class.html", context)


def people_of(summary: ClassSummary) -> list[PersonSummary]:
    """Return the people of a class, sorted by name."""
    people = summary.people.select_related("correction__by")
    return sorted(people, key=lambda person: search_key(str(person)))


def figures_context(summary: ClassSummary, people: list[PersonSummary]) -> dict[str, Any]:
    """Return what the figures and the table of a class show."""
    return {
        "summary": summary,
        "parts": _parts(people),
        "figures": figures_of(person for person in people if person.counts),
        # computing an address for each of 500 rows takes long
        "correct_at": reverse("reports:correct", args=[summary.room.key, 0]).removesuffix("0/"),
        "student_at": reverse("reports:student", args=[0]).removesuffix("0/"),
    }


def _charts(summary: ClassSummary, people: list[PersonSummary]) -> dict[str, Any]:
    """Return the charts of a class: the bars of its students, and how many people were present."""
    if summary.starts_at is None or not any(person.first_in for person in people):
        return {}
    shown = [person for person in people if person.first_in]
    return {
        "timeline": timeline(
            summary,
            shown,
            person_href=lambda person: f"#person-{person.pk}",
            track_href=_pages_of_tracks(summary),
        ),
        "area": people_over_time(summary, shown),
        "other_table": "people-table" if len(shown) > LARGE else "",
    }


def _pages_of_tracks(summary: ClassSummary) -> Callable[[str, int], str]:
    """Return a function for the address of the nth quiz, poll or recording, or "" if it is gone."""
    key, room = summary.room.key, summary.room
    found: dict[tuple[str, str], str] = {}
    for quiz_id, pk in Quiz.objects.filter(room=room).values_list("quiz_id", "pk"):
        found["quiz", quiz_id] = reverse("live:question", args=[key, "quiz", pk])
    for poll_id, pk in Poll.objects.filter(room=room).values_list("poll_id", "pk"):
        found["poll", poll_id] = reverse("live:question", args=[key, "poll", pk])
    for record_id, pk in Recording.objects.filter(room=room).values_list("record_id", "pk"):
        found["recording", record_id] = reverse("reports:recording", args=[pk])
    return lambda kind, number: found.get((kind, summary.tracks[kind][number][2]), "")


def _parts(people: list[PersonSummary]) -> list[Part]:
    groups: dict[str, list[PersonSummary]] = {name: [] for name in TITLES}
    for person in people:
        kind = LISTED if person.counts else UNLISTED if person.role in STUDENTS else OTHERS
        groups[kind].append(person)
    return [Part(name, TITLES[name], found) for name, found in groups.items() if found]


def gaps_of(summary: ClassSummary) -> list[GapShown]:
    """Return the gaps in the events of a class, each with the figures that may be wrong because of it."""
    found = []
    for start_ms, stop_ms in summary.gaps:
        start = None if start_ms is None else clock.from_ms(start_ms)
        stop = None if stop_ms is None else clock.from_ms(stop_ms)
        changes = changes_of(start, stop, starts_at=summary.starts_at, ends_at=summary.ends_at)
        found.append(GapShown(start=start, stop=stop, changes=changes))
    return found


def changes_of(
    start: datetime | None, stop: datetime | None, *, starts_at: datetime | None, ends_at: datetime | None
) -> list[str]:
    """Return sentences about the figures that a gap from `start` to `stop` can change."""
    before = starts_at is not None and stop is not None and stop <= starts_at
    after = ends_at is not None and start is not None and start >= ends_at
    if after:
        return [_("The gap is after the end of the class, so it does not affect attendance.")]
    if before:
        return [
            _(
                "The gap is before the start of the class. Students who joined then may count as late or "
                "absent."
            )
        ]
    found = []
    if start is None or starts_at is None or start <= starts_at:
        found.append(_("Students who joined at the start may count as late or absent."))
    if stop is None or ends_at is None or stop >= ends_at:
        found.append(_("Students who left in the gap may count as present until the end, or the reverse."))
    found.append(_("Times, minutes and reconnects of people who joined or left in the gap may be wrong."))
    return found
