"""Notifications about a channel: whose they are, and how they fill who was there during lost events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.reports.presence_sources import Shape, Source, sources_of
from classroom_admin.rooms.models import Gap, Participant, Presence, Room
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync import (
    notices,
    notification_presence,
    notification_rooms,
    projector,
    replay,
    room_events,
    tasks,
    webhook,
)
from classroom_admin.sync.models import ChannelNotice, PresenceCorrection, RoomRefresh
from classroom_admin.sync.notification_stays import stays
from classroom_admin.sync.polling import Poller
from tests.stepped_clock import SteppedClock
from tests.sync.conftest import room, sync_once
from tests.sync.test_order import arrive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sim(hands: SteppedClock) -> Iterator[RunningSimulator]:
    """An empty cloud whose clock moves with ours."""
    with running_simulator(plain=True, stepped=True, start_ms=hands.now_ms()) as simulator:
        step = hands.step

        def both(seconds: float) -> None:
            step(seconds)
            simulator.step(round(seconds * 1000))

        hands.step = both  # type: ignore[method-assign]
        yield simulator


@pytest.fixture
def classroom(sim: RunningSimulator, cloud: Client, hands: SteppedClock) -> RunningSimulator:
    sim.make_room("r1", state=1)
    for user_uuid in ("ada", "ben"):
        sim.room("r1", "enter", userUuid=user_uuid, userName=user_uuid.title())
    return sim


def deliver(sim: RunningSimulator, **changed: Any) -> None:
    """Deliver all notifications of the simulator, repeated ones too, with changed fields of their payload."""
    for notice in list(sim.cloud.world.notices):
        body = notice | {"notifyMs": 1, "payload": notice["payload"] | changed}
        webhook.accept_notification(json.dumps(body).encode())


def lose(sim: RunningSimulator, poller: Poller, *actions: tuple[str, str]) -> None:
    """Poll, let things happen whose events are lost, and destroy the room after one more event."""
    poll(poller)
    fault = sim.fault("withhold", params={"room": "r1"})
    for action, user_uuid in actions:
        sim.step(7_000)
        sim.room("r1", action, userUuid=user_uuid, userName=user_uuid.title())
    sim.control("DELETE", f"/faults/{fault}")
    sim.room("r1", "chat", userUuid="ben", message="Still here")
    poll(poller)
    sim.room("r1", "destroy")


def poll(poller: Poller) -> None:
    assert poller.poll() is not None
    tasks.project_waiting(within_s=10)


def here() -> set[str]:
    return set(Participant.objects.filter(online=True).values_list("user_uuid", flat=True))


def rebuilt() -> int:
    return projector.project_again(room("r1").pk).rows


def test_person_is_found_by_the_stream_in_the_events(classroom: RunningSimulator) -> None:
    sync_once()
    deliver(classroom)
    assert notices.match_due() == {"r1"}
    people = ChannelNotice.objects.filter(event_type=105).order_by("pk")
    assert list(people.values_list("user_uuid", flat=True)) == ["ada", "ben"]
    assert not ChannelNotice.objects.filter(match_due_at__isnull=False).exists()


def test_notification_that_comes_before_the_events_waits_for_them(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    deliver(classroom)
    assert notices.match_due() == set()
    assert notices.match_due() == set(), "not due yet"
    sync_once()
    hands.step(notices.FIRST_WAIT.total_seconds())
    assert notices.match_due() == {"r1"}


def test_account_that_is_a_user_id_names_the_person(classroom: RunningSimulator) -> None:
    sync_once()
    deliver(classroom, account="ada")
    notices.match_due()
    assert set(ChannelNotice.objects.filter(event_type=105).values_list("user_uuid", flat=True)) == {"ada"}


def test_channel_of_a_breakout_room_counts_for_its_class(classroom: RunningSimulator) -> None:
    sync_once()
    Room.objects.update(groups_sequence=1, known_groups={"g1": "Red"})
    deliver(classroom, channelName="g1")
    notices.match_due()
    assert set(stays(notices.connections(room("r1")))) == {"ada", "ben"}


def test_stream_of_nobody_makes_the_people_be_read_once(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    sync_once()
    deliver(classroom, uid=5)
    notices.match_due()
    assert RoomRefresh.objects.get().people_due_at is None
    hands.step(notices.FIRST_WAIT.total_seconds())
    notices.match_due()
    assert RoomRefresh.objects.get().people_due_at is not None
    RoomRefresh.objects.update(people_due_at=None)
    searches = 0
    while due := ChannelNotice.objects.filter(match_due_at__isnull=False).first():
        assert due.match_due_at is not None
        hands.step((due.match_due_at - clock.now()).total_seconds() + 1)
        notices.match_due()
        searches += 1
    assert 5 < searches < 20
    assert RoomRefresh.objects.get().people_due_at is None
    found = sources_of(room("r1"))
    assert found is not None
    assert (found.unknown, found.people) == (1, 2)


def test_list_of_people_tells_whose_stream_it_is(
    classroom: RunningSimulator, poller: Poller, hands: SteppedClock
) -> None:
    poll(poller)
    classroom.fault("withhold", params={"room": "r1"})
    classroom.room("r1", "enter", userUuid="cem", userName="Cem", role=1)
    deliver(classroom)
    tasks.refresh_rooms()
    assert here() == {"ada", "ben"}
    hands.step(notices.FIRST_WAIT.total_seconds())
    tasks.refresh_rooms()
    tasks.project_waiting(within_s=10)
    assert here() == {"ada", "ben", "cem"}
    cem = Participant.objects.get(user_uuid="cem")
    assert (cem.name, cem.role) == ("Cem", "teacher")
    assert ChannelNotice.objects.get(event_type=103).user_uuid == "cem"
    assert rebuilt() == 0


def test_lost_events_are_filled_from_notifications(classroom: RunningSimulator, poller: Poller) -> None:
    lose(classroom, poller, ("leave", "ada"), ("enter", "ada"), ("leave", "ada"))
    assert here() == {"ada", "ben"}
    deliver(classroom)
    assert sync_once() == ""
    assert Gap.objects.filter(stream="room").exists()
    assert here() == {"ben"}
    left = Presence.objects.filter(user_uuid="ada").order_by("entered_sequence")
    assert len(left) == 2
    assert None not in left.values_list("left_at", flat=True)
    assert Presence.objects.get(user_uuid="ben").left_at is None
    fillings = PresenceCorrection.objects.filter(source=PresenceCorrection.Source.NOTICE)
    assert list(fillings.order_by("pk").values_list("online", flat=True)) == [False, True, False]
    assert rebuilt() == 0
    call_command("rebuild")
    assert here() == {"ben"}
    assert not notification_presence.fill(room("r1").pk), "filling again changes nothing"


def test_notifications_that_come_after_the_room_is_gone_fill_too(
    classroom: RunningSimulator, poller: Poller
) -> None:
    lose(classroom, poller, ("leave", "ada"))
    sync_once()
    assert here() == {"ada", "ben"}
    deliver(classroom)
    tasks.refresh_rooms()
    assert here() == {"ben"}
    assert rebuilt() == 0


def test_notifications_of_a_breakout_room_fill_the_lost_events_of_its_class(
    classroom: RunningSimulator, poller: Poller
) -> None:
    """Also if the breakout room has no events of its own, and the notifications come late."""
    lose(classroom, poller, ("leave", "ada"))
    Room.objects.update(groups_sequence=1, known_groups={"g1": "Red"})
    sync_once()
    deliver(classroom, channelName="g1")
    tasks.refresh_rooms()
    assert here() == {"ben"}


class Killed(BaseException):
    """Stands for the death of a process."""


def test_lost_events_are_filled_even_if_the_process_dies_when_the_room_is_gone(
    classroom: RunningSimulator, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(room_id: int) -> bool:
        raise Killed

    lose(classroom, poller, ("leave", "ada"))
    deliver(classroom)
    assert notices.match_due() == {"r1"}
    assert here() == {"ada", "ben"}
    with monkeypatch.context() as patched:
        patched.setattr(notification_presence, "fill", killed)
        with pytest.raises(Killed):
            room_events.mark_gone(room("r1").pk)
    tasks.refresh_rooms()
    assert here() == {"ben"}
    assert rebuilt() == 0


def test_notifications_that_become_due_during_a_search_stay_due(
    classroom: RunningSimulator, hands: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = notices._owners

    def search_while_others_work(room: Room, streams: set[str]) -> dict[str, str]:
        found = search(room, streams)
        hands.step(1)
        notices.look_again(room.pk)
        return found

    sync_once()
    deliver(classroom)
    with monkeypatch.context() as patched:
        patched.setattr(notices, "_owners", search_while_others_work)
        assert notices.match_due() == {"r1"}
    assert ChannelNotice.objects.filter(match_due_at__isnull=False).exists()
    assert notices.match_due() == {"r1"}
    assert not ChannelNotice.objects.filter(match_due_at__isnull=False).exists()


def test_replay_shows_what_notifications_filled(classroom: RunningSimulator, poller: Poller) -> None:
    lose(classroom, poller, ("leave", "ada"))
    deliver(classroom)
    sync_once()
    film, _upto = replay.film_of(room("r1"))
    assert film.rows_at(film.end_ms or 0).online == here() == {"ben"}


def test_lost_end_of_a_class_is_filled(classroom: RunningSimulator, poller: Poller) -> None:
    poll(poller)
    classroom.fault("withhold", params={"room": "r1"})
    classroom.room("r1", "leave", userUuid="ada")
    classroom.room("r1", "destroy")
    deliver(classroom)
    sync_once()
    assert here() == {"ben"}
    assert rebuilt() == 0


def test_events_that_arrive_after_all_replace_what_was_filled(
    classroom: RunningSimulator, poller: Poller
) -> None:
    lose(classroom, poller, ("leave", "ada"), ("enter", "dora"))
    deliver(classroom)
    sync_once()
    assert PresenceCorrection.objects.count() == 1, "nobody knows Dora's stream"
    lost = [json.loads(one["raw"]) for one in classroom.oracle()["events"] if one["withheld"]]
    arrive([one for one in lost if one["cmd"] == 20])
    tasks.project_waiting(within_s=10)
    tasks.refresh_rooms()
    assert here() == {"ben", "dora"}
    assert not PresenceCorrection.objects.exists()
    assert rebuilt() == 0


@pytest.mark.parametrize("missing", [(), (3,), (1, 2, 3), (4, 5, 6), (7,), (3, 5, 7)])
@pytest.mark.parametrize("late", [False, True])
def test_projection_from_scratch_is_equal_with_fillings(
    cloud: Client, missing: tuple[int, ...], late: bool
) -> None:
    """Whatever is lost, and whether it arrives later, a projection from scratch changes nothing."""
    start_ms = 1_763_757_600_000
    moves = [
        ("on", "ada"),
        ("on", "ben"),
        ("off", "ada"),
        ("on", "ada"),
        ("off", "ben"),
        ("off", "ada"),
        ("on", "ben"),
    ]
    events = []
    for number, (way, user) in enumerate(moves, 1):
        listed = [{"userUuid": user, "role": 2, "streamUuid": f"7{user}"}]
        data = {"onlineUsers" if way == "on" else "offlineUsers": listed}
        ts = start_ms + number * 60_000 + 300
        events.append({"roomUuid": "r1", "cmd": 20, "sequence": number, "version": 1, "ts": ts, "data": data})
        payload = {"channelName": "r1", "account": f"7{user}", "ts": ts // 1000, "clientSeq": number}
        body = {"noticeId": str(number), "eventType": 105 if way == "on" else 106, "payload": payload}
        webhook.accept_notification(json.dumps(body).encode())
    events.append(
        {"roomUuid": "r1", "cmd": 99, "sequence": 8, "ts": start_ms + 900_000, "data": {"message": "x"}}
    )
    arrive([one for one in events if one["sequence"] not in missing])
    projector.project_room(room("r1").pk)
    room_events.mark_gone(room("r1").pk)
    if late and missing:
        arrive([one for one in events if one["sequence"] == missing[0]])
        projector.project_room(room("r1").pk)
        notification_presence.settle_due()
    assert rebuilt() == 0
    assert here() == {"ben"}
    own = Presence.objects.filter(user_uuid="ada").order_by("entered_sequence")
    assert [round((one.left_at - one.entered_at) / timedelta(minutes=1)) for one in own if one.left_at] == [
        2,
        2,
    ]


def test_sources_agree_and_disagree(classroom: RunningSimulator, poller: Poller, hands: SteppedClock) -> None:
    poll(poller)
    deliver(classroom)
    notices.match_due()
    hands.step(120)
    found = sources_of(room("r1"))
    assert found is not None
    assert found.agree
    classroom.room("r1", "tab", userUuid="ada", open=False)  # the events say that Ada left
    poll(poller)
    Presence.objects.filter(user_uuid="ada").update(left_at=clock.cloud_now())
    hands.step(300)
    found = sources_of(room("r1"))
    assert found is not None
    (one,) = found.disagreements
    assert (one.name, one.shown_by, one.shape, one.stop) == ("Ada", Source.NOTIFICATIONS, Shape.UNTIL, None)


def test_class_without_notifications_compares_nothing(classroom: RunningSimulator) -> None:
    sync_once()
    assert sources_of(Room.objects.get()) is None


def unseen_class(sim: RunningSimulator) -> None:
    """Let a class take place whose events all go to another reader."""
    sim.fault("withhold", params={"room": "r2"})
    sim.make_room("r2", roomName="Unseen", state=1)
    for user_uuid in ("ada", "ben"):
        sim.room("r2", "enter", userUuid=user_uuid, userName=user_uuid.title())


def test_class_of_which_only_notifications_arrived_is_found(
    sim: RunningSimulator, poller: Poller, hands: SteppedClock
) -> None:
    unseen_class(sim)
    poll(poller)
    deliver(sim)
    tasks.refresh_rooms()
    assert not Room.objects.exists(), "its events may still come"
    hands.step(notices.FIRST_WAIT.total_seconds())
    tasks.refresh_rooms()
    tasks.reconcile()
    tasks.project_waiting(within_s=10)
    found = room("r2")
    assert (found.name, found.state, here()) == ("Unseen", 1, {"ada", "ben"})
    hands.step(notices.FIRST_WAIT.total_seconds())
    tasks.refresh_rooms()
    people = ChannelNotice.objects.filter(event_type=105).order_by("pk")
    assert list(people.values_list("user_uuid", flat=True)) == ["ada", "ben"]
    assert projector.project_again(found.pk).rows == 0


def test_sync_once_finds_a_class_of_which_only_notifications_arrived(
    sim: RunningSimulator, cloud: Client
) -> None:
    unseen_class(sim)
    deliver(sim)
    assert sync_once() == ""
    assert (room("r2").name, here()) == ("Unseen", {"ada", "ben"})


def test_channel_that_is_no_class_is_asked_for_once(
    classroom: RunningSimulator, cloud: Client, poller: Poller, hands: SteppedClock
) -> None:
    poll(poller)
    deliver(classroom, channelName="a call of another app")
    asked = []
    for _search in range(3):
        hands.step(60)
        asked.append(notification_rooms.find_due(cloud).requests)
        notices.match_due()
    classroom.room("r1", "enter", userUuid="cem")
    deliver(classroom, channelName="a call of another app")
    hands.step(60)
    asked.append(notification_rooms.find_due(cloud).requests)
    assert asked == [1, 0, 0, 0]
    assert [one.room_uuid for one in Room.objects.all()] == ["r1"]


def test_search_for_a_class_is_repeated_when_the_cloud_fails(
    sim: RunningSimulator, poller: Poller, hands: SteppedClock
) -> None:
    unseen_class(sim)
    poll(poller)
    deliver(sim)
    hands.step(notices.FIRST_WAIT.total_seconds())
    sim.fault("too_many", route="read_room", params={"retryAfter": 30})
    failed = tasks.refresh_rooms()
    assert failed is not None
    assert failed.problems
    assert not Room.objects.exists()
    sim.clear_faults()
    hands.step(60)
    tasks.refresh_rooms()
    tasks.refresh_rooms()
    assert room("r2").name == "Unseen"
