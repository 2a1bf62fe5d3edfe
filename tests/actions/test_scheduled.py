"""Scheduled commands: those due at an exact second wait for no long ones."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from classroom_admin.actions import bulk, participants, scheduled, scheduling, tasks
from classroom_admin.actions.models import BulkRun, ScheduledCommand, Series
from classroom_admin.audit.models import Entry
from classroom_admin.celery import app
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.runtime import installation
from classroom_admin.runtime.task_pool import TIMELY_THREADS
from classroom_admin.simulator.testing import RunningSimulator
from tests.actions.conftest import School, run_due
from tests.stepped_clock import SteppedClock, use

State = ScheduledCommand.State
EARLIER = {
    "actions.bulk_due", "actions.bulk_work", "actions.carry_out_removal", "actions.due_removals",
    "actions.make_planned", "actions.send_held",
}  # fmt: skip


@pytest.fixture(autouse=True)
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tests are the workers; which tasks were sent to them is kept."""
    sent: list[str] = []
    monkeypatch.setattr(scheduled.current_app, "send_task", lambda task, **_options: sent.append(task))
    return sent


def queue_of(task: str) -> str:
    return app.amqp.router.route({}, task)["queue"].name


def consumed(worker: installation.Part) -> set[str]:
    return set(worker.argv[worker.argv.index("--queues") + 1].split(","))


def threads_of(worker: installation.Part) -> int:
    return int(worker.argv[worker.argv.index("--threads") + 1])


def test_timed_commands_have_a_queue_and_leave_a_thread_of_their_worker_for_polling(settings: Any) -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours > EARLIER | {scheduled.RUN_LONG, scheduled.RUN_SCHEDULED}
    assert {task for task in ours if queue_of(task) == "promised"} == {scheduled.RUN_SCHEDULED}
    here = installation.Installation.of_settings(broker_socket=None)
    parts = installation.workers(here, cores=2)
    [timely] = [one for one in parts if consumed(one) == {"poll", "promised"}]
    assert threads_of(timely) == TIMELY_THREADS == tasks.TIMED_AT_ONCE + 1
    for workers in (parts, installation.workers(here, cores=1)):
        for task in ours:
            assert sum(queue_of(task) in consumed(one) for one in workers) == 1, task
    beats = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert beats <= ours


def plan(school: School, *days: int) -> Series:
    now = timezone.now().replace(microsecond=0)
    return scheduling.plan(
        actor=school.teacher,
        request_id=uuid4().hex,
        name=f"Latin {uuid4().hex}",
        starts=[now + timedelta(days=day) for day in days],
        zone="UTC",
        asked={"room_type": 4, "duration_s": 2700},
    )


def states() -> list[str]:
    return list(ScheduledCommand.objects.order_by("starts_at").values_list("state", flat=True))


@pytest.mark.django_db(transaction=True)
def test_the_class_that_a_message_names_is_created_first(school: School) -> None:
    plan(school, 1)
    mine = plan(school, 2)
    tasks.run_long(mine.planned.get().pk)
    assert states() == [State.DONE] * 2
    made = Entry.objects.filter(action="class.create").order_by("pk").values_list("room_uuid", flat=True)
    assert made[0] == mine.planned.get().key


MakeRun = Callable[[int], BulkRun]


@pytest.fixture
def run_of(school: School, sim: RunningSimulator) -> MakeRun:
    """``run_of(3)``: a run that ends three classes."""

    def made(count: int) -> BulkRun:
        keys = []
        for _number in range(count):
            room_uuid = f"bulk {uuid4().hex[:12]}"
            sim.make_room(room_uuid, roomName="Class", state=1)
            room = Room.objects.create(room_uuid=room_uuid, name=room_uuid, state=RoomState.STARTED)
            room.teachers.create(user=school.teacher)
            keys.append(room.key)
        return bulk.start(actor=school.teacher, what="end", keys=keys, token=uuid4().hex)

    return made


def waiting(run: BulkRun) -> int:
    return run.items.filter(state="waiting").count()


@pytest.mark.django_db(transaction=True)
def test_long_commands_take_two_threads_of_a_worker_and_no_more(run_of: MakeRun) -> None:
    run = run_of(1)
    with tasks._long_threads, tasks._long_threads:
        tasks.run_long()
    assert waiting(run) == 1
    tasks.run_long()
    assert waiting(run) == 0


def test_timed_commands_take_four_threads_of_a_worker_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[object] = []
    monkeypatch.setattr(scheduled, "work", lambda kinds, **_options: runs.append(kinds))
    with ExitStack() as stack:
        for _thread in range(tasks.TIMED_AT_ONCE):
            stack.enter_context(tasks._timed_threads)
        tasks.run_scheduled()
    assert runs == []
    tasks.run_scheduled()
    assert runs == [scheduled.TIMED]


@pytest.mark.django_db(transaction=True)
def test_however_slow_the_cloud_each_run_and_series_has_its_turn(school: School, run_of: MakeRun) -> None:
    first, second, planned = run_of(3), run_of(1), plan(school, 1)
    done = []
    for _command in range(5):
        scheduled.work(scheduled.LONG, within_s=0)  # a single call takes longer than a task may
        left = planned.planned.filter(state=State.WAITING).count()
        done.append((3 - waiting(first), 1 - waiting(second), 1 - left))
    assert done == [(1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 1, 1), (3, 1, 1)]


@pytest.mark.django_db(transaction=True)
def test_a_task_gives_the_thread_back_and_another_goes_on(
    run_of: MakeRun, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = scheduled.work
    monkeypatch.setattr(scheduled, "work", lambda kinds, first: work(kinds, first=first, within_s=0))
    run_of(2)
    messages.clear()
    tasks.run_long()
    assert messages == [scheduled.RUN_LONG]
    tasks.run_long()
    assert messages == [scheduled.RUN_LONG]


@pytest.mark.django_db
def test_worker_of_timed_commands_runs_no_long_ones(school: School, run_of: MakeRun) -> None:
    run = run_of(1)
    assert run_due(*scheduled.TIMED) == 0
    assert waiting(run) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(EARLIER))
def test_messages_of_the_release_before_run_what_is_due(school: School, run_of: MakeRun, name: str) -> None:
    run = run_of(1)
    app.loader.import_default_modules()
    with use(SteppedClock(clock.now())) as time:
        removal = participants.schedule_removal(
            access_to(school.teacher, school.room), participant=school.pupil, after_s=5
        )
        time.step(5)
        app.tasks[name](4711)
    removal.refresh_from_db()
    assert (removal.state == State.DONE) != (waiting(run) == 0)


@pytest.mark.django_db
def test_a_message_wakes_a_worker_up_when_all_is_committed(
    school: School, messages: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        participants.schedule_removal(
            access_to(school.teacher, school.room), participant=school.pupil, after_s=5
        )
        assert messages == []
    assert messages == [scheduled.RUN_SCHEDULED]


def test_no_worker_keeps_a_message_for_hours(
    school: School, messages: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    access = access_to(school.teacher, school.room)
    with django_capture_on_commit_callbacks(execute=True):
        participants.schedule_removal(access, participant=school.pupil, after_s=10_800)
    assert messages == []  # the beat finds the command when it is due
    assert ScheduledCommand.objects.filter(kind=ScheduledCommand.Kind.REMOVAL).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hours", [-1, 1])
def test_lease_of_a_dead_worker_ends_after_a_jump_of_the_clock(school: School, hours: int) -> None:
    with use(SteppedClock(timezone.now())) as stepped:
        planned = plan(school, 0).planned.get()
        assert scheduled.claim([ScheduledCommand.Kind.CLASS], first=planned.pk) is not None
        stepped.step(scheduled.LEASE.total_seconds() - 1)
        assert not scheduled.due([ScheduledCommand.Kind.CLASS]).exists()
        stepped.set_wall(clock.now() + timedelta(hours=hours))
        assert scheduled.due([ScheduledCommand.Kind.CLASS]).exists()


@pytest.mark.django_db(transaction=True)
def test_command_of_tomorrow_is_not_due_after_a_jump_back(school: School) -> None:
    with use(SteppedClock(timezone.now())) as stepped:
        plan(school, 9)
        stepped.set_wall(clock.now() - timedelta(hours=1))
        assert not scheduled.due([ScheduledCommand.Kind.CLASS]).exists()
