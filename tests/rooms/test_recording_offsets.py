"""The second of a recording that shows a moment of the class."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.rooms.recording_offsets import (
    FILE_S,
    Recorded,
    find,
    nearest_s,
    offset_s,
    place,
    seconds_of,
)

START = datetime(2026, 9, 1, 9, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def make(*pauses: tuple[float, float | None], start: float = 0, end: float = 600, key: int = 1) -> Recorded:
    return Recorded(
        key=key,
        start=at(start),
        end=at(end),
        pauses=tuple((at(begin), None if finish is None else at(finish)) for begin, finish in pauses),
    )


@pytest.mark.parametrize(
    ("recorded", "second", "expected"),
    [
        (make(), -1, None),
        (make(), 0, 0),
        (make(), 125.9, 125),
        (make(), 600, 600),
        (make(), 601, None),
        (make((100, 160)), 99, 99),
        (make((100, 160)), 100, None),
        (make((100, 160)), 159, None),
        (make((100, 160)), 160, 100),
        (make((100, 160)), 600, 540),
        (make((300, 400), (100, 160)), 450, 290),
        (make((500, None)), 499, 499),
        (make((500, None)), 550, None),
        (make((-50, 20)), 10, None),
        (make((-50, 20)), 30, 10),
        (make((100, 200), (150, 250)), 260, 110),
        (make((590, 700)), 595, None),
    ],
)
def test_pauses_are_left_out(recorded: Recorded, second: float, expected: int | None) -> None:
    assert offset_s(recorded, at(second)) == expected


def test_length_of_a_recording_leaves_pauses_out() -> None:
    assert seconds_of(make()) == 600
    assert seconds_of(make((100, 160), (500, None))) == 440


@given(
    st.lists(st.tuples(st.integers(-50, 650), st.integers(0, 200)), max_size=4),
    st.integers(-10, 620),
)
def test_offset_is_the_number_of_recorded_seconds_before(
    given_pauses: list[tuple[int, int]], second: int
) -> None:
    pauses = [(begin, begin + lasts) for begin, lasts in given_pauses]
    found = offset_s(make(*pauses), at(second))

    def is_paused(moment: int) -> bool:
        return any(begin <= moment < finish for begin, finish in pauses)

    if not 0 <= second <= 600 or (second < 600 and is_paused(second)):
        assert found is None
    elif second < 600:
        assert found == sum(not is_paused(one) for one in range(second))


def test_first_recording_that_shows_the_moment_is_chosen() -> None:
    first, second = make(key=7), make(start=500, end=900, key=8)
    assert find([second, first], at(550)) == (7, 550)
    assert find([second, first], at(700)) == (8, 200)
    assert find([second, first], at(1000)) is None
    assert find([make((540, 600), key=7), second], at(550)) == (8, 50)
    assert find([], at(0)) is None


@pytest.mark.parametrize(
    ("second", "files", "expected"),
    [
        (0, 1, (0, 0)),
        (FILE_S + 5, 1, (0, FILE_S + 5)),
        (FILE_S - 1, 3, (0, FILE_S - 1)),
        (FILE_S, 3, (1, 0)),
        (2 * FILE_S + 30, 3, (2, 30)),
        (9 * FILE_S, 3, (2, 7 * FILE_S)),
        (-4, 2, (0, 0)),
        (12, 0, (0, 12)),
    ],
)
def test_second_is_in_a_file(second: int, files: int, expected: tuple[int, int]) -> None:
    assert place(second, files) == expected


def test_nearest_second_stands_still_in_a_pause_and_counts_overlapping_pauses_once() -> None:
    recorded = make((100, 200), (150, 300), (500, None))
    moments = (-50, 50, 120, 250, 300, 400, 550, 900)
    assert [nearest_s(recorded, at(moment)) for moment in moments] == [0, 50, 100, 100, 100, 200, 300, 300]
