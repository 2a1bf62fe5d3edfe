"""The geometry of charts, and the templates that draw it."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from classroom_admin.reports.charts import (
    Bar,
    Person,
    Point,
    bars,
    columns,
    people_over_time,
    timeline,
    trend,
)
from classroom_admin.reports.charts.axis import round_limit, time_axis
from classroom_admin.reports.charts.bars import TooManySeries
from classroom_admin.reports.models import ClassSummary, PersonSummary

NINE = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
MINUTE = 60_000


def at(minutes: float) -> int:
    """Return the time that is `minutes` after nine o'clock, in ms."""
    return round(NINE.timestamp() * 1000 + minutes * MINUTE)


def class_of(minutes: int | None = 60, **more: Any) -> SimpleNamespace:
    """Return a class that starts at nine and lasts `minutes`. None: it has no times."""
    ends_at = None if minutes is None else NINE + timedelta(minutes=minutes)
    starts_at = None if minutes is None else NINE
    return SimpleNamespace(**{"starts_at": starts_at, "ends_at": ends_at, "gaps": [], "tracks": {}, **more})


def person(*present: tuple[float, float], name: str = "Ada", **more: list[tuple[float, float]]) -> Person:
    spans = {"present": present, **more}
    return Person(name=name, spans={kind: [[at(a), at(b)] for a, b in all_] for kind, all_ in spans.items()})


def path_of(chart: Any, kind: str = "present", row: int = 0) -> list[tuple[float, float]]:
    """Return the spans of a path in minutes after nine o'clock."""
    (path,) = [layer.d for layer in chart.rows[row].layers if layer.kind == kind]
    first = (datetime.fromisoformat(chart.start.at) - NINE).total_seconds()
    parts = re.findall(r"M(\d+) \d+h(\d+)v\d+H(\d+)z", path)
    assert path.count("M") == len(parts)
    assert all(start == back for start, _width, back in parts)
    return [((int(start) + first) / 60, (int(start) + int(wide) + first) / 60) for start, wide, _ in parts]


def drawn(name: str, chart: Any, **more: Any) -> str:
    return render_to_string(f"reports/charts/_{name}.html", {"chart": chart, "title": "A chart", **more})


def elements(html: str) -> list[ElementTree.Element]:
    """Return the elements of `html`. Raise an error if a tag is not closed, or if text was not escaped."""
    return list(ElementTree.fromstring(f"<div>{html}</div>").iter())


# --- the timeline -----------------------------------------------------------------
def test_person_has_one_path_for_each_kind_whatever_the_number_of_spans() -> None:
    many = person((0, 10), (12, 20), (25, 60), stage=[(2, 4)], hand=[(1, 1.5), (3, 3.5)], camera=[(0, 9)])
    chart = timeline(class_of(), [many])
    (row,) = chart.rows
    assert [layer.kind for layer in row.layers] == ["present", "stage", "camera", "hand"]
    assert path_of(chart) == [(0, 10), (12, 20), (25, 60)]
    assert path_of(chart, "hand") == [(1, 1.5), (3, 3.5)]
    assert (row.minutes, row.stage_minutes, row.camera_minutes, row.hands) == (53, 2, 9, 2)


def test_stored_summaries_are_drawn_as_they_are() -> None:
    summary = ClassSummary(starts_at=NINE, ends_at=NINE + timedelta(hours=1), gaps=[], tracks={})
    stored = PersonSummary(name="ada", list_name="Ada Lovelace", spans={"present": [[at(0), at(30)]]})
    chart = timeline(summary, [stored], person_href=lambda one: f"/students/{one.name}")
    assert (chart.rows[0].name, chart.rows[0].href) == ("Ada Lovelace", "/students/ada")
    assert path_of(chart) == [(0, 30)]
    assert people_over_time(summary, [stored]).most == 1


def test_spans_that_overlap_count_once() -> None:
    chart = timeline(class_of(), [person((10, 40), (0, 20), (40, 50))])
    assert path_of(chart) == [(0, 50)]
    assert chart.rows[0].minutes == 50


def test_axis_shows_up_to_15_minutes_before_and_after_the_class() -> None:
    chart = timeline(class_of(), [person((-5, 60)), person((-300, 400))])
    space = 0.03 * 90  # at both ends
    assert path_of(chart, row=1) == [(-15 - space, 75 + space)]
    before, after = chart.outside
    assert (before.x, before.width, after.width) == ("0%", "18.55%", "18.55%")


def test_times_of_a_row_are_those_within_the_class() -> None:
    (row,) = timeline(class_of(), [person((-10, 20), (50, 70))]).rows
    assert row.first is not None
    assert row.last is not None
    assert (row.first.text, row.last.text, row.minutes) == ("09:00 UTC", "10:00 UTC", 30)


def test_person_who_was_there_only_before_the_class_has_a_bar_but_no_minutes() -> None:
    (row,) = timeline(class_of(), [person((-10, -5))]).rows
    assert [layer.kind for layer in row.layers] == ["present"]
    assert (row.first, row.last, row.minutes) == (None, None, 0)


def test_absent_person_has_an_empty_row() -> None:
    (row,) = timeline(class_of(), [Person(name="Ada")]).rows
    assert (row.layers, row.first, row.minutes) == ([], None, 0)


def test_moment_is_still_visible() -> None:
    assert path_of(timeline(class_of(), [person((10, 10))])) == [(10, 10 + 1 / 60)]


def test_class_without_times_takes_them_from_the_people() -> None:
    chart = timeline(class_of(None), [person((5, 25))])
    assert path_of(chart) == [(5, 25)]
    assert (chart.start.at, chart.outside) == ("2026-09-01T09:04:24Z", [])


def test_unknown_ends_lie_outside_the_axis() -> None:
    known = Person(name="Ada", spans={"present": [[None, at(20)], [at(40), None]]})
    chart = timeline(class_of(gaps=[[None, at(3)]]), [known])
    assert path_of(chart) == [(-1.8, 20), (40, 61.8)]
    assert chart.gaps[0].x == "0%"


def test_spans_of_a_live_class_end_now() -> None:
    live = class_of(ends_at=None, tracks={"recording": [[at(5), None, ""]]})
    chart = timeline(live, [Person(name="Ada", spans={"present": [[at(0), None]]})], now_ms=at(30))
    assert path_of(chart) == [(0, 30)]
    assert chart.rows[0].minutes == 30
    assert chart.tracks[0].marks[0].end.text == "09:30 UTC"


def test_tracks_have_labels_and_links() -> None:
    tracks = {
        "quiz": [[at(-400), at(-390), "q1"], [at(6), at(12), "q2"]],
        "poll": [[at(30), at(31), ""]],
    }
    chart = timeline(class_of(tracks=tracks), [person((0, 60))], track_href=lambda kind, n: f"/{kind}/{n}")
    quiz, poll = chart.tracks
    (mark,) = quiz.marks  # the first one lies outside the axis
    assert (mark.label, mark.href, mark.x, mark.width, mark.zoom) == (
        "Quiz 2",
        "/quiz/1",
        "12.26%",
        "9.43%",
        1,
    )
    assert poll.marks[0].label == "Poll 1"
    assert poll.marks[0].zoom == 2  # too short for its label until it is enlarged


def test_labels_of_times_never_lie_closer_than_the_chart_allows() -> None:
    for minutes in (1, 7, 45, 90, 240, 1500):
        ticks = time_axis(at(0), at(minutes), []).ticks()
        for zoom in (1, 2, 4, 8, 16):
            shown = [tick for tick in ticks if 0 < tick.zoom <= zoom]
            assert len(shown) <= 12 * zoom + 1, (minutes, zoom)
        assert [tick.second for tick in ticks] == sorted(tick.second for tick in ticks)


def test_round_times_are_round_in_utc() -> None:
    ticks = time_axis(at(3), at(52), []).ticks()
    assert [tick.text for tick in ticks if tick.zoom == 1][:3] == ["09:05", "09:10", "09:15"]


def test_label_at_the_edge_appears_only_when_there_is_space_for_it() -> None:
    ticks = {tick.text: tick.zoom for tick in time_axis(at(6), at(55), []).ticks()}
    assert (ticks["09:05"], ticks["09:10"]) == (4, 1)  # the axis starts at 09:04:31


def test_times_of_a_class_over_midnight_have_a_day_after_it() -> None:
    chart = timeline(class_of(60 * 20), [person((0, 60 * 20))])
    (row,) = chart.rows
    assert row.first is not None
    assert row.last is not None
    assert (row.first.text, row.last.text) == ("09:00 UTC", "2 Sep, 05:00 UTC")
    assert row.last.at == "2026-09-02T05:00:00Z"


def test_timeline_without_people_says_so() -> None:
    chart = timeline(class_of(None), [])
    assert chart.is_empty
    assert "No one was present." in drawn("timeline", chart)


def test_positions_have_a_decimal_point_in_every_language() -> None:
    chart = timeline(class_of(67, gaps=[[at(10), at(13)]]), [person((0, 60))])
    for language in ("es", "ar"):
        with translation.override(language):
            places = re.findall(r' (?:x|x1|width)="([^"]+)"', drawn("timeline", chart))
            assert all(re.fullmatch(r"[\d.]+%?", place) for place in places), places


def test_names_with_markup_are_escaped() -> None:
    tracks = {"quiz": [[at(0), at(20), '<i>a</i> & "b"']]}
    chart = timeline(class_of(tracks=tracks), [person((0, 60), name="<script>alert(1)</script>")])
    html = drawn("timeline", chart)
    assert "<script" not in html
    assert "<i>" not in html
    assert any(element.text == "<script>alert(1)</script>" for element in elements(html))


def test_charts_have_no_inline_styles_or_scripts() -> None:
    tracks = {"quiz": [[at(0), at(20), "a"]]}
    class_, people = class_of(tracks=tracks, gaps=[[at(1), at(2)]]), [person((0, 60), hand=[(1, 2)])]
    row = Bar(label="Ada", values=[1, 2, 3, 4, 5], href="/ada")
    html = (
        drawn("timeline", timeline(class_, people))
        + drawn("area", people_over_time(class_, people))
        + drawn("trend", trend([Point(label="1 Sep", value=0.5)]))
        + drawn("bars", bars([row], series=list("abcde")))
        + drawn("columns", columns([row]))
    )
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_table_of_the_page_replaces_that_of_the_chart() -> None:
    chart = timeline(class_of(), [person((0, 60))])
    assert "<table" in drawn("timeline", chart)
    html = drawn("timeline", chart, table="attendance")
    assert "<table" not in html
    assert 'aria-describedby="attendance"' in html


# --- people over time ---------------------------------------------------------------
def test_area_steps_where_people_come_and_go() -> None:
    chart = people_over_time(class_of(), [person((0, 30)), person((10, 60)), person((10, 30))])
    assert (chart.most, chart.limit) == (3, 4)
    assert chart.line == "M0 4H108V3H708V1H1908V3H3708V4H3816"
    counts = {count.tick.text: count.number for count in chart.counts}
    assert (counts["09:00"], counts["09:10"], counts["09:30"], counts["10:00"]) == (1, 3, 1, 0)


def test_person_with_overlapping_stays_counts_once() -> None:
    assert people_over_time(class_of(), [person((0, 30), (10, 40))]).most == 1


def test_area_of_an_empty_class_says_so() -> None:
    chart = people_over_time(class_of(), [])
    assert chart.is_empty
    assert "No one was present." in drawn("area", chart)


@pytest.mark.parametrize(
    ("most", "limit"),
    [(0, 1), (1, 1), (2, 2), (3, 4), (5, 6), (7, 10), (11, 12), (25, 30), (100, 100), (101, 120)],
)
def test_upper_end_of_a_number_axis_is_round(most: int, limit: int) -> None:
    assert round_limit(most) == limit


# --- bars and columns ---------------------------------------------------------------
def test_parts_of_a_bar_lie_side_by_side() -> None:
    chart = bars(
        [Bar(label="Ada", values=[3, 0, 1]), Bar(label="Bob", values=[2, 6, 0])], series=["a", "b", "c"]
    )
    ada, bob = chart.bars
    places = [(part.series, part.x, part.width) for part in ada.parts]
    assert places == [(0, "0%", "37.5%"), (2, "37.5%", "12.5%")]
    assert (ada.text, bob.text, bob.total) == ("4", "8", "100%")


def test_large_and_broken_values_are_readable() -> None:
    (bar,) = bars([Bar(label="Ada", values=[1234567, 0.25, None])], series=["a", "b", "c"]).bars
    assert bar.values == ["1234567", "0.2", "–"]
    assert bar.text == "1234567.2"


def test_bar_ends_at_the_limit() -> None:
    (bar,) = bars([Bar(label="a", values=[1.5])], limit=1).bars
    assert (bar.parts[0].width, bar.total, bar.rest) == ("100%", "100%", "0%")


def test_unknown_value_differs_from_zero() -> None:
    unknown, zero = bars([Bar(label="a", values=[None]), Bar(label="b", values=[0])]).bars
    assert (unknown.is_known, unknown.text) == (False, "")
    assert (zero.is_known, zero.text) == (True, "0")


def test_bars_without_rows_are_empty() -> None:
    for name, chart in (("bars", bars([])), ("columns", columns([]))):
        assert chart.is_empty
        assert "Nothing to show." in drawn(name, chart)


def test_series_without_a_pattern_are_refused() -> None:
    with pytest.raises(TooManySeries):
        bars([Bar(label="a", values=[1] * 6)])


# --- the trend ----------------------------------------------------------------------
def test_trend_has_a_gap_where_there_was_no_class() -> None:
    chart = trend([Point(label=str(n), value=value) for n, value in enumerate([1, 0.5, None, 0, 0.25])])
    assert chart.line == "M100 0L300 50M700 100L900 75"
    assert [point.is_known for point in chart.points] == [True, True, False, True, True]
    assert "no class" in drawn("trend", chart)


def test_trend_names_the_highest_and_the_lowest_value() -> None:
    chart = trend([Point(label="1 Sep", value=0.9), Point(label="8 Sep", value=0.8)])
    assert chart.description == "Highest: 90% (1 Sep). Lowest: 80% (8 Sep)."


def test_trend_labels_at_most_12_points_and_always_the_newest() -> None:
    points = trend([Point(label=str(n), value=0.5) for n in range(53)]).points
    assert sum(point.is_labelled for point in points) <= 12
    assert points[-1].is_labelled
    assert points[-1].is_main


def test_trend_without_values_is_empty() -> None:
    for points in ([], [Point(label="1 Sep", value=None)]):
        assert trend(points).is_empty
        assert "Nothing to show." in drawn("trend", trend(points))


# --- size ---------------------------------------------------------------------------
def test_a_class_of_500_people_stays_light() -> None:
    people = [
        person(
            *((stay * 10, stay * 10 + 9) for stay in range(9)),
            name=f"Student {n}",
            stage=[(1, 2), (11, 12)],
            hand=[(3, 3.2), (14, 14.5)],
            camera=[(0, 8), (20, 28)],
        )
        for n in range(500)
    ]
    html = drawn("timeline", timeline(class_of(90), people), table="attendance")
    assert html.count("<path") <= 500 * 4 + 10
    assert len(html) < 500 * 900
