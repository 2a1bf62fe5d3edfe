"""The list of classes: live, coming and past."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Max, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.rooms.selectors import ClassFilters, Overview
from classroom_admin.sync import freshness
from classroom_admin.web import search_words
from classroom_admin.web.access import signed_in
from classroom_admin.web.class_list import live_classes, view_preferences
from classroom_admin.web.class_list.rows import LiveClass
from classroom_admin.web.numbers import is_number

PAGE: Final = 50
# how many a section shows on the page of all three; live ones are never cut
SHORT: Final = {selectors.LIVE: 500, selectors.COMING: 12, selectors.PAST: 8}


def read_filters(query: dict[str, str]) -> ClassFilters:
    """The filters of an address; what makes no sense is left out."""
    state = query.get("state", "")
    recording = query.get("recording", "")
    return ClassFilters(
        q=search_words.words(query),
        state=state if state.upper() in RoomState.names else "",
        no_teacher=query.get("teacher") == "missing",
        recording=recording if recording in ("on", "off") else "",
        hands=query.get("hands") == "up",
    )


def write_filters(filters: ClassFilters, **more: str | int) -> str:
    """The filters as the query of an address, with `more` before them; "" where there is nothing to say."""
    said = {
        "q": filters.q,
        "state": filters.state,
        "teacher": "missing" if filters.no_teacher else "",
        "recording": filters.recording,
        "hands": "up" if filters.hands else "",
    }
    return urlencode({name: value for name, value in (more | said).items() if value})


def told_steps() -> QuerySet[Step]:
    """What was done in classes and how it ended, the last first: what tiles tell without an event."""
    return Step.objects.exclude(room_uuid="").exclude(kind=Step.Kind.REQUESTED).order_by("-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One of live, coming and past as the page shows it: `rooms` of `total`, `more` is where the rest is."""

    when: str
    title: str
    rooms: Page[Room | LiveClass]
    total: int
    more: str = ""


class ListOfClasses:
    """What the address asks for, read for one person. Nothing is read before it is needed."""

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
    def _read(self) -> tuple[Overview, dict]:
        # Max of what is the same for every row: the aggregate then brings it along.
        more = freshness.brought_along() | {"last_step": Subquery(told_steps().values("id")[:1])}
        return selectors.overview(
            self.user, self.filters, **{name: Max(value) for name, value in more.items()}
        )

    @property
    def counts(self) -> Overview:
        return self._read[0]

    @cached_property
    def _freshness(self) -> tuple[datetime | None, str]:
        # The aggregate of no rooms at all cannot tell.
        more = self._read[1]
        return (more["polled_at"], more["poll_error"]) if more["polled_at"] else freshness.read()

    @property
    def polled_at(self) -> datetime | None:
        """When the cloud last answered."""
        return self._freshness[0]

    @property
    def is_stale(self) -> bool:
        """Whether what the list shows may be out of date."""
        at = self.polled_at
        return at is not None and (clock.now() - at).total_seconds() > settings.WALL_STALE_SECONDS

    @property
    def poll_error(self) -> str:
        """What is wrong with the cloud now, for people; "" for nothing."""
        return self._freshness[1]

    @property
    def _mark(self) -> str:
        """Changes with any class of the list, with a command and with a snooze."""
        return f"{self.counts.mark}.{self._read[1]['last_step'] or 0}"

    @property
    def version(self) -> str:
        """The mark of what the list shows, and until when (s since 1970, the cloud's clock) that holds by
        time alone.
        """
        due = live_classes.due(self._live) if selectors.LIVE in self._shown else None
        return f"{self._mark}~{math.ceil(due.timestamp()) if due else ''}"

    def is_current(self, version: str) -> bool:
        """Whether a page of this `version` shows what holds now; reads no class."""
        mark, _, due = version.partition("~")
        return mark == self._mark and (not is_number(due) or clock.cloud_now().timestamp() < int(due))

    @cached_property
    def _live(self) -> list[LiveClass]:
        """All live classes, the most pressing first."""
        return live_classes.wall(self.user, self.filters)

    @property
    def dues(self) -> dict[int, datetime]:
        """When each of the live classes of this list changes by time alone, by id."""
        if selectors.LIVE not in self._shown:
            return {}
        return {room.pk: room.standing.due for room in self._live if room.standing.due is not None}

    @property
    def _shown(self) -> tuple[str, ...]:
        return (self.when,) if self.when else selectors.WHEN

    @property
    def ampersand(self) -> str:
        """The query that leads to this same list, to be put behind another: "" or "&q=…"."""
        query = write_filters(self.filters, when=self.when, page=self.number if self.number != "1" else "")
        return f"&{query}" if query else ""

    def page_address(self, number: int) -> str:
        """The address of another page of this list."""
        return f"?{write_filters(self.filters, when=self.when, page=number)}"

    @property
    def tabs(self) -> list[tuple[str, str, int | None, bool]]:
        """Address, words, number and whether it is this one."""
        counts = self.counts
        rows = [("", gettext("All"), None)] + [
            (w, str(self.TABS[w]), getattr(counts, w)) for w in selectors.WHEN
        ]
        return [(f"?{write_filters(self.filters, when=w)}", words, n, w == self.when) for w, words, n in rows]

    @cached_property
    def sections(self) -> list[Section]:
        return [self._section(when) for when in self._shown]

    def _section(self, when: str) -> Section:
        total = getattr(self.counts, when)
        rooms = (
            self._live
            if when == selectors.LIVE
            else selectors.classes(self.user, when=when, filters=self.filters)
        )
        paginator = Paginator(rooms, PAGE if self.when else SHORT[when])
        if when != selectors.LIVE:
            paginator.count = total  # counted with the others
        page = paginator.get_page(self.number if self.when else 1)
        more = "" if self.when or total <= SHORT[when] else f"?{write_filters(self.filters, when=when)}"
        return Section(when=when, title=str(self.TITLES[when]), rooms=page, total=total, more=more)


@require_safe
@signed_in
def page(request: HttpRequest) -> HttpResponse:
    """The list as a page."""
    context = {
        "list": ListOfClasses(request.user, request.GET.dict()),
        "wall": view_preferences.read(request.COOKIES.get(view_preferences.COOKIE, "")),
        "stale_s": settings.WALL_STALE_SECONDS,
    }
    return render(request, "class_list/page.html", context)


@require_safe
@signed_in
def changes(request: HttpRequest) -> HttpResponse:
    """What changed since `v`: nothing (204, three queries), or the part of the page that shows classes."""
    wanted = ListOfClasses(request.user, request.GET.dict())
    if wanted.is_current(request.GET.get("v", "")):
        return freshness.tell(HttpResponse(status=204), wanted.polled_at, wanted.poll_error)
    answer = render(request, "class_list/_changes.html", {"list": wanted})
    return freshness.tell(answer, wanted.polled_at, wanted.poll_error)
