"""One command for many classes: planned, carried out once each, taken up after a crash, tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from classroom_admin import agora
from classroom_admin.actions.bulk import carrying, runs, tasks
from classroom_admin.actions.bulk.models import BulkItem, BulkRun
from classroom_admin.actions.bulk.plan import What, plan
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.celery import app
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import background
from classroom_admin.sync.polling import Poller
from tests.actions.conftest import School, config_for, kinds
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, running_cloud

pytestmark = pytest.mark.django_db(transaction=True)
LONG_S = 60.0
MakeClasses = Callable[..., list[Room]]


@pytest.fixture
def classes(sim: RunningSimulator, school: School) -> MakeClasses:
    """``classes(3)``: so many running classes of the teacher, here and at the cloud."""

    def make(count: int, *, state: int = RoomState.STARTED) -> list[Room]:
        made = []
        for number in range(count):
            room_uuid = f"bulk {uuid4().hex[:12]}"
            sim.make_room(room_uuid, roomName=f"Class {number}", state=int(state))
            room = Room.objects.create(room_uuid=room_uuid, name=f"Class {number:02}", state=state)
            room.teachers.create(user=school.teacher)
            made.append(room)
        return made

    return make


@pytest.fixture
def truth(sim: RunningSimulator) -> Callable[[Room], dict[str, Any]]:
    return lambda room: sim.oracle(room=room.room_uuid)["rooms"][0]


def make(school: School, rooms: list[Room], what: str = "end", **more: Any) -> BulkRun:
    settings = {"actor": school.teacher, "token": uuid4().hex} | more
    return runs.make(what=what, keys=[room.key for room in rooms], **settings)


def states(run: BulkRun) -> list[str]:
    return list(run.items.order_by("room__name", "pk").values_list("state", flat=True))


# --- the plan ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "columns", "skip"),
    [
        ("end", {"state": 1}, ""),
        ("end", {"state": 0}, "not_started"),
        ("end", {"state": None}, "not_started"),
        ("end", {"state": 2}, "ended"),
        ("end", {"state": 3}, "closed"),
        ("close", {"state": 0}, ""),
        ("close", {"state": 1}, ""),
        ("close", {"state": 2}, ""),
        ("close", {"state": 3}, "closed"),
        ("record", {"state": 1}, ""),
        ("record", {"state": 1, "recording_state": "failed"}, ""),
        ("record", {"state": 1, "recording_state": "recording"}, "recording"),
        ("record", {"state": 0}, "not_running"),
        ("record", {"state": 2}, "not_running"),
        ("close", {"state": 1, "gone_at": clock.from_ms(0)}, "gone"),
    ],
)
def test_what_it_means_for_a_class(what: str, columns: dict[str, Any], skip: str) -> None:
    told = plan(what, Room(name="Choir", **columns))
    assert told.skip == skip
    assert told.words


def test_the_preview_leaves_out_the_classes_of_others(school: School, classes: MakeClasses) -> None:
    rooms = classes(2)
    foreign = Room.objects.create(room_uuid="foreign", name="Foreign", state=1)
    keys = [room.key for room in [*rooms, foreign]]
    planned = runs.preview(actor=school.teacher, what="end", keys=keys)
    assert [each.room for each in planned] == rooms
    assert len(runs.preview(actor=school.administrator, what="end", keys=keys)) == 3


@pytest.mark.parametrize(("what", "count"), [("end", 0), ("start", 1), ("", 1)])
def test_what_makes_no_sense_is_refused(school: School, what: str, count: int) -> None:
    with pytest.raises(ActionRefused):
        runs.preview(actor=school.teacher, what=what, keys=[school.room.key] * count)
    assert not BulkRun.objects.exists()


# --- carrying out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "action", "sees"),
    [
        (What.END, "class.end", lambda cloud: cloud["state"] == 2),
        (What.CLOSE, "class.close", lambda cloud: cloud["state"] == 3),
        (What.RECORD, "recording.start", lambda cloud: bool(cloud["recordings"])),
    ],
)
def test_each_class_gets_its_command_on_record(
    school: School, classes: MakeClasses, truth: Any, what: str, action: str, sees: Any
) -> None:
    rooms = classes(3)
    run = make(school, rooms, what)
    assert carrying.work(run.pk, within_s=LONG_S) is False
    assert states(run) == ["done"] * 3
    for item in run.items.select_related("entry", "room"):
        assert (item.entry.action, item.entry.actor) == (action, school.teacher)
        assert item.entry.room_uuid == item.room.room_uuid
        assert sees(truth(item.room))
    run.refresh_from_db()
    assert run.finished_at is not None


def test_what_there_is_nothing_to_do_for_is_skipped_and_says_why(
    school: School, classes: MakeClasses
) -> None:
    rooms = [*classes(1), *classes(1, state=RoomState.ENDED)]
    run = make(school, rooms)
    assert sorted(states(run)) == ["skipped", "waiting"]
    carrying.work(run.pk, within_s=LONG_S)
    assert sorted(states(run)) == ["done", "skipped"]
    assert run.items.get(state="skipped").skip == "ended"
    assert Entry.objects.count() == 1


def test_a_run_with_nothing_to_do_is_finished_at_once(school: School, classes: MakeClasses) -> None:
    assert make(school, classes(1, state=RoomState.CLOSED)).finished_at is not None


def test_a_class_that_ended_meanwhile_is_left_alone(school: School, classes: MakeClasses) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    Room.objects.filter(pk=room.pk).update(state=RoomState.ENDED)
    carrying.work(run.pk, within_s=LONG_S)
    assert states(run) == ["skipped"]
    assert not Entry.objects.exists()


def test_a_class_that_is_taken_away_meanwhile_is_not_touched(
    school: School, classes: MakeClasses, truth: Any
) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    room.teachers.all().delete()
    carrying.work(run.pk, within_s=LONG_S)
    item = run.items.get()
    assert (item.state, item.entry) == ("failed", None)
    assert "not yours" in item.reason
    assert truth(room)["state"] == 1


def test_the_same_form_sent_twice_makes_one_run(school: School, classes: MakeClasses) -> None:
    rooms = classes(2)
    first = make(school, rooms, token="of the form")
    assert make(school, rooms, token="of the form") == first
    assert BulkItem.objects.count() == 2


def test_the_form_of_somebody_else_makes_no_run(school: School, classes: MakeClasses) -> None:
    rooms = classes(1)
    make(school, rooms, token="of the form")
    with pytest.raises(ActionRefused, match="used already"):
        make(school, rooms, token="of the form", actor=school.administrator)


def test_many_workers_send_each_command_once(school: School, classes: MakeClasses, settings: Any) -> None:
    rooms = classes(8)
    run = make(school, rooms)
    barrier = threading.Barrier(4)
    with running_cloud(answer()) as cloud:
        settings.AGORA = config_for(cloud.url, app_id=APP_ID, app_certificate=CERTIFICATE)

        def worker() -> None:
            try:
                barrier.wait(10)
                carrying.work(run.pk, within_s=LONG_S)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=worker) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        agora.client_for(settings.AGORA).close()
    assert states(run) == ["done"] * 8
    assert len(cloud.asked) == 8
    assert Entry.objects.filter(action="class.end").count() == 8
    run.refresh_from_db()
    assert run.finished_at is not None


# --- messages are hints -----------------------------------------------------------------------------------


def test_without_a_broker_the_beat_makes_it_good(
    school: School, classes: MakeClasses, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.conf, "broker_url", f"redis+socket://{tmp_path}/nobody.sock")
    run = make(school, classes(2))
    tasks.begin(run.pk)
    assert states(run) == ["waiting"] * 2
    tasks.due()
    assert states(run) == ["done"] * 2
    tasks.due()  # doubled and late ones change nothing
    tasks.work(run.pk)
    tasks.work(999_999)
    assert Entry.objects.count() == 2


def test_a_task_gives_the_worker_back_and_the_next_goes_on(school: School, classes: MakeClasses) -> None:
    run = make(school, classes(3))
    assert carrying.work(run.pk, within_s=0) is True
    assert sorted(states(run)) == ["done", "waiting", "waiting"]
    assert carrying.work(run.pk, within_s=0) is True
    assert carrying.work(run.pk, within_s=0) is False


def test_what_a_dead_worker_left_is_taken_up(school: School, classes: MakeClasses, truth: Any) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    taken = carrying._take(run)  # and here it is killed
    assert taken is not None
    carrying.work(run.pk, within_s=LONG_S)
    assert states(run) == ["running"]
    with clock.use(clock.SteppedClock(clock.now() + carrying.LEASE)):
        tasks.due()
    assert states(run) == ["done"]
    assert truth(room)["state"] == 2
    # should the first have been alive after all, its word does not count any more
    carrying._settle(taken, "failed")
    assert states(run) == ["done"]


def test_what_was_sent_before_the_worker_died_is_done_not_skipped(
    school: School, classes: MakeClasses
) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    taken = carrying._take(run)
    entry = carrying.COMMANDS[run.what](school.teacher, taken.room)
    Room.objects.filter(pk=room.pk).update(state=RoomState.ENDED)  # the event was folded
    with clock.use(clock.SteppedClock(clock.now() + carrying.LEASE)):
        carrying.work(run.pk, within_s=LONG_S)
    item = run.items.get()
    assert (item.state, item.entry) == ("done", entry)
    assert Entry.objects.count() == 1


# --- tried again ------------------------------------------------------------------------------------------


def test_what_failed_is_tried_again_and_nothing_else(
    school: School, sim: RunningSimulator, classes: MakeClasses, truth: Any
) -> None:
    rooms = classes(2)
    with clock.use(clock.SteppedClock(clock.now())) as stepped:
        run = make(school, rooms)
        sim.fault("too_many", route="set_class_state", params={"retryAfter": 30}, count=1)
        carrying.work(run.pk, within_s=LONG_S)
        assert states(run) == ["failed", "done"]
        failed = run.items.get(state="failed")
        assert kinds(failed.entry) == ["requested", "failed"]
        stepped.step(1)
        assert runs.retry(actor=school.teacher, run=run) == 1
        run.refresh_from_db()
        assert run.finished_at is None
        stepped.step(60)
        carrying.work(run.pk, within_s=LONG_S)
    assert states(run) == ["done", "done"]
    assert [truth(room)["state"] for room in rooms] == [2, 2]
    assert Entry.objects.count() == 3
    assert runs.retry(actor=school.teacher, run=run) == 0


def test_only_who_made_the_run_has_it_tried_again(school: School, classes: MakeClasses) -> None:
    run = make(school, classes(1))
    with pytest.raises(ActionRefused):
        runs.retry(actor=school.administrator, run=run)


def test_what_failed_by_a_lost_answer_and_was_confirmed_is_not_tried_again(
    school: School, sim: RunningSimulator, classes: MakeClasses, settings: Any
) -> None:
    rooms = classes(1)
    poller = Poller(agora.client_for(settings.AGORA))
    poller.poll()
    run = make(school, rooms)
    sim.fault("lose_answer", route="set_class_state", count=3)
    carrying.work(run.pk, within_s=LONG_S)
    assert states(run) == ["failed"]
    sim.clear_faults()
    poller.poll()
    background.project_due(within_s=20)
    assert kinds(run.items.get().entry)[-1] == "confirmed"
    assert runs.retry(actor=school.teacher, run=run) == 0


def test_a_run_is_confirmed_by_the_events_of_the_classes(
    school: School, classes: MakeClasses, settings: Any
) -> None:
    poller = Poller(agora.client_for(settings.AGORA))
    rooms = classes(3)
    poller.poll()
    background.project_due(within_s=20)
    run = make(school, rooms)
    carrying.work(run.pk, within_s=LONG_S)
    poller.poll()
    background.project_due(within_s=20)
    for item in run.items.select_related("entry"):
        assert kinds(item.entry) == ["requested", "accepted", "confirmed"]
    assert set(Room.objects.filter(pk__in=[room.pk for room in rooms]).values_list("state", flat=True)) == {2}


def test_the_beat_knows_the_task(settings: Any) -> None:
    assert settings.CELERY_BEAT_SCHEDULE["actions.bulk_due"]["task"] == tasks.due.name
    assert timedelta(seconds=tasks.WORK_S) < carrying.LEASE
