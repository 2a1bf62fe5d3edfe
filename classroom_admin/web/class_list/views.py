"""The views of the class list page, which shows live, upcoming and past classes."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Max, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import RoomState
from classroom_admin.rooms.selectors import ClassFilters, Overview
from classroom_admin.sync import freshness
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.class_list import live_classes
from classroom_admin.web.class_list.live_classes import LiveClass
from classroom_admin.web.parameters import is_number, search_words

PAGE: Final = 50
COOKIE: Final = "wall"
PREFERENCES: Final = ("rows", "only", "sound", "notes", "nokeys")
"""The names of the view preferences. The browser stores a person's choices in the cookie COOKIE."""
# The number of classes per section on the page that shows all three sections.
SHORT: Final = {selectors.LIVE: 500, selectors.COMING: 12, selectors.PAST: 8}


def read_filters(query: dict[str, str]) -> ClassFilters:
    """Return the filters in the parameters of a query string. Ignore invalid values."""
    state = query.get("state", "")
    recording = query.get("recording", "")
    return ClassFilters(
        q=search_words(query),
        state=state if state.upper() in RoomState.names else "",
        no_teacher=query.get("teacher") == "missing",
        recording=recording if recording in ("on", "off") else "",
        hands=query.get("hands") == "up",
    )


def write_filters(filters: ClassFilters, **more: str | int) -> str:
    """Return the filters and the parameters `more` as a query string; "" if nothing is set."""
    given = {
        "q": filters.q,
        "state": filters.state,
        "teacher": "missing" if filters.no_teacher else "",
        "recording": filters.recording,
        "hands": "up" if filters.hands else "",
    }
    return urlencode({name: value for name, value in (more | given).items() if value})


def outcome_steps() -> QuerySet[Step]:
    """Return the audit steps that change tiles without an event, newest first."""
    return Step.objects.exclude(room_uuid="").exclude(kind=Step.Kind.REQUESTED).order_by("-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the page. It shows `rooms`, a part of `total` classes. The address `more` shows all.

    `number` is the number in the title; the section of live classes counts only running classes. `others` is
    the number of live classes with people before the start or after the end.
    """

    when: str
    title: str
    rooms: Page[Any]
    total: int
    number: int
    more: str = ""

    @property
    def others(self) -> int:
        return self.total - self.number


class ListOfClasses:
    """The content of the class list page for a user and a query. Values are read on first use."""

    STATES: Final = [(state.name.lower(), state.label) for state in RoomState]
    TITLES: Final = {
        selectors.LIVE: _("Live now"),
        selectors.COMING: _("Upcoming"),
        selectors.PAST: _("Past"),
    }

    TABS: Final = {selectors.LIVE: _("Live"), selectors.COMING: _("Upcoming"), selectors.PAST: _("Past")}

    def __init__(self, user: User, query: dict[str, str]) -> None:
        self.user = user
        self.when = query.get("when", "") if query.get("when") in selectors.WHEN else ""
        self.number = query.get("page", "1")
        self.filters = read_filters(query)

    @cached_property
    def _read(self) -> tuple[Overview, dict[str, Any]]:
        # An annotation has the same value in every row, so Max adds the unchanged value to the aggregate.
        more = freshness.brought_along() | {"last_step": Subquery(outcome_steps().values("id")[:1])}
        return selectors.overview(
            self.user, self.filters, **{name: Max(value) for name, value in more.items()}
        )

    @property
    def counts(self) -> Overview:
        return self._read[0]

    @cached_property
    def _unfiltered(self) -> Overview:
        return selectors.overview(self.user, ClassFilters())[0] if self.filters.any else self.counts

    @cached_property
    def _freshness(self) -> tuple[datetime | None, str]:
        # Without rooms the aggregate is empty, so a separate query is needed.
        more = self._read[1]
        return (more["polled_at"], more["poll_error"]) if more["polled_at"] else freshness.read()

    @property
    def polled_at(self) -> datetime | None:
        """Return when the cloud last answered."""
        return self._freshness[0]

    @property
    def is_stale(self) -> bool:
        """Return whether the page may be out of date."""
        at = self.polled_at
        return at is not None and (clock.now() - at).total_seconds() > settings.WALL_STALE_SECONDS

    @property
    def poll_error(self) -> str:
        """Return the stored form of the current problem with the cloud; "" if there is none."""
        return self._freshness[1]

    @property
    def _mark(self) -> str:
        """Return a text that differs after a change of a class, a command or an acknowledgement."""
        filtered = f"{self.counts.mark}." if self.filters.any else ""
        return f"{filtered}{self._unfiltered.mark}.{self._read[1]['last_step'] or 0}"

    @property
    def version(self) -> str:
        """Return `_mark` and the cloud time (s since 1970) of the next change without an event."""
        due = min(self.dues.values(), default=None)
        return f"{self._mark}~{math.ceil(due.timestamp()) if due else ''}"

    def is_current(self, version: str) -> bool:
        """Return whether a page with this `version` is up to date, without reading any class."""
        mark, _, due = version.partition("~")
        return mark == self._mark and (not is_number(due) or clock.cloud_now().timestamp() < int(due))

    @cached_property
    def _all_live(self) -> list[LiveClass]:
        """Return all live classes of the person, the most urgent first, even if the page hides them."""
        return live_classes.live_classes_of(self.user)

    @cached_property
    def _live(self) -> list[LiveClass]:
        """Return the live classes that match the filters, the most urgent first."""
        if not self.filters.any:
            return self._all_live
        found = selectors.classes(self.user, when=selectors.LIVE, filters=self.filters)
        matching = set(found.order_by().values_list("pk", flat=True))
        return [room for room in self._all_live if room.pk in matching]

    @cached_property
    def needing(self) -> set[int]:
        """Return the ids of all live classes that need attention, even if the page does not show them."""
        return {room.pk for room in self._all_live if room.alerts.active}

    @property
    def attention_elsewhere(self) -> int:
        """Return how many classes that need attention are not on this page."""
        shown = {room.pk for room in self._live} if selectors.LIVE in self._shown else set()
        return len(self.needing - shown)

    @property
    def dues(self) -> dict[int, datetime]:
        """Return, by room id, when each live class of the person changes without an event."""
        return {room.pk: room.alerts.due for room in self._all_live if room.alerts.due is not None}

    @property
    def _shown(self) -> tuple[str, ...]:
        return (self.when,) if self.when else selectors.WHEN

    @property
    def ampersand(self) -> str:
        """Return the query string of this page, to append to another query string, such as "&q=…"."""
        query = write_filters(self.filters, when=self.when, page=self.number if self.number != "1" else "")
        return f"&{query}" if query else ""

    def page_address(self, number: int) -> str:
        """Return the address of the page with this `number`, with the same filters."""
        return f"?{write_filters(self.filters, when=self.when, page=number)}"

    @property
    def tabs(self) -> list[tuple[str, str, int | None, bool]]:
        """Return a tuple for each tab: address, label, number of classes, and whether the tab is current."""
        counts = self.counts
        rows = [("", gettext("All"), None)] + [
            (w, str(self.TABS[w]), _number_of(counts, w)) for w in selectors.WHEN
        ]
        return [(f"?{write_filters(self.filters, when=w)}", words, n, w == self.when) for w, words, n in rows]

    @cached_property
    def sections(self) -> list[Section]:
        return [self._section(when) for when in self._shown]

    def _section(self, when: str) -> Section:
        total = getattr(self.counts, when)
        rooms: Any = (
            self._live
            if when == selectors.LIVE
            else selectors.ClassPages(self.user, when=when, filters=self.filters)
        )
        paginator = Paginator(rooms, PAGE if self.when else SHORT[when])
        if when != selectors.LIVE:
            paginator.count = total  # avoids another query
        page = paginator.get_page(self.number if self.when else 1)
        more = "" if self.when or total <= SHORT[when] else f"?{write_filters(self.filters, when=when)}"
        return Section(
            when=when,
            title=str(self.TITLES[when]),
            rooms=page,
            total=total,
            number=_number_of(self.counts, when),
            more=more,
        )


def _number_of(counts: Overview, when: str) -> int:
    """Return the number of classes beside a title. "Live" counts only the running classes."""
    return counts.running if when == selectors.LIVE else int(getattr(counts, when))


@require_safe
@signed_in
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the class list."""
    chosen = request.COOKIES.get(COOKIE, "").split(".")
    context = {
        "list": ListOfClasses(request.user, request.GET.dict()),
        "wall": [preference for preference in PREFERENCES if preference in chosen],
        "stale_s": settings.WALL_STALE_SECONDS,
    }
    return render(request, "class_list/page.html", context)


@require_safe
@signed_in
def changes(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return 204 if nothing changed since version `v` (three queries); else return the sections."""
    shown = ListOfClasses(request.user, request.GET.dict())
    if shown.is_current(request.GET.get("v", "")):
        return freshness.tell(HttpResponse(status=204), shown.polled_at, shown.poll_error)
    answer = render(request, "class_list/_changes.html", {"list": shown})
    return freshness.tell(answer, shown.polled_at, shown.poll_error)
