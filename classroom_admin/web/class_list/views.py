"""The views of the list of classes, which shows live, upcoming and past classes."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Max, QuerySet, Subquery
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms import selectors
from classroom_admin.rooms.models import RoomState
from classroom_admin.rooms.selectors import ClassFilters, Overview
from classroom_admin.sync import freshness
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.class_list import first_steps, live_classes
from classroom_admin.web.class_list.live_classes import LiveClass, LiveClasses
from classroom_admin.web.parameters import is_number, search_words

PAGE: Final = 50
COOKIE: Final = "wall"
PREFERENCES: Final = ("rows", "only", "sound", "notes", "nokeys")
"""All view preferences. The browser stores the preferences that a person chose in COOKIE."""
# The number of classes in each section, except for live classes.
SHORT: Final = 8
TILES: Final = 60
"""The number of tiles of a new page. When a person scrolls, the page requests the same number again."""
MOST_TILES: Final = 6000


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
        ends_soon=query.get("ends") == "soon",
    )


def write_filters(filters: ClassFilters, **more: str | int) -> str:
    """Return the filters and the parameters `more` as a query string. Return "" if none is set."""
    given = {
        "q": filters.q,
        "state": filters.state,
        "teacher": "missing" if filters.no_teacher else "",
        "recording": filters.recording,
        "hands": "up" if filters.hands else "",
        "ends": "soon" if filters.ends_soon else "",
    }
    return urlencode({name: value for name, value in (more | given).items() if value})


def read_tiles(query: dict[str, str]) -> int:
    """Return how many tiles the query asks for. The number is rounded up to a multiple of ``TILES``."""
    asked = query.get("tiles", "")
    wanted = int(asked) if is_number(asked) else TILES
    return min(MOST_TILES, max(1, math.ceil(wanted / TILES)) * TILES)


def outcome_steps() -> QuerySet[Step]:
    """Return the audit steps that change tiles without an event, newest first."""
    return Step.objects.exclude(room_uuid="").exclude(kind=Step.Kind.REQUESTED).order_by("-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A list of upcoming or past classes.

    `rooms` has the first of `total` classes. `more` links to all of them.
    """

    when: str
    title: str
    rooms: Page[Any]
    total: int
    more: str = ""


class ListOfClasses:
    """The content of the list of classes for a user and a query. Values are read when they are first used."""

    STATES: Final = [(state.name.lower(), state.label) for state in RoomState]
    TITLES: Final = {
        selectors.COMING: _("Upcoming"),
        selectors.PAST: _("Past"),
    }

    def __init__(self, user: User, query: dict[str, str]) -> None:
        self.user = user
        self.when = query.get("when", "") if query.get("when") in selectors.WHEN else ""
        self.number = query.get("page", "1")
        self.filters = read_filters(query)
        self.most_tiles = read_tiles(query)

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
    def poll_error(self) -> str:
        """Return the stored problem with the cloud, or "" if there is none."""
        return self._freshness[1]

    @property
    def _mark(self) -> str:
        """Return a version that changes with any class, command or acknowledgement."""
        filtered = f"{self.counts.mark}." if self.filters.any else ""
        return f"{filtered}{self._unfiltered.mark}.{self._read[1]['last_step'] or 0}"

    @property
    def version(self) -> str:
        """Return the version of the list. It contains the time of the next change without an event."""
        due = min(self.dues.values(), default=None)
        return f"{self._mark}~{math.ceil(due.timestamp()) if due else ''}"

    def is_current(self, version: str) -> bool:
        """Return whether a page with this `version` is up to date. This does not read the classes."""
        mark, _, due = version.partition("~")
        return mark == self._mark and (not is_number(due) or clock.cloud_now().timestamp() < int(due))

    @cached_property
    def live(self) -> LiveClasses:
        """Return the live classes. The filters apply only to the tiles, not to the alerts and numbers."""
        matching: set[int] | None = None
        if self.filters.any:
            found = selectors.classes(self.user, when=selectors.LIVE, filters=self.filters)
            matching = set(found.order_by().values_list("pk", flat=True))
        return LiveClasses(self.user, most=self.most_tiles, matching=matching)

    @property
    def shows_live(self) -> bool:
        return self.when in ("", selectors.LIVE)

    @property
    def more_tiles(self) -> str:
        """Return the query string for more tiles, or "" if the page has all tiles."""
        if self.live.limit == live_classes.LAST:
            return ""
        query = write_filters(self.filters, when=self.when, tiles=self.most_tiles + TILES)
        return f"?{query}"

    @property
    def alerts(self) -> list[LiveClass]:
        return self.live.alerting

    @cached_property
    def totals(self) -> Counter[str]:
        return live_classes.totals(self.live.traits.values())

    @property
    def dues(self) -> dict[int, datetime]:
        """Return the next time when each live class changes without an event, by room id."""
        return self.live.dues

    @property
    def chips(self) -> list[tuple[str, str, str, int, bool]]:
        """Return (name, address, label, number, is active) for each quick filter."""
        quick = {
            "": (ClassFilters(), gettext("All")),
            "hands": (ClassFilters(hands=True), gettext("Raised hands")),
            "unrecorded": (ClassFilters(recording="off"), gettext("Not recording")),
            "ends_soon": (ClassFilters(ends_soon=True), gettext("Ending soon")),
        }
        return [
            (name, f"?{write_filters(filters)}", words, self.totals[name], filters == self.filters)
            for name, (filters, words) in quick.items()
        ]

    @property
    def _shown(self) -> tuple[str, ...]:
        if self.when:
            return () if self.when == selectors.LIVE else (self.when,)
        return (selectors.COMING, selectors.PAST)

    @property
    def ampersand(self) -> str:
        """Return the query string of this page with "&" before it, to append it to another query string."""
        page = self.number if self.number != "1" else ""
        tiles = self.most_tiles if self.most_tiles != TILES else ""
        query = write_filters(self.filters, when=self.when, page=page, tiles=tiles)
        return f"&{query}" if query else ""

    def page_address(self, number: int) -> str:
        """Return the address of the page with this `number`, with the same filters."""
        return f"?{write_filters(self.filters, when=self.when, page=number)}"

    @cached_property
    def first_steps(self) -> list[first_steps.Step]:
        """Return the first steps for a person who has no class. Return an empty list for other people."""
        counts = self.counts
        any_class = self.filters.any or counts.live or counts.coming or counts.past
        return [] if any_class else first_steps.steps_for(self.user)

    @cached_property
    def sections(self) -> list[Section]:
        return [self._section(when) for when in self._shown]

    def _section(self, when: str) -> Section:
        total = getattr(self.counts, when)
        rooms: Any = selectors.ClassPages(self.user, when=when, filters=self.filters) if total else []
        paginator = Paginator(rooms, PAGE if self.when else SHORT)
        paginator.count = total  # avoids another query
        page = paginator.get_page(self.number if self.when else 1)
        more = "" if self.when or total <= SHORT else f"?{write_filters(self.filters, when=when)}"
        return Section(when=when, title=str(self.TITLES[when]), rooms=page, total=total, more=more)


@require_safe
@signed_in
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the list of classes."""
    chosen = request.COOKIES.get(COOKIE, "").split(".")
    context = {
        "list": ListOfClasses(request.user, request.GET.dict()),
        "wall": [preference for preference in PREFERENCES if preference in chosen],
        **may_do(request.user),
    }
    return render(request, "class_list/page.html", context)


@require_safe
@signed_in
def changes(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return the content of the list, or 204 if nothing has changed since version `v`."""
    shown = ListOfClasses(request.user, request.GET.dict())
    if shown.is_current(request.GET.get("v", "")):
        return _tell(HttpResponse(status=204), shown)
    answer = render(request, "class_list/_changes.html", {"list": shown, "oob": True} | may_do(request.user))
    return _tell(answer, shown)


def _tell(answer: HttpResponse, shown: ListOfClasses) -> HttpResponse:
    administrator = permissions.may(shown.user, Permission.SETTINGS)
    return freshness.tell(answer, shown.polled_at, shown.poll_error, administrator=administrator)


@require_safe
@signed_in
def status(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return the age of the data and the problem with the cloud as JSON. Pages without a stream need this."""
    polled_at, error = freshness.read()
    age = None if polled_at is None else round((clock.now() - polled_at).total_seconds(), 1)
    words = freshness.trouble_in_words(
        error, administrator=permissions.may(request.user, Permission.SETTINGS)
    )
    answer = JsonResponse({"age": age, "trouble": words})
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
@signed_in
def more(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Render the first `tiles` tiles of the list."""
    return render(request, "class_list/_more.html", {"list": ListOfClasses(request.user, request.GET.dict())})


OF_ALERTS: Final = (Permission.RUN, Permission.JOIN, Permission.RECORD, Permission.SUBSTITUTE)


def may_do(user: User) -> dict[str, Any]:
    """Return template variables that say which commands the alerts offer to `user`."""
    may = {one.value: permissions.may(user, one) for one in OF_ALERTS}
    return {"may": may | {"join": may["join"] and bool(settings.JOIN_URL_TEMPLATE)}}
