"""The cloud's clock, told from answers that took differently long."""

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_admin.agora.cloud_clock import CloudClock

START = 1_767_225_600_000


def test_nothing_is_known_before_the_first_answer() -> None:
    assert CloudClock().offset_ms is None


def test_the_quickest_answer_counts() -> None:
    clock = CloudClock()
    clock.note(START + 5_000 + 100, received_at_ms=START + 900, took_ms=900)  # slow on the way back
    clock.note(START + 7_000 + 5, received_at_ms=START + 2_010, took_ms=10)
    clock.note(START + 9_000 + 400, received_at_ms=START + 4_800, took_ms=800)
    assert clock.offset_ms == 5_000


def test_an_old_answer_is_forgotten() -> None:
    clock = CloudClock()
    clock.note(START + 20, received_at_ms=START, took_ms=2)
    clock.note(START + 130_040, received_at_ms=START + 130_000, took_ms=20)
    assert clock.offset_ms == 50


def test_a_clock_that_was_put_right_is_believed_at_once() -> None:
    clock = CloudClock()
    for second in range(10):
        clock.note(START + second * 1000, received_at_ms=START + second * 1000, took_ms=4)
    clock.note(START + 3_600_000, received_at_ms=START + 10_000, took_ms=30)
    assert clock.offset_ms == 3_590_015


@settings(max_examples=200, deadline=None)
@given(
    offset=st.integers(-(10**8), 10**8),
    ways=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3_000)), min_size=1, max_size=40),
)
def test_it_is_never_further_off_than_half_the_quickest_way(offset: int, ways: list[tuple[int, int]]) -> None:
    """Whatever the ways there and back were: the true offset lies within half of what the best one took."""
    clock = CloudClock()
    for number, (there, back) in enumerate(ways[-16:]):
        sent = START + number * 1000
        clock.note(sent + there + offset, received_at_ms=sent + there + back, took_ms=there + back)
    quickest = min(sum(way) for way in ways[-16:])
    assert clock.offset_ms is not None
    assert abs(clock.offset_ms - offset) <= quickest / 2 + 1
