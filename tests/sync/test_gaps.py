"""What is missing: found, asked for, filled; or named void or a gap. (Invariants 1 and 4.)"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.agora.client import Client
from classroom_admin.rooms.models import ChatMessage, Gap, Quiz
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import gap_filling, projector, reconciliation, tasks
from classroom_admin.sync.gaps import Range, missing_ranges, state_after_ask
from classroom_admin.sync.models import RoomCursor, SequenceGap
from classroom_admin.sync.polling import Poller
from tests.stepped_clock import SteppedClock, use
from tests.sync.comparison import assert_all_stored_once, assert_rooms_match
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lesson(sim: RunningSimulator, cloud: Client) -> RunningSimulator:
    """A class that is known here already."""
    sim.make_room("r1", roomName="One", state=1)
    sim.room("r1", "enter", userUuid="p1", userName="Ada")
    assert sync_once() == ""
    return sim


def say(sim: RunningSimulator, *words: str) -> None:
    for word in words:
        sim.room("r1", "chat", userUuid="p1", message=word)


def said() -> list[str]:
    return list(ChatMessage.objects.order_by("sequence").values_list("text", flat=True))


def lose(sim: RunningSimulator, *words: str) -> None:
    """Say something of which the polling stream will know nothing."""
    fault = sim.fault("withhold")
    say(sim, *words)
    sim.control("DELETE", f"/faults/{fault}")


def test_events_lost_from_the_stream_are_filled_in(lesson: RunningSimulator, cloud: Client) -> None:
    say(lesson, "a")
    lose(lesson, "b", "c")
    say(lesson, "d")
    Poller(cloud).poll()
    gap = SequenceGap.objects.get()
    assert (gap.first, gap.last, gap.state) == (4, 5, SequenceGap.State.OPEN)
    tasks.fill_gaps()
    assert said() == ["a", "b", "c", "d"]
    assert not SequenceGap.objects.exists()
    assert_all_stored_once(lesson)


def test_the_lost_last_event_is_found_by_reconciliation(lesson: RunningSimulator) -> None:
    lose(lesson, "the last word")
    assert sync_once() == ""
    assert said() == ["the last word"]
    assert_rooms_match(lesson)


def test_a_room_first_seen_in_mid_class_is_fetched_from_its_beginning(
    sim: RunningSimulator, cloud: Client
) -> None:
    fault = sim.fault("withhold")
    sim.make_room("r1", roomName="One", state=1)
    sim.room("r1", "enter", userUuid="p1", userName="Ada")
    for number in range(250):
        say(sim, f"{number}")
    sim.control("DELETE", f"/faults/{fault}")
    say(sim, "seen")
    Poller(cloud).poll()
    assert SequenceGap.objects.get().first == 1
    tasks.fill_gaps()
    assert len(said()) == 251
    assert_all_stored_once(sim)


def test_quizzes_come_by_reconciliation_though_the_stream_never_has_them(
    lesson: RunningSimulator, hands: SteppedClock
) -> None:
    lesson.room("r1", "enter", userUuid="t1", userName="Teacher", role=1)
    lesson.room("r1", "quiz", userUuid="t1", items=["A", "B"], correctItems=["A"])
    hands.step(reconciliation.WIDGETS_EVERY_S + 1)
    swept = tasks.reconcile()
    assert swept is not None
    assert swept.stored > 0
    assert Quiz.objects.get().running


def test_a_gap_holds_its_room_for_two_seconds_and_a_late_event_is_projected_in_its_place(
    lesson: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    say(lesson, "a")
    lose(lesson, "b")
    say(lesson, "c")
    Poller(cloud).poll()
    assert projector.project_room(room("r1").pk).events == 1
    assert said() == ["a"]
    hands.step(1)
    assert projector.due_rooms() == []
    hands.step(1)
    assert projector.due_rooms() == [room("r1").pk]
    projector.project_room(room("r1").pk)
    assert said() == ["a", "c"]
    tasks.fill_gaps()
    assert said() == ["a", "b", "c"]
    assert projector.project_again(room("r1").pk).rows == 0


def test_a_number_is_void_after_two_asks_ten_seconds_apart(
    lesson: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    lesson.room("r1", "void", count=2)
    say(lesson, "after")
    Poller(cloud).poll()
    tasks.fill_gaps()
    gap = SequenceGap.objects.get()
    assert (gap.first, gap.last, gap.state, gap.asks) == (3, 4, SequenceGap.State.OPEN, 1)
    hands.step(9)
    tasks.fill_gaps()
    assert SequenceGap.objects.get().asks == 1, "not due yet"
    hands.step(1)
    tasks.fill_gaps()
    assert SequenceGap.objects.get().state == SequenceGap.State.VOID
    assert not Gap.objects.exists(), "void numbers are shown to nobody"
    tasks.project_waiting(within_s=5)
    assert said() == ["after"]


def test_what_cannot_be_had_any_more_is_a_gap(lesson: RunningSimulator, cloud: Client) -> None:
    say(lesson, "a")
    lose(lesson, "b", "c")
    say(lesson, "d")
    lesson.room("r1", "state", state=3)
    Poller(cloud).poll()
    lesson.room("r1", "destroy")
    version = room("r1").version
    assert sync_once() == ""
    assert list(Gap.objects.values_list("room__room_uuid", "stream", "first", "last")) == [
        ("r1", "room", 4, 5)
    ]
    here = room("r1")
    assert here.gone_at is not None
    assert here.version > version
    assert said() == ["a", "d"]
    assert sync_once() == "", "a destroyed room is no failure"
    assert projector.project_again(here.pk).rows == 0


def test_an_end_that_was_missed_altogether_is_a_gap_too(lesson: RunningSimulator) -> None:
    lose(lesson, "never to be heard of")
    lesson.room("r1", "destroy")
    assert sync_once() == ""
    assert list(Gap.objects.values_list("first", "last")) == [(3, 3)]


def test_a_void_number_that_arrives_after_all_is_taken(
    lesson: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    lesson.room("r1", "void", count=3)
    say(lesson, "after")
    Poller(cloud).poll()
    for _ask in range(2):
        tasks.fill_gaps()
        hands.step(10)
    lesson.control(
        "POST",
        "/emit",
        {
            "roomUuid": "r1",
            "cmd": 3,
            "sequence": 4,
            "data": {"fromUser": {"userUuid": "p1"}, "message": "late"},
        },
    )
    Poller(cloud).poll()
    projector.project_room(room("r1").pk)
    assert said() == ["late", "after"]
    assert list(SequenceGap.objects.order_by("first").values_list("first", "last", "state")) == [
        (3, 3, "void"),
        (5, 5, "void"),
    ]


def test_a_void_number_is_asked_for_once_more_at_the_last_reconciliation(
    lesson: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    lesson.room("r1", "void", count=1)
    say(lesson, "after")
    lesson.room("r1", "state", state=3)
    Poller(cloud).poll()
    for _ask in range(2):
        tasks.fill_gaps()
        hands.step(10)
    tasks.project_waiting(within_s=5)
    assert SequenceGap.objects.get().state == SequenceGap.State.VOID
    lesson.fault("withhold")
    data = {"fromUser": {"userUuid": "p1"}, "message": "there after all"}
    lesson.control("POST", "/emit", {"roomUuid": "r1", "cmd": 3, "sequence": 3, "data": data})
    hands.step(600)
    tasks.reconcile()
    assert said() == ["after"]
    hands.step(reconciliation.AFTER_THE_END[-1])
    tasks.reconcile()
    assert said() == ["there after all", "after"]
    assert not SequenceGap.objects.exists()
    assert RoomCursor.objects.get(stream="room").reconcile_due_at is None, "that was the last one"


def test_a_cloud_that_cannot_be_asked_leaves_the_gap_open_for_later(
    lesson: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    lose(lesson, "b")
    say(lesson, "c")
    Poller(cloud).poll()
    lesson.fault("server_error", route="room_events")
    filled = tasks.fill_gaps()
    assert filled is not None
    assert filled.problems
    assert SequenceGap.objects.get().asks == 0
    lesson.clear_faults()
    hands.step(11)
    tasks.fill_gaps()
    assert said() == ["b", "c"]


def test_a_run_sends_at_most_what_it_may_and_the_next_goes_on(sim: RunningSimulator, cloud: Client) -> None:
    for number in range(6):
        sim.make_room(f"r{number}", state=1)
    Poller(cloud).poll()
    with use(SteppedClock(timezone.now())) as stepped:
        stepped.step(1)
        assert reconciliation.reconcile_due(cloud, most=4).requests == 4
        assert reconciliation.reconcile_due(cloud, most=0).requests == 0
        stepped.step(1)
        assert reconciliation.reconcile_due(cloud, most=4).requests == 4
    assert RoomCursor.objects.filter(reconciled_at__isnull=False).count() == 8


def test_pages_of_99_100_and_101_events_are_asked_for_to_the_end(
    sim: RunningSimulator, cloud: Client
) -> None:
    fault = sim.fault("withhold")
    for count in (99, 100, 101, 200, 201):
        sim.make_room(f"r{count}", state=1)
        sim.room(f"r{count}", "enter", userUuid="p1")
        for _event in range(count - 2):
            sim.room(f"r{count}", "chat", userUuid="p1", message="x")
    sim.control("DELETE", f"/faults/{fault}")
    for count in (99, 100, 101, 200, 201):
        sim.room(f"r{count}", "chat", userUuid="p1", message="last")
    Poller(cloud).poll()
    filled = gap_filling.fill_due(cloud)
    assert filled.problems == []
    assert_all_stored_once(sim)


NUMBERS = st.sets(st.integers(1, 60), min_size=1)


@given(batches=st.lists(NUMBERS, min_size=1, max_size=8))
def test_gaps_are_what_is_missing_whatever_the_order(batches: list[set[int]]) -> None:
    stored: set[int] = set()
    gaps: list[Range] = []
    for batch in batches:
        fresh = sorted(batch - stored)
        highest = max(stored, default=0)
        gaps = [part for gap in gaps for part in gap.without([n for n in fresh if n <= highest])]
        gaps += missing_ranges(fresh, above=highest)
        stored |= batch
        missing = set(range(1, max(stored))) - stored
        assert {number for gap in gaps for number in range(gap.first, gap.last + 1)} == missing


def test_two_asks_in_a_second_do_not_make_a_number_void() -> None:
    now = timezone.now()
    gap = SequenceGap(first=4, last=4, found_at=now)
    for after in (0.0, 0.4, 0.8, 9.9):
        state_after_ask(gap, asked_at=now + timedelta(seconds=after))
        assert gap.state == SequenceGap.State.OPEN
    assert state_after_ask(gap, asked_at=now + timedelta(seconds=10)).state == SequenceGap.State.VOID
