"""The clock: aware UTC, replaceable, stepped."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from classroom_admin.common import clock
from tests.stepped_clock import SteppedClock, use

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def test_system_time_is_aware_utc_and_agrees_with_the_machine():
    before = time.time_ns() // 1_000_000
    stamped, stamped_ms = clock.now(), clock.now_ms()
    after = time.time_ns() // 1_000_000
    assert stamped.utcoffset() == timedelta(0)
    assert before <= stamped_ms <= after
    assert before <= stamped.timestamp() * 1000 <= after + 1


def test_stepped_clock_stands_still_then_moves():
    with use(SteppedClock(START)) as stepped:
        assert clock.now() == START
        began = clock.monotonic()
        stepped.step(90.5)
        assert clock.now() == START + timedelta(seconds=90.5)
        assert clock.now_ms() == round((START + timedelta(seconds=90.5)).timestamp() * 1000)
        assert clock.monotonic() - began == 90.5


def test_setting_the_wall_clock_back_keeps_durations():
    with use(SteppedClock(START)) as stepped:
        stepped.step(10)
        stepped.set_wall(START - timedelta(hours=1))
        assert clock.now() == START - timedelta(hours=1)
        assert clock.monotonic() == 10


def test_source_applies_to_all_threads_and_is_restored_after_an_error():
    seen = []

    def fail_on_stepped_time():
        with use(SteppedClock(START)):
            thread = threading.Thread(target=lambda: seen.append(clock.now()))
            thread.start()
            thread.join()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_on_stepped_time()
    assert seen == [START]
    assert abs(clock.now_ms() - time.time() * 1000) < 5_000


def test_milliseconds_round_trip_without_float_error():
    ms = 1_788_249_600_123
    assert clock.from_ms(ms).microsecond == 123_000
    with use(SteppedClock(clock.from_ms(ms))):
        assert clock.now_ms() == ms


@pytest.mark.parametrize(
    "wrong", [lambda: SteppedClock(datetime(2026, 9, 1)), lambda: SteppedClock(START).step(-1)]
)
def test_invalid_use_raises(wrong):
    with pytest.raises(ValueError, match=r"time zone|stepped back"):
        wrong()
