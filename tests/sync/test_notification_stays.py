"""Who was in a room by its notifications, and what they tell about lost events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom_admin.sync.notification_stays import Change, Connection, Lost, Span, changes_in, merged, stays

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
CAME, LEFT, DESTROYED = 103, 104, 102


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


def told(event_type: int, minutes: float, user: str = "ada", stream: str = "71", **more: Any) -> Connection:
    return Connection(stream_uuid=stream, user_uuid=user, event_type=event_type, at=at(minutes), **more)


def spans(*given: tuple[float, float | None]) -> list[Span]:
    return [Span(start=at(start), stop=None if stop is None else at(stop)) for start, stop in given]


def test_stay_lasts_from_joining_to_leaving() -> None:
    assert stays([told(CAME, 0), told(LEFT, 40)]) == {"ada": spans((0, 40))}
    assert stays([told(CAME, 0)]) == {"ada": spans((0, None))}


def test_roles_make_no_difference() -> None:
    assert stays([told(105, 0), told(106, 5), told(107, 10), told(108, 20)]) == {
        "ada": spans((0, 5), (10, 20))
    }


def test_person_with_two_streams_is_there_while_one_is_connected() -> None:
    screen = [told(CAME, 10, stream="72"), told(LEFT, 50, stream="72")]
    assert stays([told(CAME, 0), *screen, told(LEFT, 40)]) == {"ada": spans((0, 50))}


def test_departure_without_arrival_tells_how_long_it_lasted() -> None:
    assert stays([told(LEFT, 40, lasted=timedelta(minutes=30))]) == {"ada": spans((10, 40))}
    assert stays([told(LEFT, 40)]) == {"ada": spans((40, 40))}


def test_order_of_the_client_beats_the_time() -> None:
    """A lost connection is noticed late, when the person is back already."""
    connections = [told(CAME, 0, order=1), told(LEFT, 12, order=2), told(CAME, 11, order=3)]
    assert stays(connections) == {"ada": spans((0, None))}
    assert stays([*connections, told(LEFT, 40, order=4)]) == {"ada": spans((0, 40))}


def test_end_of_the_channel_ends_the_stays() -> None:
    connections = [told(CAME, 0), told(DESTROYED, 30, user="", stream="")]
    assert stays(connections) == {"ada": spans((0, 30))}
    assert stays([*connections, told(CAME, 45), told(LEFT, 50)]) == {"ada": spans((0, 30), (45, 50))}


def test_unknown_streams_are_nobodys() -> None:
    assert stays([told(CAME, 0, user="")]) == {}


moments = st.integers(0, 60)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(moments, st.none() | st.integers(0, 30)), max_size=8))
def test_merged_spans_cover_the_same_time(drawn: list[tuple[int, int | None]]) -> None:
    whole = [
        Span(start=at(start), stop=None if length is None else at(start + length)) for start, length in drawn
    ]
    found = merged(whole)
    for minute in range(100):
        moment = at(minute + 0.5)
        assert any(span.covers(moment) for span in found) == any(span.covers(moment) for span in whole)
    for before, after in pairwise(found):
        assert before.stop is not None
        assert before.stop < after.start


def lost(first: int = 10, last: int = 19, **more: Any) -> Lost:
    window = {"start": at(10), "stop": at(20), "here": frozenset()}
    return Lost(first=first, last=last, **(window | more))


def test_lost_arrival_and_departure_are_told() -> None:
    found = {"ada": spans((12, 15)), "ben": spans((13, None))}
    assert changes_in(lost(), found) == [
        Change(user_uuid="ada", online=True, at=at(12), sequence=10),
        Change(user_uuid="ben", online=True, at=at(13), sequence=10),
        Change(user_uuid="ada", online=False, at=at(15), sequence=11),
    ]


def test_what_the_events_around_told_is_no_change() -> None:
    here = frozenset({"ada"})
    assert changes_in(lost(here=here), {"ada": spans((0, 40))}) == []
    assert changes_in(lost(here=here), {"ada": spans((10, 30))}) == []
    assert changes_in(lost(), {"ada": spans((0, 10), (25, 30))}) == []


def test_person_who_went_out_and_came_back_has_two_stays() -> None:
    found = {"ada": spans((0, 12), (14, None))}
    changes = changes_in(lost(here=frozenset({"ada"})), found)
    assert [(one.online, one.sequence) for one in changes] == [(False, 10), (True, 11)]


def test_time_cut_to_seconds_still_belongs_to_the_lost_events() -> None:
    window = {"start": at(10) + timedelta(milliseconds=300), "stop": at(20)}
    found = {"ada": spans((10, None))}
    assert [one.online for one in changes_in(lost(**window), found)] == [True]


def test_lost_events_at_the_start_and_at_the_end_have_no_limit() -> None:
    found = {"ada": spans((-30, 90))}
    assert [one.online for one in changes_in(lost(start=None, stop=None), found)] == [True, False]


def test_there_are_at_most_as_many_changes_as_lost_events() -> None:
    found = {"ada": spans((11, 12), (13, 14), (15, 16))}
    assert [one.online for one in changes_in(lost(first=10, last=12), found)] == [True, False]
    found = {"ada": spans((11, 12), (13, 14), (15, None))}
    assert [one.online for one in changes_in(lost(first=10, last=12), found)] == [True, False, True]


def test_what_the_event_after_may_have_told_gives_way_to_what_was_lost() -> None:
    """Ada left in the one event that is lost. The event after it, in the same second, says she came back."""
    window = {
        "first": 10,
        "last": 10,
        "here": frozenset({"ada"}),
        "stop": at(20) + timedelta(milliseconds=300),
    }
    found = {"ada": spans((0, 15), (20, None))}
    assert [(one.online, one.at) for one in changes_in(lost(**window), found)] == [(False, at(15))]
