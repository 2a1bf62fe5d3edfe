"""Where the notifications about a class and its events disagree about who was there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classroom_admin.reports.presence_sources import Shape, Source, disagreements
from classroom_admin.sync.notification_stays import Span
from tests.sync.test_notification_stays import at, spans

EVENTS, NOTICES = Source.EVENTS, Source.NOTIFICATIONS
Given = list[Span]


def compared(told: Given, seen: Given, **more: float) -> list[tuple[Source, Shape, float, float | None]]:
    found = disagreements(
        by_notices={"ada": told} if told else {},
        by_events={"ada": seen} if seen else {},
        since=at(more.get("since", -1)),
        until=at(more.get("until", 100)),
    )
    return [(one.shown_by, one.shape, minutes(one.start), one.stop and minutes(one.stop)) for one in found]


def minutes(moment: object) -> float:
    return (moment - at(0)) / timedelta(minutes=1)  # type: ignore[operator, no-any-return]


@pytest.mark.parametrize(
    ("told", "seen", "differing"),
    [
        (spans((0, 42)), spans((0, 40)), (NOTICES, Shape.UNTIL, 40, 42)),
        (spans((0, 40)), spans((0, 42)), (EVENTS, Shape.UNTIL, 40, 42)),
        (spans((0, 40)), spans((2, 40)), (NOTICES, Shape.FROM, 0, 2)),
        (spans((2, 40)), spans((0, 40)), (EVENTS, Shape.FROM, 0, 2)),
        (spans((0, 40)), [], (NOTICES, Shape.ALONE, 0, 40)),
        ([], spans((0, 40)), (EVENTS, Shape.ALONE, 0, 40)),
        (spans((0, 40)), spans((0, 10), (20, 40)), (NOTICES, Shape.ALONE, 10, 20)),
        (spans((0, None)), spans((0, 40)), (NOTICES, Shape.UNTIL, 40, None)),
        (spans((0, 40)), spans((0, None)), (EVENTS, Shape.UNTIL, 40, None)),
        (spans((5, None)), [], (NOTICES, Shape.ALONE, 5, None)),
    ],
)
def test_time_that_only_one_source_shows_is_told(
    told: Given, seen: Given, differing: tuple[Source, Shape, float, float | None]
) -> None:
    assert compared(told, seen) == [differing]


@pytest.mark.parametrize("apart_s", [0, 1, 29, 30])
def test_seconds_of_clock_and_latency_are_no_disagreement(apart_s: int) -> None:
    assert compared(spans((apart_s / 60, 40)), spans((0, 40 + apart_s / 60))) == []


def test_more_seconds_are_a_disagreement() -> None:
    assert len(compared(spans((0, 40)), spans((0, 40 + 31 / 60)))) == 1


def test_same_stays_agree() -> None:
    assert compared(spans((0, 10), (20, None)), spans((0, 10), (20, None))) == []


def test_person_who_came_before_the_notifications_were_switched_on_is_left_out() -> None:
    assert compared([], spans((0, 40)), since=10) == []
    assert compared([], spans((12, 40)), since=10) == [(EVENTS, Shape.ALONE, 12, 40)]


def test_last_part_of_a_live_class_is_not_compared() -> None:
    assert compared(spans((0, None)), spans((0, 59.5)), until=59) == []
    assert compared(spans((0, None)), [], until=-5) == []
