"""One command for many classes: planned, carried out once each, taken up after a crash, tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from classroom_admin import agora
from classroom_admin.actions import bulk, class_state, recordings, scheduled, tasks
from classroom_admin.actions.bulk import plan
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import BulkAction, BulkRun, Capability, ScheduledCommand
from classroom_admin.audit.models import Entry
from classroom_admin.celery import app
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Recording, Room, RoomState
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import tasks as sync_tasks
from classroom_admin.sync.polling import Poller
from tests.actions.conftest import School, config_for, kinds, run_due
from tests.agora.cloud import APP_ID, CERTIFICATE, answer, running_cloud
from tests.stepped_clock import SteppedClock, use

pytestmark = pytest.mark.django_db(transaction=True)
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
    return bulk.start(what=what, keys=[room.key for room in rooms], **settings)


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
        ("end_all", {"state": 1, "recording_state": "recording"}, ""),
        ("end_all", {"state": 2, "recording_state": "recording"}, "ended"),
        ("record", {"state": 1}, ""),
        ("record", {"state": 1, "recording_state": "failed"}, ""),
        ("record", {"state": 1, "recording_state": "recording"}, "recording"),
        ("record", {"state": 0}, "not_running"),
        ("record", {"state": 2}, "not_running"),
        ("close", {"state": 1, "gone_at": clock.from_ms(0)}, "gone"),
    ],
)
def test_plan_says_what_happens_to_a_class_or_why_nothing_does(
    what: str, columns: dict[str, Any], skip: str
) -> None:
    told = plan(what, Room(name="Choir", **columns))
    assert told.skip == skip
    assert told.words


def test_preview_leaves_out_classes_of_others(school: School, classes: MakeClasses) -> None:
    rooms = classes(2)
    foreign = Room.objects.create(room_uuid="foreign", name="Foreign", state=1)
    keys = [room.key for room in [*rooms, foreign]]
    planned = bulk.preview(actor=school.teacher, what="end", keys=keys)
    assert [each.room for each in planned] == rooms
    assert len(bulk.preview(actor=school.administrator, what="end", keys=keys)) == 3


@pytest.mark.parametrize(("what", "count"), [("end", 0), ("start", 1), ("", 1)])
def test_preview_refuses_no_classes_and_unknown_commands(school: School, what: str, count: int) -> None:
    with pytest.raises(ActionRefused):
        bulk.preview(actor=school.teacher, what=what, keys=[school.room.key] * count)
    assert not BulkRun.objects.exists()


# --- carrying out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "action", "sees"),
    [
        (BulkAction.END, "class.end", lambda cloud: cloud["state"] == 2),
        (BulkAction.CLOSE, "class.close", lambda cloud: cloud["state"] == 3),
        (BulkAction.RECORD, "recording.start", lambda cloud: bool(cloud["recordings"])),
    ],
)
def test_each_class_gets_a_recorded_command(
    school: School, classes: MakeClasses, truth: Any, what: str, action: str, sees: Any
) -> None:
    rooms = classes(3)
    run = make(school, rooms, what)
    assert run_due() == 3
    assert states(run) == ["done"] * 3
    for item in run.items.select_related("entry", "room"):
        assert (item.entry.action, item.entry.actor) == (action, school.teacher)
        assert item.entry.room_uuid == item.room.room_uuid
        assert sees(truth(item.room))


def recorded(school: School, rooms: list[Room]) -> None:
    for room in rooms:
        recordings.start_recording(access_to(school.teacher, room))
        Room.objects.filter(pk=room.pk).update(recording_state=Recording.State.RECORDING)


def test_classes_end_and_their_recordings_stop(school: School, classes: MakeClasses, truth: Any) -> None:
    rooms = classes(2)
    recorded(school, rooms[:1])
    run = make(school, rooms, BulkAction.END_ALL)
    run_due()
    assert states(run) == ["done", "done"]
    assert [truth(room)["state"] for room in rooms] == [2, 2]
    assert truth(rooms[0])["recordings"][0]["status"] == 2
    assert [item.payload for item in run.items.order_by("position")] == [{"stopped": True}, {}]
    assert set(Entry.objects.values_list("action", "room_uuid")) == {
        ("recording.start", rooms[0].room_uuid),
        ("class.end", rooms[0].room_uuid),
        ("recording.stop", rooms[0].room_uuid),
        ("class.end", rooms[1].room_uuid),
    }


def test_retry_stops_the_recording_of_a_class_that_has_ended(
    school: School, classes: MakeClasses, truth: Any, sim: RunningSimulator
) -> None:
    (room,) = classes(1)
    recorded(school, [room])
    run = make(school, [room], BulkAction.END_ALL)
    sim.fault("too_many", route="set_recording", params={"retryAfter": 30}, count=1)
    with use(SteppedClock(clock.now())) as stepped:
        run_due()
        assert states(run) == ["failed"]
        assert (truth(room)["state"], truth(room)["recordings"][0]["status"]) == (2, 1)
        Room.objects.filter(pk=room.pk).update(state=RoomState.ENDED)
        stepped.step(60)
        assert bulk.retry(actor=school.teacher, run=run) == 1
        run_due()
    assert states(run) == ["done"]
    assert truth(room)["recordings"][0]["status"] == 2
    assert Entry.objects.filter(action="class.end").count() == 1


def test_class_with_nothing_to_do_is_skipped_with_the_reason(school: School, classes: MakeClasses) -> None:
    rooms = [*classes(1), *classes(1, state=RoomState.ENDED)]
    run = make(school, rooms)
    assert sorted(states(run)) == ["cancelled", "waiting"]
    run_due()
    assert sorted(states(run)) == ["cancelled", "done"]
    assert run.items.get(state="cancelled").payload == {"skip": "ended"}
    assert Entry.objects.count() == 1


def test_run_with_nothing_to_do_has_nothing_due(school: School, classes: MakeClasses) -> None:
    assert states(make(school, classes(1, state=RoomState.CLOSED))) == ["cancelled"]
    assert run_due() == 0


def test_class_that_ended_meanwhile_gets_no_command(school: School, classes: MakeClasses) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    Room.objects.filter(pk=room.pk).update(state=RoomState.ENDED)
    run_due()
    assert states(run) == ["cancelled"]
    assert not Entry.objects.exists()


def test_class_that_is_no_longer_theirs_gets_no_command(
    school: School, classes: MakeClasses, truth: Any
) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    room.teachers.all().delete()
    run_due()
    item = run.items.get()
    assert (item.state, item.entry) == ("failed", None)
    assert item.problem == {"code": "class_not_yours", "params": {}}
    assert truth(room)["state"] == 1


def test_same_form_sent_twice_starts_one_run(school: School, classes: MakeClasses) -> None:
    rooms = classes(2)
    first = make(school, rooms, token="of the form")
    assert make(school, rooms, token="of the form") == first
    assert ScheduledCommand.objects.count() == 2


def test_form_of_another_person_starts_no_run(school: School, classes: MakeClasses) -> None:
    rooms = classes(1)
    make(school, rooms, token="of the form")
    with pytest.raises(ActionRefused, match="already been used"):
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
                run_due()
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


# --- messages are wake-ups ----------------------------------------------------------------------------------


def test_beat_runs_a_run_without_a_broker(
    school: School, classes: MakeClasses, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.conf, "broker_url", f"redis+socket://{tmp_path}/nobody.sock")
    run = make(school, classes(2))
    assert states(run) == ["waiting"] * 2
    tasks.run_long()
    assert states(run) == ["done"] * 2
    tasks.run_long()  # doubled and late ones change nothing
    tasks.run_long(run.items.first().pk)
    tasks.run_long(999_999)
    assert Entry.objects.count() == 2


def test_work_stops_when_its_time_is_up_and_says_that_more_is_due(
    school: School, classes: MakeClasses
) -> None:
    run = make(school, classes(3))
    assert scheduled.work(scheduled.LONG, within_s=0) is True
    assert sorted(states(run)) == ["done", "waiting", "waiting"]
    assert scheduled.work(scheduled.LONG, within_s=0) is True
    assert scheduled.work(scheduled.LONG, within_s=0) is False


def test_another_worker_takes_over_after_the_lease(school: School, classes: MakeClasses, truth: Any) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    taken = scheduled.claim(scheduled.LONG)  # and here it is killed
    assert taken is not None
    run_due()
    assert states(run) == ["claimed"]
    with use(SteppedClock(clock.now() + scheduled.LEASE)):
        tasks.run_long()
    assert states(run) == ["done"]
    assert truth(room)["state"] == 2
    # should the first have been alive after all, its outcome does not count any more
    assert not scheduled.settle(taken, scheduled.Outcome(state=scheduled.State.FAILED))
    assert states(run) == ["done"]


def test_item_sent_by_a_dead_worker_is_done_not_skipped(school: School, classes: MakeClasses) -> None:
    (room,) = classes(1)
    run = make(school, [room])
    taken = scheduled.claim(scheduled.LONG)
    assert taken is not None
    entry = class_state.end_class(access_to(school.teacher, taken.room))
    Room.objects.filter(pk=room.pk).update(state=RoomState.ENDED)  # the event was projected
    with use(SteppedClock(clock.now() + scheduled.LEASE)):
        run_due()
    item = run.items.get()
    assert (item.state, item.entry) == ("done", entry)
    assert Entry.objects.count() == 1


# --- tried again ------------------------------------------------------------------------------------------


def test_retry_runs_failed_items_only(
    school: School, sim: RunningSimulator, classes: MakeClasses, truth: Any
) -> None:
    rooms = classes(2)
    with use(SteppedClock(clock.now())) as stepped:
        run = make(school, rooms)
        sim.fault("too_many", route="set_class_state", params={"retryAfter": 30}, count=1)
        run_due()
        assert states(run) == ["failed", "done"]
        failed = run.items.get(state="failed")
        assert kinds(failed.entry) == ["requested", "failed"]
        stepped.step(1)
        assert bulk.retry(actor=school.teacher, run=run) == 1
        assert states(run) == ["waiting", "done"]
        stepped.step(60)
        run_due()
    assert states(run) == ["done", "done"]
    assert [truth(room)["state"] for room in rooms] == [2, 2]
    assert Entry.objects.count() == 3
    assert bulk.retry(actor=school.teacher, run=run) == 0


def test_only_the_person_who_started_a_run_can_retry_it(school: School, classes: MakeClasses) -> None:
    run = make(school, classes(1))
    with pytest.raises(ActionRefused):
        bulk.retry(actor=school.administrator, run=run)


def test_retry_leaves_out_items_confirmed_after_a_lost_answer(
    school: School, sim: RunningSimulator, classes: MakeClasses, settings: Any
) -> None:
    rooms = classes(1)
    poller = Poller(agora.client_for(settings.AGORA))
    poller.poll()
    run = make(school, rooms)
    sim.fault("lose_answer", route="set_class_state", count=3)
    run_due()
    assert states(run) == ["failed"]
    sim.clear_faults()
    poller.poll()
    sync_tasks.project_waiting(within_s=20)
    assert kinds(run.items.get().entry)[-1] == "confirmed"
    assert bulk.retry(actor=school.teacher, run=run) == 0


def test_events_confirm_the_items_of_a_run(school: School, classes: MakeClasses, settings: Any) -> None:
    poller = Poller(agora.client_for(settings.AGORA))
    rooms = classes(3)
    poller.poll()
    sync_tasks.project_waiting(within_s=20)
    run = make(school, rooms)
    run_due()
    poller.poll()
    sync_tasks.project_waiting(within_s=20)
    for item in run.items.select_related("entry"):
        assert kinds(item.entry) == ["requested", "accepted", "confirmed"]
    assert set(Room.objects.filter(pk__in=[room.pk for room in rooms]).values_list("state", flat=True)) == {2}


# --- announcements and muting -----------------------------------------------------------------------------


def test_an_announcement_reaches_each_live_class(
    school: School, classes: MakeClasses, sim: RunningSimulator
) -> None:
    rooms = classes(2)
    ended = classes(1, state=RoomState.ENDED)
    Room.objects.create(room_uuid="foreign", name="Foreign", state=RoomState.STARTED)
    keys = bulk.live_keys(school.teacher)
    assert set(keys) == {room.key for room in rooms}
    run = make(school, [*rooms, *ended], BulkAction.ANNOUNCE, text="Fire drill at ten")
    assert run_due() == 2
    assert sorted(states(run)) == ["cancelled", "done", "done"]
    for room in rooms:
        (said,) = sim.oracle(room=room.room_uuid, events=0)["rooms"][0]["announcements"]
        assert said["msg"] == "Fire drill at ten"
    entries = Entry.objects.filter(action="chat.announce")
    assert {(entry.room_uuid, entry.params["text"]) for entry in entries} == {
        (room.room_uuid, "Fire drill at ten") for room in rooms
    }


def test_an_announcement_to_all_leaves_no_live_class_out(
    school: School, classes: MakeClasses, sim: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 1)
    monkeypatch.setattr(bulk, "MOST_ANNOUNCED", 2)
    classes(2)
    planned = bulk.preview(
        actor=school.teacher, what=BulkAction.ANNOUNCE, keys=bulk.live_keys(school.teacher)
    )
    assert len(planned) == 2, "more classes than other bulk actions take"
    classes(1)
    with pytest.raises(ActionRefused, match="at most 2 classes"):
        bulk.preview(actor=school.teacher, what=BulkAction.ANNOUNCE, keys=bulk.live_keys(school.teacher))


def test_an_announcement_is_not_sent_twice_after_a_crash(
    school: School, classes: MakeClasses, sim: RunningSimulator
) -> None:
    (room,) = classes(1)
    run = make(school, [room], BulkAction.ANNOUNCE, text="Once")
    run_due()
    run.items.update(state="claimed", entry=None, claimable_at=clock.now())
    run_due()
    assert states(run) == ["done"]
    assert len(sim.oracle(room=room.room_uuid, events=0)["rooms"][0]["announcements"]) == 1


@pytest.mark.odd_answers
def test_a_failed_announcement_is_sent_again_on_request(
    school: School, classes: MakeClasses, sim: RunningSimulator
) -> None:
    (room,) = classes(1)
    run = make(school, [room], BulkAction.ANNOUNCE, text="Again")
    sim.fault("refused", route="announce", params={"status": 409, "code": 20409000})
    run_due()
    assert states(run) == ["failed"]
    sim.clear_faults()
    with use(SteppedClock(clock.now())) as stepped:
        stepped.step(60)
        assert bulk.retry(actor=school.teacher, run=run) == 1
        run_due()
    assert states(run) == ["done"]
    assert len(sim.oracle(room=room.room_uuid, events=0)["rooms"][0]["announcements"]) == 1


@pytest.mark.parametrize(
    ("text", "code"), [("", "text_empty"), (" ", "text_empty"), ("x" * 1001, "text_too_long")]
)
def test_an_announcement_needs_a_text(school: School, classes: MakeClasses, text: str, code: str) -> None:
    rooms = classes(1)
    with pytest.raises(ActionRefused) as refused:
        make(school, rooms, BulkAction.ANNOUNCE, text=text)
    assert refused.value.problem.code == code
    assert not BulkRun.objects.exists()


def test_microphones_are_muted_in_classes_that_have_some(
    school: School, classes: MakeClasses, sim: RunningSimulator
) -> None:
    loud, quiet = classes(2)
    for user in ("ada", "ben"):
        sim.room(loud.room_uuid, "enter", userUuid=user, userName=user, stream=True)
        on = {"videoState": 1, "audioState": 1}
        sim.room(loud.room_uuid, "stream", userUuid=user, streamUuid=f"stream of {user}", **on)
    Poller(agora.client_for(settings_agora())).poll()
    sync_tasks.project_waiting(within_s=20)
    loud.refresh_from_db()
    planned = {
        each.room: each
        for each in bulk.preview(actor=school.teacher, what="mute", keys=[loud.key, quiet.key])
    }
    assert planned[loud].words == "Mutes the microphones of 2 students."
    assert planned[quiet].skip == "no_microphones"
    run = make(school, [loud, quiet], BulkAction.MUTE)
    assert run_due() == 1
    assert sorted(states(run)) == ["cancelled", "done"]
    users = sim.oracle(room=loud.room_uuid, events=0)["rooms"][0]["users"]
    assert {stream["audioState"] for user in users for stream in user["streams"]} == {0}


def settings_agora() -> Any:
    from django.conf import settings

    return settings.AGORA


def test_a_bulk_action_that_the_project_does_not_offer_is_refused_at_once(
    school: School, classes: MakeClasses
) -> None:
    Capability.objects.create(name="announce", offered="no", tried_at=clock.now())
    with pytest.raises(ActionRefused) as refused:
        make(school, classes(2), BulkAction.ANNOUNCE, text="Hello")
    assert refused.value.problem.code == "not_offered"
    assert not BulkRun.objects.exists()
