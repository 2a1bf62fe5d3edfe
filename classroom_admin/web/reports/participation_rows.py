"""Prepare the rows of the participation reports: numbers, links to the events behind them, and bars."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.reports.charts.axis import percent
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.participation_totals import activity_of, weights
from classroom_admin.reports.score import (
    FLOOR_MINUTES,
    PER_MINUTES,
    Part,
    counted_minutes,
    parts,
    points,
)
from classroom_admin.rooms.models import Participant, Room, name_or_unnamed
from classroom_admin.rooms.people import participations, scope_of
from classroom_admin.web.reports.filters import ReportFilter
from classroom_admin.web.reports.sorting import Column

COLUMNS: Final = (
    Column(name="name", title=pgettext_lazy("person", "Name"), is_number=False),
    Column(name="score", title=_("Score")),
    Column(name="classes", title=_("Classes")),
    Column(name="present_ms", title=pgettext_lazy("duration", "Present")),
    Column(name="chat", title=_("Messages")),
    Column(name="hands", title=pgettext_lazy("column", "Hands")),
    Column(name="stage_ms", title=_("On stage")),
    Column(name="camera_ms", title=_("Camera")),
    Column(name="answers", title=_("Answers")),
    Column(name="correct", title=pgettext_lazy("number of answers", "Correct")),
    Column(name="rewards", title=_("Rewards")),
)
KINDS: Final = {
    "present_ms": "people",
    "chat": "chat",
    "hands": "hands",
    "stage_ms": "stage",
    "camera_ms": "camera",
    "answers": "questions",
    "correct": "questions",
    "rewards": "rewards",
}
"""The kind of events behind each number."""
SERIES: Final = {
    "chat": 0, "hand": 1, "stage_minute": 2, "camera_minute": 2, "present_minute": 2, "answer": 3,
    "correct": 3, "reward": 4,
}  # fmt: skip
"""The pattern of each weight in the bars. Charts have five patterns, so times share one."""
WORDS: Final = {
    "chat": _("each message"),
    "hand": _("each raised hand"),
    "stage_minute": _("each minute on stage"),
    "camera_minute": _("each minute with the camera on"),
    "answer": _("each answer to a quiz or poll"),
    "correct": _("each correct answer"),
    "reward": _("each reward"),
    "present_minute": _("each minute present"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number, or a duration in seconds, with a link to the events behind it. `href` may be ""."""

    number: int
    href: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a bar. `x` and `width` are percentages of the longest bar as SVG reads them."""

    series: int
    x: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A student. `score` is None if the student was not present. `href` is the address of the student."""

    name: str
    group: str
    href: str
    classes: int
    cells: list[Cell]
    score: float | None
    minutes: float
    parts: list[Part]
    bar: list[Piece]


class Links(Protocol):
    """Where the numbers of a row link to."""

    def student(self, row: dict[str, Any]) -> str: ...

    def events(self, row: dict[str, Any], kind: str) -> str: ...


def rows_of(found: Collection[dict[str, Any]], links: Links) -> list[Row]:
    """Return rows of `participation_totals.totals` for the page."""
    highest = max((row["score"] or 0.0 for row in found), default=0.0)
    return [_row(row, links, highest) for row in found]


def _row(row: dict[str, Any], links: Links, highest: float) -> Row:
    did = activity_of(row)
    made = parts(did, weights())
    factor = PER_MINUTES / counted_minutes(did.present_ms)
    return Row(
        name=name_or_unnamed(row["label"]),
        group=row["in_group"],
        href=links.student(row),
        classes=row["classes"],
        cells=[_cell(row, column, links) for column in KINDS],
        score=row["score"],
        minutes=did.present_ms / 60_000,
        parts=made,
        bar=_bar(made, factor, highest) if row["score"] is not None else [],
    )


def _cell(row: dict[str, Any], column: str, links: Links) -> Cell:
    number = row[f"sum_{column}"] or 0
    seconds = number / 1000 if column.endswith("_ms") else None
    return Cell(number=number, href=links.events(row, KINDS[column]) if number else "", seconds=seconds)


def _bar(made: Sequence[Part], factor: float, highest: float) -> list[Piece]:
    widths = [0.0] * (max(SERIES.values()) + 1)
    for part in made:
        widths[SERIES[part.name]] += part.points * factor / highest if highest else 0.0
    found, x = [], 0.0
    for series, width in enumerate(widths):
        if width:
            found.append(Piece(series=series, x=percent(x), width=percent(width)))
            x += width
    return found


class LinksToTimelines:
    """Links from a number to the timeline of the student in the period of the report."""

    def __init__(self, chosen: ReportFilter, found: Collection[dict[str, Any]]) -> None:
        ids = {row["uuid"] for row in found if row["uuid"]}
        rows = participations(scope_of(chosen.viewer), ids).order_by().values_list("user_uuid")
        self._rows: dict[str, int] = dict(rows.annotate(newest=Max("pk")))
        self._range = _range(chosen)

    def student(self, row: dict[str, Any]) -> str:
        return self.events(row, "")

    def events(self, row: dict[str, Any], kind: str) -> str:
        pk = self._rows.get(row["uuid"])
        if pk is None:
            return ""
        also = {"also": "1"} if row["other_uuid"] not in (None, row["uuid"]) else {}
        query = self._range | ({"kind": kind} if kind else {}) | also
        return f"{reverse('live:student', args=[pk])}?{urlencode(query)}"


def _range(chosen: ReportFilter) -> dict[str, str]:
    """Return the period of a report as parameters of a timeline. Its fields have whole minutes."""
    if chosen.since is None and chosen.until is None:
        return {"range": "all"}
    zone = timezone.get_current_timezone()
    found = {"range": "own"}
    if chosen.since is not None:
        found["since"] = f"{chosen.since.astimezone(zone):%Y-%m-%dT%H:%M}"
    if chosen.until is not None:
        found["until"] = f"{(chosen.until - timedelta(minutes=1)).astimezone(zone):%Y-%m-%dT%H:%M}"
    return found


class LinksToClass:
    """Links from a number to the events of the student in a class."""

    def __init__(self, room: Room, found: Collection[dict[str, Any]]) -> None:
        keys = [row["person_key"] for row in found]
        people = PersonSummary.objects.filter(room=room, person_key__in=keys)
        columns = people.values_list("person_key", "user_uuid", "more_ids")
        ids = {key: [user_uuid, *more] for key, user_uuid, more in columns}
        every = {one for some in ids.values() for one in some if one}
        known = Participant.objects.filter(room=room, user_uuid__in=every)
        pks: dict[str, int] = dict(known.values_list("user_uuid", "pk"))
        self._pks = {key: [pks[one] for one in some if one in pks] for key, some in ids.items()}
        self._room = room

    def student(self, row: dict[str, Any]) -> str:
        pks = self._pks.get(row["person_key"])
        return reverse("live:student", args=[pks[0]]) + "?range=all" if pks else ""

    def events(self, row: dict[str, Any], kind: str) -> str:
        pks = self._pks.get(row["person_key"])
        if not pks:
            return ""
        query = urlencode([("kind", kind), *(("person", pk) for pk in pks)])
        return f"{reverse('live:events', args=[self._room.key])}?{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A weight for display. `points` is a number in the active language."""

    series: int
    words: Any
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How the score is made, with an example: the first row with points. `sum` is like "4 × 1 + 2 × 2".

    `key` is the prefix of the patterns of the bars.
    """

    weights: list[Weight]
    key: str = "score"
    per: int = round(PER_MINUTES)
    floor: int = round(FLOOR_MINUTES)
    example: Row | None = None
    sum: str = ""
    points: float = 0.0
    counted: float = 0.0


def explanation(rows: Sequence[Row]) -> Explanation:
    """Return how the score is made. Weights of 0 are omitted."""
    made = weights()
    shown = [
        Weight(series=SERIES[name], words=words, points=_number(getattr(made, name)))
        for name, words in WORDS.items()
        if getattr(made, name)
    ]
    example = next((row for row in rows if row.score), None)
    if example is None:
        return Explanation(weights=shown)
    terms = [f"{_number(part.amount)} × {_number(part.weight)}" for part in example.parts if part.points]
    return Explanation(
        weights=shown,
        example=example,
        sum=" + ".join(terms),
        points=points(example.parts),
        counted=max(example.minutes, FLOOR_MINUTES),
    )


def _number(value: float) -> str:
    """Return a number with at most two decimals, in the active language."""
    return number_format(f"{value:.2f}".rstrip("0").rstrip("."))
