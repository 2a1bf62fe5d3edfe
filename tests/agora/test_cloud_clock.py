"""The offset of the cloud's clock, from answers of different round-trip times."""

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_admin.agora.cloud_clock import CloudClock

START = 1_767_225_600_000


def test_offset_is_none_before_the_first_answer() -> None:
    assert CloudClock().offset_ms is None


def test_offset_comes_from_the_quickest_answer() -> None:
    clock = CloudClock()
    clock.note(START + 5_000 + 100, received_at_ms=START + 900, took_ms=900)  # slow on the way back
    clock.note(START + 7_000 + 5, received_at_ms=START + 2_010, took_ms=10)
    clock.note(START + 9_000 + 400, received_at_ms=START + 4_800, took_ms=800)
    assert clock.offset_ms == 5_000


def test_old_answer_is_forgotten() -> None:
    clock = CloudClock()
    clock.note(START + 20, received_at_ms=START, took_ms=2)
    clock.note(START + 130_040, received_at_ms=START + 130_000, took_ms=20)
    assert clock.offset_ms == 50


def test_corrected_cloud_clock_is_followed_at_once() -> None:
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
def test_error_is_at_most_half_the_quickest_round_trip(offset: int, ways: list[tuple[int, int]]) -> None:
    """The error is at most half of the shortest round trip, however long each direction took."""
    clock = CloudClock()
    for number, (there, back) in enumerate(ways[-16:]):
        sent = START + number * 1000
        clock.note(sent + there + offset, received_at_ms=sent + there + back, took_ms=there + back)
    quickest = min(sum(way) for way in ways[-16:])
    assert clock.offset_ms is not None
    assert abs(clock.offset_ms - offset) <= quickest / 2 + 1
