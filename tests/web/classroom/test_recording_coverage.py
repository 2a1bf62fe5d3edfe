"""How much of a class was recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.web.classroom.recording_coverage import (
    FAILED,
    MISSING,
    PAUSED,
    RECORDED,
    RecordedSpan,
    Stretch,
    coverage,
)

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NINE + timedelta(minutes=minute)


def taken(
    start: float, end: float | None, *pauses: tuple[float, float | None], failed: bool = False
) -> RecordedSpan:
    return RecordedSpan(
        start=at(start),
        end=None if end is None else at(end),
        failed=failed,
        pauses=[(at(first), None if last is None else at(last)) for first, last in pauses],
    )


def told(stretches: list[Stretch]) -> list[tuple[str, float, float | None]]:
    def minute(when: datetime | None) -> float | None:
        return None if when is None else (when - NINE).total_seconds() / 60

    return [(one.kind, minute(one.start), minute(one.end)) for one in stretches]


def covered(*recordings: RecordedSpan, end: float | None = 45) -> list[tuple[str, float, float | None]]:
    return told(coverage(start=NINE, end=None if end is None else at(end), recordings=recordings))


def test_class_without_recording_is_all_missing():
    assert covered() == [(MISSING, 0, 45)]
    assert covered(end=None) == [(MISSING, 0, None)]


def test_class_splits_into_recorded_paused_and_missing():
    assert covered(taken(2, 40, (10, 15))) == [
        (MISSING, 0, 2),
        (RECORDED, 2, 10),
        (PAUSED, 10, 15),
        (RECORDED, 15, 40),
        (MISSING, 40, 45),
    ]


def test_last_stretch_of_a_live_class_has_no_end():
    assert covered(taken(5, None), end=None) == [(MISSING, 0, 5), (RECORDED, 5, None)]
    assert covered(taken(5, None, (9, None)), end=None) == [
        (MISSING, 0, 5),
        (RECORDED, 5, 9),
        (PAUSED, 9, None),
    ]


def test_recording_outside_of_the_class_is_cut_off():
    assert covered(taken(-10, 90, (-5, 3), (44, 60))) == [(PAUSED, 0, 3), (RECORDED, 3, 44), (PAUSED, 44, 45)]
    assert covered(taken(-10, -5), taken(50, 60)) == [(MISSING, 0, 45)]


def test_good_recording_wins_over_failed_one():
    assert covered(taken(0, 20, failed=True), taken(10, 30)) == [
        (FAILED, 0, 10),
        (RECORDED, 10, 30),
        (MISSING, 30, 45),
    ]


def test_running_recording_wins_over_paused_one():
    assert covered(taken(0, 45, (0, 45)), taken(10, 20)) == [
        (PAUSED, 0, 10),
        (RECORDED, 10, 20),
        (PAUSED, 20, 45),
    ]


@pytest.mark.parametrize("end", [0, -3])
def test_class_without_duration_has_no_stretches(end: float):
    assert covered(taken(-5, 5), end=end) == []


def test_recording_without_duration_does_not_count():
    assert covered(taken(10, 10)) == [(MISSING, 0, 45)]


minutes = st.integers(-20, 80)
spans = st.tuples(minutes, st.none() | minutes)
recordings = st.builds(
    lambda span, pauses, failed: taken(span[0], span[1], *pauses, failed=failed),
    spans,
    st.lists(spans, max_size=3),
    st.booleans(),
)


@given(st.lists(recordings, max_size=5), st.none() | st.integers(1, 60))
def test_stretches_always_cover_the_whole_class(found: list[RecordedSpan], end: int | None):
    close = None if end is None else at(end)
    stretches = coverage(start=NINE, end=close, recordings=found)
    assert (stretches[0].start, stretches[-1].end) == (NINE, close)
    for before, after in pairwise(stretches):
        assert before.end == after.start
        assert before.kind != after.kind
    for one in stretches:
        assert one.end is None or one.start < one.end


@given(st.lists(recordings, max_size=5), st.integers(0, 44))
def test_each_minute_has_the_best_kind(found: list[RecordedSpan], minute: int):
    """Check each minute against all recordings at that moment."""
    when = at(minute) + timedelta(seconds=30)
    kinds = set()
    for one in found:
        if one.start <= when and (one.end is None or when < one.end):
            paused = any(first <= when and (last is None or when < last) for first, last in one.pauses)
            kinds.add(FAILED if one.failed else PAUSED if paused else RECORDED)
    expected = next((kind for kind in (RECORDED, PAUSED, FAILED) if kind in kinds), MISSING)
    stretches = coverage(start=NINE, end=at(45), recordings=found)
    (actual,) = [one.kind for one in stretches if one.start <= when < (one.end or at(45))]
    assert actual == expected
