"""What a change of a series does to each class: dates, daylight saving time, matching, created classes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.actions.class_plans import ClassPlan
from classroom_admin.actions.rescheduling import (
    Change,
    Edit,
    How,
    Rule,
    Scope,
    Slot,
    Standing,
    decide,
    digest,
    rule_of,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 1, tzinfo=UTC)
PLAN = ClassPlan(name="Latin", settings={"room_type": 4, "duration_s": 2700}, taught_by=1, class_list=5)
MON, TUE, WED, THU = range(4)
# Mondays and Wednesdays in Berlin. The clocks change on Sunday 25 October.
DAYS = [date(2026, 10, day) for day in (5, 7, 12, 14, 19, 21, 26, 28)]


def slots(*days: date, at: time = time(9), **standings: Standing) -> list[Slot]:
    """Return classes on these days. `standings` names those that are not open, such as `s2="made"`."""
    return [
        Slot(
            pk=number,
            starts_at=datetime.combine(day, at, tzinfo=BERLIN).astimezone(UTC),
            plan=PLAN,
            standing=standings.get(f"s{number}", Standing.OPEN),
        )
        for number, day in enumerate(days, start=1)
    ]


def change(found: list[Slot], *, anchor: int = 1, scope: Scope = Scope.ALL, **more: Any) -> list[Change]:
    """Return what a form does whose other values were not touched."""
    rule = rule_of(found, BERLIN, weekdays={MON, WED}, every=1)
    local = found[anchor - 1].local(BERLIN)
    values = {"day": local.date(), "at": local.time(), "plan": found[anchor - 1].plan} | {
        name: value for name, value in more.items() if name in ("day", "at", "plan")
    }
    asked = {name: value for name, value in more.items() if name in ("weekdays", "every", "until")}
    edit = Edit(anchor=anchor, scope=scope, rule=replace(rule, **asked), **values)
    return decide(found, edit, rule=rule, zone=BERLIN, now=NOW)


def local(changes: list[Change], *hows: How) -> list[str]:
    chosen = [one for one in changes if not hows or one.how in hows]
    return [one.starts_at.astimezone(BERLIN).strftime("%m-%d %H:%M") for one in chosen]


def hows(changes: list[Change]) -> list[str]:
    return [one.how.value for one in changes]


def test_untouched_form_changes_nothing() -> None:
    for scope in Scope:
        assert change(slots(*DAYS), anchor=3, scope=scope) == []


def test_new_time_is_local_before_and_after_the_clock_change() -> None:
    changes = change(slots(*DAYS), at=time(10, 30))
    assert local(changes) == [f"10-{day.day:02} 10:30" for day in DAYS]
    assert {one.starts_at.hour for one in changes} == {8, 9}, "summer and winter time in UTC"


@pytest.mark.parametrize(
    ("scope", "days"), [(Scope.THIS, [14]), (Scope.FOLLOWING, [14, 19, 21, 26, 28]), (Scope.ALL, None)]
)
def test_scope_chooses_the_classes(scope: Scope, days: list[int] | None) -> None:
    changes = change(slots(*DAYS), anchor=4, scope=scope, at=time(8))
    assert [one.starts_at.day for one in changes] == (days or [day.day for day in DAYS])


def test_hour_that_the_clocks_skip_is_named() -> None:
    (changed,) = change(slots(date(2027, 3, 22)), scope=Scope.THIS, day=date(2027, 3, 28), at=time(2, 30))
    assert changed.start is not None
    assert changed.start.moved
    assert local([changed]) == ["03-28 03:30"]


def test_weekday_moves_within_its_week_and_keeps_the_class() -> None:
    changes = change(slots(*DAYS), weekdays=frozenset({MON, THU}))
    assert set(hows(changes)) == {"changed"}
    assert [one.slot.pk for one in changes if one.slot] == [2, 4, 6, 8]
    assert local(changes) == ["10-08 09:00", "10-15 09:00", "10-22 09:00", "10-29 09:00"]


def test_fewer_and_more_weekdays_cancel_and_add() -> None:
    assert local(change(slots(*DAYS), weekdays=frozenset({MON})), How.CANCELLED) == [
        "10-07 09:00", "10-14 09:00", "10-21 09:00", "10-28 09:00",
    ]  # fmt: skip
    more = change(slots(*DAYS), weekdays=frozenset({MON, TUE, WED}))
    assert local(more, How.ADDED) == local(more) == [
        "10-06 09:00", "10-13 09:00", "10-20 09:00", "10-27 09:00",
    ]  # fmt: skip


def test_dropped_class_comes_back_and_cancelled_class_does_not() -> None:
    found = slots(*DAYS, s2=Standing.DROPPED, s4=Standing.CANCELLED)
    changes = change(found, weekdays=frozenset({MON, WED, THU}))
    assert local(changes, How.RESTORED) == ["10-07 09:00"]
    assert "10-14 09:00" not in local(changes)


def test_following_never_adds_before_its_first_class() -> None:
    changes = change(slots(*DAYS), anchor=4, scope=Scope.FOLLOWING, weekdays=frozenset({MON, TUE, WED}))
    assert local(changes, How.ADDED) == ["10-13 09:00", "10-20 09:00", "10-27 09:00"]
    assert all(one.starts_at > slots(*DAYS)[2].starts_at for one in changes)


def test_earlier_weekday_adds_no_class_before_the_series_begins() -> None:
    changes = change(slots(*DAYS[1:]), weekdays=frozenset({MON, TUE, WED}))
    assert local(changes, How.ADDED) == local(changes) == ["10-13 09:00", "10-20 09:00", "10-27 09:00"]


def test_later_weekday_adds_no_class_after_the_end_date() -> None:
    changes = change(slots(*DAYS), weekdays=frozenset({MON, WED, THU}))
    assert local(changes, How.ADDED) == local(changes) == ["10-08 09:00", "10-15 09:00", "10-22 09:00"]


def test_earlier_end_cancels_and_later_end_adds() -> None:
    assert local(change(slots(*DAYS), until=date(2026, 10, 20)), How.CANCELLED) == [
        "10-21 09:00", "10-26 09:00", "10-28 09:00",
    ]  # fmt: skip
    longer = change(slots(*DAYS), until=date(2026, 11, 4))
    assert (hows(longer), local(longer)) == (["added", "added"], ["11-02 09:00", "11-04 09:00"])


def test_class_that_was_moved_alone_keeps_its_day_when_the_series_gets_longer() -> None:
    days = [*DAYS[:3], date(2026, 10, 16), *DAYS[4:]]
    assert hows(change(slots(*days), until=date(2026, 11, 2))) == ["added"]


def test_every_other_week_is_inferred_from_the_dates() -> None:
    found = slots(date(2026, 10, 5), date(2026, 10, 19), date(2026, 11, 2))
    assert rule_of(found, BERLIN, weekdays=(), every=None) == Rule(
        weekdays=frozenset({MON}), every=2, until=date(2026, 11, 2)
    )


def test_created_class_is_created_again_only_for_what_the_cloud_keeps() -> None:
    found = slots(*DAYS, s1=Standing.MADE)
    for plan in (replace(PLAN, taught_by=2), replace(PLAN, class_list=None)):
        assert hows(change(found, plan=plan)) == ["changed"] * 8
    for more in (
        {"at": time(10)},
        {"plan": replace(PLAN, name="Greek")},
        {"plan": replace(PLAN, settings=dict(PLAN.settings) | {"duration_s": 3600})},
    ):
        assert hows(change(found, **more)) == ["remade"] + ["changed"] * 7
    assert hows(change(found, anchor=2, weekdays=frozenset({WED})))[0] == "closed"


def test_class_that_has_begun_stays_and_past_classes_are_left_out() -> None:
    past = date(2026, 9, 28)
    found = slots(past, *DAYS[:3], s2=Standing.OVER, s3=Standing.BUSY)
    assert hows(change(found, anchor=3, at=time(10))) == ["stays", "busy", "changed"]


def test_only_what_was_touched_changes_in_classes_that_differ() -> None:
    found = slots(*DAYS[:2])
    found[1] = replace(found[1], plan=replace(PLAN, name="Exam", settings={"room_type": 2, "duration_s": 60}))
    changes = change(found, plan=replace(PLAN, settings={"room_type": 4, "duration_s": 3600}))
    assert changes[1].plan == replace(PLAN, name="Exam", settings={"room_type": 2, "duration_s": 3600})


def test_digest_changes_with_the_changes() -> None:
    found = slots(*DAYS)
    one, other = (change(found, at=at) for at in (time(10), time(11)))
    assert digest(one) == digest(change(found, at=time(10))) != digest(other)


@given(
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    every=st.integers(1, 3),
    days=st.integers(0, 60),
    anchor=st.integers(1, 8),
    scope=st.sampled_from([Scope.FOLLOWING, Scope.ALL]),
    made=st.sets(st.integers(1, 8)),
)
def test_result_has_the_days_of_the_rule_and_touches_each_class_once(
    weekdays: frozenset[int], every: int, days: int, anchor: int, scope: Scope, made: set[int]
) -> None:
    found = slots(*DAYS, **{f"s{one}": Standing.MADE for one in made})
    until = date.fromordinal(DAYS[anchor - 1].toordinal() + days)
    changes = change(found, anchor=anchor, scope=scope, weekdays=weekdays, every=every, until=until)
    touched = [one.slot.pk for one in changes if one.slot]
    assert len(touched) == len(set(touched))
    gone = {one.slot.pk for one in changes if one.slot and one.how in (How.CANCELLED, How.CLOSED)}
    after = {one.slot.pk: one.starts_at for one in changes if one.slot and one.slot.pk not in gone}
    chosen = [one for one in found if scope is Scope.ALL or one.pk >= anchor]
    kept = [after.get(one.pk, one.starts_at) for one in chosen if one.pk not in gone]
    added = [one.starts_at for one in changes if one.slot is None]
    dates = sorted(one.astimezone(BERLIN).date() for one in [*kept, *added])
    assert len(dates) == len(set(dates))
    if (weekdays, every) != (frozenset({MON, WED}), 1):
        assert {day.weekday() for day in dates} <= weekdays
    for one in added:
        assert one.astimezone(BERLIN).time() == time(9)


def test_added_class_is_like_most_classes_and_not_like_one_that_was_changed_alone() -> None:
    found = slots(*DAYS)
    found[0] = replace(found[0], plan=replace(PLAN, name="Exam", taught_by=2))
    more = change(found, anchor=1, plan=replace(PLAN, name="Exam", taught_by=3), until=date(2026, 11, 2))
    (added,) = (one for one in more if one.how is How.ADDED)
    assert added.plan == replace(PLAN, taught_by=3)


def test_dropped_class_follows_the_changes_until_it_comes_back() -> None:
    found = slots(*DAYS[:2], s2=Standing.DROPPED)
    changes = change(found, plan=replace(PLAN, name="Greek"))
    assert [(one.how, one.plan.name) for one in changes] == [(How.CHANGED, "Greek")] * 2
    assert changes[1].start is None
