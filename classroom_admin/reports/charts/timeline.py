"""Compute the timeline of a class: a bar for each person, and tracks for quizzes, polls and recordings.

Each person has one path for each kind of span, whatever the number of spans. The horizontal unit of a path
is one second. The template stretches the paths to the width of the page. Kinds differ in place and height,
not only in colour: *present* is a high bar, *stage* lies in its middle, *camera* at its lower edge, and a
raised *hand* above it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from classroom_admin.reports.charts.axis import Moment, Span, Tick, TimeAxis, fitting_zoom, time_axis

ROW_HEIGHT: Final = 24
_LEAST_LABELLED: Final = 0.03
"""The least share of the axis that a label needs."""
_KEY: Final = (0, 20)
_INNER_KEY: Final = (6, 14)
_PLACES: Final[dict[str, tuple[int, int]]] = {
    "present": (7, 14),
    "stage": (10, 6),
    "camera": (18, 3),
    "hand": (1, 6),
}
"""The top and the height of each kind of span in a row."""
KINDS: Final[dict[str, Promise]] = {
    "present": pgettext_lazy("timeline", "Present"),
    "stage": pgettext_lazy("timeline", "On stage"),
    "camera": pgettext_lazy("timeline", "Camera on"),
    "hand": pgettext_lazy("timeline", "Raised hand"),
}
TRACKS: Final[dict[str, Promise]] = {"quiz": _("Quizzes"), "poll": _("Polls"), "recording": _("Recording")}
_MARKS: Final[dict[str, Promise]] = {
    "quiz": _("Quiz %(number)s"),
    "poll": _("Poll %(number)s"),
    "recording": _("Recording %(number)s"),
}


class ClassTimes(Protocol):
    """What the timeline needs of a class. `ClassSummary` has all of it.

    `gaps` are spans with missing events. `tracks` maps a kind to ``[[from, to, cloud id], ..]``.
    """

    @property
    def starts_at(self) -> datetime | None: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def gaps(self) -> Any: ...
    @property
    def tracks(self) -> Any: ...


class PersonTimes(Protocol):
    """What the timeline needs of a person. `PersonSummary` has all of it. `str(person)` is the name."""

    @property
    def spans(self) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person of a class without a summary, such as a live class.

    `spans` is like `PersonSummary.spans`. An end of None means "until now".
    """

    name: str
    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A span on a track, such as a quiz. `href` leads to its page, or is empty.

    A part of the label fits into it if the chart is enlarged `zoom` times or more, or never if `zoom` is 0.
    """

    x: str
    width: str
    zoom: int
    label: str
    start: Moment
    end: Moment
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The spans of one kind that concern the whole class."""

    kind: str
    label: Promise | str
    marks: list[Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """All spans of one kind of a person, as the path `d` of an SVG element."""

    kind: str
    d: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An entry of the legend: a kind of span with its label, and a path that shows it."""

    kind: str
    label: Promise
    d: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A person's bar.

    The times and the whole minutes are those within the time of the class, as in the attendance report.
    """

    name: str
    href: str
    layers: list[Layer]
    first: Moment | None
    last: Moment | None
    minutes: int
    stage_minutes: int
    camera_minutes: int
    hands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the time axis."""

    x: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The chart.

    `kinds` are the kinds of spans that occur. The times in `outside` lie before and after the class, and
    `bounds` are its start and end.
    """

    key: str
    start: Moment
    seconds: int
    height: int
    ticks: list[Tick]
    tracks: list[Track]
    rows: list[Row]
    gaps: list[Stretch]
    outside: list[Stretch]
    bounds: list[str]
    kinds: list[Key]
    description: str

    @property
    def is_empty(self) -> bool:
        """Return whether nobody and nothing is on the timeline."""
        return not self.rows and not self.tracks


P = TypeVar("P", bound=PersonTimes)


def timeline(
    summary: ClassTimes,
    people: Iterable[P],
    *,
    key: str = "timeline",
    now_ms: int | None = None,
    person_href: Callable[[P], str] | None = None,
    track_href: Callable[[str, int], str] | None = None,
) -> Timeline:
    """Return the timeline of a class with the bars of `people` in this order.

    `key` is the prefix of element ids, and differs between the charts of a page. For a live class, `now_ms`
    is the end of spans that continue. `person_href` returns the address of a person's page, and `track_href`
    the address for the nth span (from 0) of a kind of track, or "".
    """
    known = [(one, until(one.spans, now_ms)) for one in people]
    tracks = until(summary.tracks, now_ms)
    axis = axis_of(summary, [spans for _one, spans in known], now_ms)
    of_class = _class_time(axis, summary)
    rows = [
        _row(axis, of_class, str(one), person_href(one) if person_href else "", spans) for one, spans in known
    ]
    seen = {layer.kind for row in rows for layer in row.layers}
    return Timeline(
        key=key,
        start=axis.moment(0),
        seconds=axis.seconds,
        height=ROW_HEIGHT,
        ticks=axis.ticks(),
        tracks=_tracks(axis, tracks, track_href or (lambda _kind, _number: "")),
        rows=rows,
        gaps=[_stretch(axis, part) for gap in summary.gaps if (part := axis.part(gap))],
        outside=outside(axis, summary),
        bounds=[axis.percent(bound) for bound in of_class if 0 < bound < axis.seconds],
        kinds=[
            Key(kind=kind, label=label, d=_path([_KEY if kind == "present" else _INNER_KEY], *_PLACES[kind]))
            for kind, label in KINDS.items()
            if kind in seen
        ],
        description=_description(len(rows)),
    )


def until(spans: Mapping[str, Sequence[Span]], now_ms: int | None) -> dict[str, list[Span]]:
    """Return `spans` with `now_ms` as the end of those that have no end."""
    return {
        kind: [(one[0], now_ms if one[1] is None else one[1], *one[2:]) for one in of_kind]
        for kind, of_kind in spans.items()
    }


def axis_of(summary: ClassTimes, people: list[dict[str, list[Span]]], now_ms: int | None) -> TimeAxis:
    """Return the time axis of a class. Both charts of a class use it, so that they can be compared."""
    start, end = _ms(summary.starts_at), _ms(summary.ends_at)
    present = [span for spans in people for span in spans.get("present", ())]
    return time_axis(start, now_ms if end is None else end, present)


def _row(
    axis: TimeAxis, of_class: tuple[int, int], name: str, href: str, spans: Mapping[str, Sequence[Span]]
) -> Row:
    parts = {kind: merged(axis, of_kind) for kind in KINDS if (of_kind := spans.get(kind))}
    within = {kind: _within(of_kind, of_class) for kind, of_kind in parts.items()}
    present = within.get("present", [])
    return Row(
        name=name,
        href=href,
        layers=[
            Layer(kind=kind, d=_path(of_kind, *_PLACES[kind])) for kind, of_kind in parts.items() if of_kind
        ],
        first=axis.moment(present[0][0]) if present else None,
        last=axis.moment(present[-1][1]) if present else None,
        minutes=_minutes(present),
        stage_minutes=_minutes(within.get("stage", ())),
        camera_minutes=_minutes(within.get("camera", ())),
        hands=len(parts.get("hand", ())),
    )


def merged(axis: TimeAxis, spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Return the parts of `spans` on the axis in order. Spans that overlap or touch become one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(part for span in spans if (part := axis.part(span))):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _path(parts: Iterable[tuple[int, int]], top: int, height: int) -> str:
    """Return rectangles as the path of an SVG element. A span of 0 s is 1 s wide, so that it can be seen."""
    return "".join(f"M{start} {top}h{max(1, end - start)}v{height}H{start}z" for start, end in parts)


def _within(parts: Iterable[tuple[int, int]], whole: tuple[int, int]) -> list[tuple[int, int]]:
    return [
        (max(start, whole[0]), min(end, whole[1]))
        for start, end in parts
        if start < whole[1] and end > whole[0]
    ]


def _minutes(parts: Iterable[tuple[int, int]]) -> int:
    return round(sum(end - start for start, end in parts) / 60)


def _tracks(
    axis: TimeAxis, tracks: Mapping[str, Sequence[Any]], href: Callable[[str, int], str]
) -> list[Track]:
    found = []
    for kind, label in TRACKS.items():
        marks = [
            Mark(
                **_place(axis, part),
                zoom=fitting_zoom(_LEAST_LABELLED * axis.seconds / max(1, part[1] - part[0])),
                label=str(_MARKS[kind]) % {"number": number + 1},
                start=axis.moment(part[0]),
                end=axis.moment(part[1]),
                href=href(kind, number),
            )
            for number, span in enumerate(tracks.get(kind, ()))
            if (part := axis.part(span))
        ]
        if marks:
            found.append(Track(kind=kind, label=label, marks=marks))
    return found


def _class_time(axis: TimeAxis, summary: ClassTimes) -> tuple[int, int]:
    start, end = _ms(summary.starts_at), _ms(summary.ends_at)
    return axis.second(start), axis.second(end, unknown=axis.seconds)


def outside(axis: TimeAxis, summary: ClassTimes) -> list[Stretch]:
    """Return the parts of the axis before and after the class."""
    start, end = _class_time(axis, summary)
    return [_stretch(axis, part) for part in ((0, start), (end, axis.seconds)) if part[0] < part[1]]


def _stretch(axis: TimeAxis, part: tuple[int, int]) -> Stretch:
    return Stretch(**_place(axis, part))


def _place(axis: TimeAxis, part: tuple[int, int]) -> dict[str, str]:
    return {"x": axis.percent(part[0]), "width": axis.percent(part[1] - part[0])}


def _ms(when: datetime | None) -> int | None:
    return None if when is None else round(when.timestamp() * 1000)


def _description(people: int) -> str:
    return ngettext(
        "The bar shows when %(count)s person was present.",
        "The bars show when %(count)s people were present.",
        people,
    ) % {"count": people}
