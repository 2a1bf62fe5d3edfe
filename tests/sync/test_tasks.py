"""Messages are wake-ups: lost, doubled or late ones cost time and nothing else. (Invariant 9.)"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings

from classroom_admin.agora.client import Client
from classroom_admin.agora.event_calls import PollEvents
from classroom_admin.celery import app
from classroom_admin.common import clock
from classroom_admin.rooms.models import ChatMessage
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import inbox, polling, projector, tasks
from classroom_admin.sync.models import RoomCursor, StoredEvent
from tests.stepped_clock import SteppedClock, use
from tests.sync.comparison import assert_all_stored_once, assert_rooms_match
from tests.sync.conftest import room

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_broker(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is away."""
    monkeypatch.setattr(app.conf, "broker_url", f"redis+socket://{tmp_path}/nobody.sock")


def lesson(sim: RunningSimulator) -> None:
    sim.make_room("r1", roomName="One", state=1)
    sim.room("r1", "enter", userUuid="p1", userName="Ada")
    sim.room("r1", "chat", userUuid="p1", message="hello")


def test_the_poll_task_shows_a_small_backlog_at_once(sim: RunningSimulator, cloud: Client) -> None:
    lesson(sim)
    tasks.poll()
    assert ChatMessage.objects.get().text == "hello"
    assert RoomCursor.objects.filter(project_due_at__isnull=False).count() == 0


@pytest.mark.usefixtures("no_broker")
def test_without_a_broker_the_beat_makes_good_what_was_not_hinted_at(
    sim: RunningSimulator, cloud: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PROJECT_IN_POLL_S", 0.0)
    lesson(sim)
    tasks.poll()
    assert StoredEvent.objects.count() == 3
    assert not ChatMessage.objects.exists()
    tasks.project_due()
    assert ChatMessage.objects.get().text == "hello"


def test_doubled_and_late_wake_ups_change_nothing(sim: RunningSimulator, cloud: Client) -> None:
    lesson(sim)
    tasks.poll()
    here = room("r1")
    for _message in range(3):
        tasks.project_room(here.pk)
        tasks.project_due()
    assert room("r1").version == here.version
    assert projector.project_again(here.pk).rows == 0


def test_a_reader_that_died_between_commit_and_reading_is_made_good_by_the_beat(
    sim: RunningSimulator, cloud: Client
) -> None:
    lesson(sim)
    inbox.keep(cloud.send(PollEvents()), source=inbox.InboxAnswer.Source.POLL)
    with use(SteppedClock(clock.now())) as stepped:
        stepped.step(6)
        tasks.project_due()
    assert_all_stored_once(sim)
    assert ChatMessage.objects.get().text == "hello"


def test_beats_alone_bring_everything_up_to_date(sim: RunningSimulator, cloud: Client) -> None:
    lesson(sim)
    sim.room("r1", "enter", userUuid="t1", userName="Teacher", role=1)
    sim.room("r1", "quiz", userUuid="t1", items=["A", "B"], correctItems=["A"])
    with use(SteppedClock(clock.now())) as stepped:
        for _second in range(8):
            for entry in django_settings.CELERY_BEAT_SCHEDULE.values():
                if entry["task"].startswith("sync."):
                    app.tasks[entry["task"]]()
            stepped.step(1)
    assert_all_stored_once(sim)
    assert_rooms_match(sim)


def test_the_beat_knows_only_tasks_that_there_are() -> None:
    app.loader.import_default_modules()  # as a worker does when it starts
    scheduled = {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(app.tasks)
    assert all(entry["options"]["expires"] > 0 for entry in django_settings.CELERY_BEAT_SCHEDULE.values())
    queue = app.amqp.router.route({}, "sync.poll")["queue"]
    assert queue.name == "poll"


def test_one_cycle_at_a_time_in_a_process(sim: RunningSimulator, cloud: Client) -> None:
    poller = polling.poller_for(cloud)
    assert poller._busy.acquire(blocking=False)
    try:
        assert poller.poll() is None
    finally:
        poller._busy.release()
    assert poller.poll() is not None


def test_without_a_cloud_the_tasks_rest(settings: Any) -> None:
    settings.AGORA = type(settings.AGORA)(region="na")
    tasks.poll()
    assert tasks.reconcile() is None
    assert tasks.fill_gaps() is None
    assert tasks.refresh_rooms() is None
