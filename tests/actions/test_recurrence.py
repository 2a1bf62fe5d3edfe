"""The dates of a series: the hour by the clock on the wall stays, whatever the clocks do."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.actions.recurrence import LONGEST, MOST_CLASSES, Weekly, local_start, starts

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "UTC",
]


def walls(rule: Weekly) -> list[str]:
    return [start.local.strftime("%a %d %b %H:%M") for start in starts(rule)]


def utc(rule: Weekly) -> list[str]:
    return [start.at.strftime("%d %H:%M") for start in starts(rule)]


def test_chosen_days_until_a_day_which_is_included():
    rule = Weekly(
        first=datetime(2026, 9, 7, 9, 30), zone=BERLIN, weekdays=[0, 2], until=date(2026, 9, 16)
    )  # a Monday
    assert walls(rule) == ["Mon 07 Sep 09:30", "Wed 09 Sep 09:30", "Mon 14 Sep 09:30", "Wed 16 Sep 09:30"]


def test_a_number_of_times_on_the_day_of_the_first():
    rule = Weekly(first=datetime(2026, 9, 3, 14, 0), zone=BERLIN, times=3)
    assert walls(rule) == ["Thu 03 Sep 14:00", "Thu 10 Sep 14:00", "Thu 17 Sep 14:00"]


def test_a_first_day_that_is_not_among_the_chosen_ones_begins_with_the_next_of_them():
    rule = Weekly(first=datetime(2026, 9, 3, 14, 0), zone=BERLIN, weekdays=[0], times=2)
    assert walls(rule) == ["Mon 07 Sep 14:00", "Mon 14 Sep 14:00"]


def test_every_other_week_counts_weeks_from_monday():
    rule = Weekly(first=datetime(2026, 9, 2, 8, 0), zone=BERLIN, weekdays=[0, 2], every=2, times=4)
    assert walls(rule) == ["Wed 02 Sep 08:00", "Mon 14 Sep 08:00", "Wed 16 Sep 08:00", "Mon 28 Sep 08:00"]


def test_whichever_end_is_sooner():
    rule = {"first": datetime(2026, 9, 7, 9, 0), "zone": BERLIN}
    assert len(starts(Weekly(**rule, until=date(2026, 9, 14), times=9))) == 2
    assert len(starts(Weekly(**rule, until=date(2027, 9, 14), times=3))) == 3


def test_the_hour_is_kept_over_the_end_of_summer_time():
    rule = Weekly(first=datetime(2026, 10, 19, 9, 0), zone=BERLIN, times=3)
    assert walls(rule) == ["Mon 19 Oct 09:00", "Mon 26 Oct 09:00", "Mon 02 Nov 09:00"]
    assert utc(rule) == ["19 07:00", "26 08:00", "02 08:00"]
    assert [start.shifted for start in starts(rule)] == [False, True, True]


def test_the_hour_is_kept_over_the_begin_of_summer_time():
    rule = Weekly(first=datetime(2026, 3, 2, 9, 0), zone=NEW_YORK, times=2)
    assert utc(rule) == ["02 14:00", "09 13:00"]
    assert not any(start.moved for start in starts(rule))


def test_an_hour_that_does_not_exist_is_moved_and_said():
    rule = Weekly(first=datetime(2026, 3, 22, 2, 30), zone=BERLIN, times=2)
    first, second = starts(rule)
    assert (first.local.hour, first.moved) == (2, False)
    assert (second.local.strftime("%d %H:%M"), second.moved) == ("29 03:30", True)


def test_of_an_hour_that_comes_twice_the_first_is_meant():
    assert local_start(datetime(2026, 10, 25, 2, 30), BERLIN).at.strftime("%H:%M") == "00:30"


def test_none_where_the_end_is_before_the_first():
    assert starts(Weekly(first=datetime(2026, 9, 7, 9, 0), zone=BERLIN, until=date(2026, 9, 6))) == []


def test_a_rule_without_an_end_ends_all_the_same():
    endless = Weekly(first=datetime(2026, 9, 7, 9, 0), zone=BERLIN, weekdays=range(7))
    assert len(starts(endless)) == MOST_CLASSES + 1
    weekly = starts(Weekly(first=datetime(2026, 9, 7, 9, 0), zone=BERLIN))
    assert weekly[-1].at - weekly[0].at <= LONGEST


@given(
    first=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    zone=st.sampled_from(ZONES),
    weekdays=st.sets(st.integers(0, 6)),
    every=st.integers(1, 4),
    times=st.integers(1, 60),
)
def test_laws(first, zone, weekdays, every, times):
    rule = Weekly(first=first, zone=ZoneInfo(zone), weekdays=weekdays, every=every, times=times)
    found = starts(rule)
    assert len(found) == times
    assert [start.at for start in found] == sorted({start.at for start in found})
    days = weekdays or {first.weekday()}
    for start in found:
        assert start.local.weekday() in days or start.moved
        asked = first.replace(microsecond=0).time()
        assert start.moved or start.local.time() == asked
        assert start.at.timestamp() == start.local.timestamp()  # `==` is false for an hour that repeats
        assert start.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_days_has_no_two_at_once(zone):
    rule = Weekly(first=datetime(2026, 1, 1, 2, 30), zone=ZoneInfo(zone), weekdays=range(7), times=200)
    gaps = {(b.at - a.at) for a, b in zip(starts(rule), starts(rule)[1:], strict=False)}
    assert all(timedelta(hours=22) < gap < timedelta(hours=26) for gap in gaps)
