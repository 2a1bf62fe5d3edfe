"""How often the cloud is asked for events, without `AGORA_POLL_SECONDS` and with it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.rooms.models import ChatMessage
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import lease, polling_pace, tasks
from classroom_admin.sync.models import Lease
from classroom_admin.sync.polling import Poller, poller_for
from classroom_admin.sync.polling_pace import FAST_S, IDLE_S, NORMAL_S, WATCHED_FOR_S, Pace, interval_s
from tests.stepped_clock import SteppedClock
from tests.sync.comparison import assert_all_stored_once

DEADLINE_S = 20.0


@pytest.mark.parametrize(
    ("watched", "live", "per_second", "seconds"),
    [
        (True, True, 20, FAST_S),
        (True, True, 0, FAST_S),
        (True, True, 8, 0.5),
        (True, True, 1, NORMAL_S),
        (True, False, 20, NORMAL_S),
        (False, True, 20, NORMAL_S),
        (False, False, 20, IDLE_S),
    ],
)
def test_interval_depends_on_what_is_live_and_watched(watched, live, per_second, seconds):
    assert interval_s(watched=watched, live=live, per_second=per_second) == seconds


@pytest.mark.parametrize("per_second", [4, 5, 8, 20, 50, 200])
def test_fast_polling_takes_at_most_a_quarter_of_the_request_limit(per_second):
    assert 1 / interval_s(watched=True, live=True, per_second=per_second) <= max(1, per_second / 4)


class Wristwatch:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def at() -> Wristwatch:
    return Wristwatch()


@pytest.fixture
def pace(at: Wristwatch, cloud: Client, transactional_db: None) -> Pace:
    return Pace(per_second=20, monotonic=at)


@pytest.fixture
def live(sim: RunningSimulator, poller: Poller) -> None:
    sim.make_room("r1", state=1)
    sim.room("r1", "enter", userUuid="p1", userName="Ada")
    poller.poll()
    tasks.project_due()


def test_idle_installation_asks_every_five_seconds(pace: Pace) -> None:
    assert pace.interval_s() == IDLE_S


@pytest.mark.usefixtures("live")
def test_live_class_that_nobody_watches_is_asked_every_second(pace: Pace) -> None:
    assert pace.interval_s() == NORMAL_S


@pytest.mark.usefixtures("live")
def test_open_page_in_another_process_makes_polling_fast_until_it_is_closed(
    pace: Pace, at: Wristwatch
) -> None:
    polling_pace.tell_of_open_pages()
    pace.interval_s()
    for _ in range(3):
        at.now += polling_pace.TELL_EVERY_S
        polling_pace.tell_of_open_pages()
        assert pace.interval_s() == FAST_S
    at.now += WATCHED_FOR_S - 0.1
    assert pace.interval_s() == FAST_S, "one late sign does not slow it"
    at.now += 0.2
    assert pace.interval_s() == NORMAL_S


def test_old_sign_of_a_stopped_process_does_not_count(pace: Pace, at: Wristwatch) -> None:
    polling_pace.tell_of_open_pages()
    assert pace.interval_s() == IDLE_S
    at.now += 1
    assert pace.interval_s() == IDLE_S


def test_open_page_without_a_live_class_is_asked_every_second(pace: Pace, at: Wristwatch) -> None:
    pace.interval_s()
    polling_pace.tell_of_open_pages()
    at.now += 1
    assert pace.interval_s() == NORMAL_S


def test_beat_of_an_idle_installation_asks_the_cloud_at_most_once_in_five_seconds(
    sim: RunningSimulator, cloud: Client, transactional_db: None, settings: Any
) -> None:
    settings.AGORA_POLL_SECONDS = None
    at = poller_of_the_task().pace._monotonic = Wristwatch()
    asked = polls_of(sim)
    for _second in range(20):
        tasks.poll()
        at.now += 1
    assert polls_of(sim) - asked == 4


@pytest.mark.usefixtures("sim", "cloud", "transactional_db")
def test_idle_process_notices_within_two_seconds_that_the_lease_has_ended(
    settings: Any, hands: SteppedClock
) -> None:
    settings.AGORA_POLL_SECONDS = None
    poller = poller_of_the_task()
    at = poller.pace._monotonic = Wristwatch()
    gone = lease.Owner(host="another machine", pid=1, started="1")
    held = lease.take(app_id=poller.app_id, owner=gone, watch=lease.Watch())
    assert held is not None
    tasks.poll()
    lease.renew(held)  # then that machine disappears
    seconds = 0
    while Lease.objects.get(app_id=poller.app_id).owner == str(gone):
        at.now += 1
        hands.step(1)
        seconds += 1
        tasks.poll()
        assert seconds <= lease.LEASE_S + 2


def test_fixed_interval_asks_at_every_beat(
    sim: RunningSimulator, cloud: Client, transactional_db: None, settings: Any
) -> None:
    settings.AGORA_POLL_SECONDS = 1.0
    asked = polls_of(sim)
    for _second in range(3):
        tasks.poll()
    assert polls_of(sim) - asked == 3


@pytest.fixture
def watched(live: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live class, and a page that is always open."""
    settings.AGORA_POLL_SECONDS = None
    monkeypatch.setattr(Pace, "interval_s", lambda self: FAST_S)


@pytest.mark.usefixtures("watched")
def test_one_task_of_a_watched_class_polls_fast_within_the_budget(
    sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FAST_POLLING_S", 1.0)
    asked, began = polls_of(sim), time.monotonic()
    tasks.poll()
    tasks.poll()
    assert polls_of(sim) - asked <= 10 + 2, "ten cycles; once a second one of them reads to the end"
    assert time.monotonic() - began >= 9 * FAST_S


@pytest.mark.usefixtures("watched")
def test_message_that_comes_during_fast_polling_lets_the_task_go_on_without_a_pause(
    sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FAST_POLLING_S", 1.0)
    asked, busy = polls_of(sim), poller_of_the_task().pace.busy
    task = threading.Thread(target=polling_until_shown, daemon=True)
    task.start()
    began = time.monotonic()
    while not busy.locked():
        assert time.monotonic() - began < DEADLINE_S
    tasks.poll()
    assert busy.locked(), "this call did not wait"
    task.join(DEADLINE_S)
    assert not task.is_alive()
    assert polls_of(sim) - asked >= 2 * 5


@pytest.mark.usefixtures("watched")
def test_task_ends_although_messages_keep_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FAST_POLLING_S", 0.2)
    monkeypatch.setattr(tasks, "LONGEST_TASK_S", 1.0)
    assert not tasks.poll.acks_late  # RabbitMQ would end the worker if this waited for the end of the task
    task = threading.Thread(target=polling_until_shown, daemon=True)
    task.start()
    busy, began = poller_of_the_task().pace.busy, time.monotonic()
    while task.is_alive():
        assert time.monotonic() - began < DEADLINE_S
        if busy.locked():
            poller_of_the_task().pace.called = True


@pytest.mark.usefixtures("watched")
def test_event_of_a_watched_class_is_shown_while_the_task_still_polls(sim: RunningSimulator) -> None:
    task = threading.Thread(target=polling_until_shown, daemon=True)
    task.start()
    sim.room("r1", "chat", userUuid="p1", message="hello")
    began = time.monotonic()
    while not ChatMessage.objects.filter(text="hello").exists():
        assert time.monotonic() - began < DEADLINE_S
        threading.Event().wait(0.005)
    task.join(DEADLINE_S)
    assert not task.is_alive()
    assert_all_stored_once(sim)


def polling_until_shown() -> None:
    from django.db import connection

    tasks.poll()
    connection.close()


def test_fast_cycle_stops_after_few_events_and_reads_to_the_end_once_a_second(
    sim: RunningSimulator, poller: Poller, live: None
) -> None:
    poller.poll(fast=True)
    asked = polls_of(sim)
    sim.room("r1", "chat", userUuid="p1", message="one")
    poller.poll(fast=True)
    assert polls_of(sim) - asked == 1
    poller._drained_at -= 1.0
    sim.room("r1", "chat", userUuid="p1", message="two")
    poller.poll(fast=True)
    assert polls_of(sim) - asked == 3


def test_fast_cycles_renew_the_lease_once_a_second(sim: RunningSimulator, poller: Poller, live: None) -> None:
    poller.poll(fast=True)
    beats = Lease.objects.get(app_id=poller.app_id).beats
    for _ in range(5):
        poller.poll(fast=True)
    assert Lease.objects.get(app_id=poller.app_id).beats <= beats + 1
    poller._well_at -= 1.0
    poller.poll(fast=True)
    assert Lease.objects.get(app_id=poller.app_id).beats > beats


def poller_of_the_task() -> Poller:
    client = tasks.client()
    assert client is not None
    return poller_for(client)


def polls_of(sim: RunningSimulator) -> int:
    return sim.do(lambda _world: sim.cloud.requests)
