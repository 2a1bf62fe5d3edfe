"""What was promised to the second waits behind nothing that takes long."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from classroom_admin.actions import tasks
from classroom_admin.actions.bulk import runs
from classroom_admin.actions.bulk import tasks as bulk_tasks
from classroom_admin.actions.bulk.models import BulkRun
from classroom_admin.actions.planning import making, series
from classroom_admin.actions.planning.models import PlannedClass, Series
from classroom_admin.audit.models import Entry
from classroom_admin.celery import app
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.runtime import parts
from classroom_admin.simulator.testing import RunningSimulator
from tests.actions.conftest import School

PROMISED = {"actions.carry_out_removal", "actions.due_removals", "actions.send_held"}
State = PlannedClass.State


@pytest.fixture(autouse=True)
def no_workers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tests are the workers; which run a worker would be told of next is kept."""
    told: list[int] = []
    monkeypatch.setattr("classroom_admin.actions.planning.hints.make", lambda series_id: None)
    monkeypatch.setattr(bulk_tasks, "_hint", lambda task, *ids: told.extend(ids) or True)
    return told


def queue_of(task: str) -> str:
    return app.amqp.router.route({}, task)["queue"].name


def consumed(worker: parts.Part) -> set[str]:
    return set(worker.argv[worker.argv.index("--queues") + 1].split(","))


def test_it_has_a_queue_and_a_worker_that_do_nothing_else(settings: Any) -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if name.startswith(("actions.", "sync."))}
    assert ours > PROMISED
    assert {task for task in ours if queue_of(task) == "promised"} == PROMISED
    workers = [consumed(one) for one in parts.workers(base_dir=Path(), env={})]
    assert {"promised"} in workers
    for task in ours:
        assert sum(queue_of(task) in queues for queues in workers) == 1, task
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= ours


def plan(school: School, *days: int) -> Series:
    now = timezone.now().replace(microsecond=0)
    return series.plan(
        actor=school.teacher,
        request_id=uuid4().hex,
        name=f"Latin {uuid4().hex}",
        starts=[now + timedelta(days=day) for day in days],
        zone="UTC",
        asked={"room_type": 4, "duration_s": 2700},
    )


def states() -> list[str]:
    return list(PlannedClass.objects.order_by("starts_at").values_list("state", flat=True))


@pytest.mark.django_db(transaction=True)
def test_planned_classes_take_one_thread_and_no_more(school: School) -> None:
    plan(school, 1)
    with tasks._MAKING.taken() as free:
        assert free
        tasks.make_planned()
        assert states() == [State.WAITING], "somebody is at it already"
    tasks.make_planned()
    assert states() == [State.MADE]


@pytest.mark.django_db(transaction=True)
def test_who_makes_one_plan_goes_on_with_the_others(school: School) -> None:
    plan(school, 1)
    mine = plan(school, 2)
    tasks.make_planned(mine.pk)
    assert states() == [State.MADE] * 2
    made = Entry.objects.filter(action="class.create").order_by("pk").values_list("room_uuid", flat=True)
    assert made[0] == mine.planned.get().room_uuid, "the plan that was just made goes first"


@pytest.mark.django_db(transaction=True)
def test_time_is_up_for_planned_classes_too(school: School) -> None:
    plan(school, 1, 2)
    assert making.make_due(within_s=0) == 0


@pytest.fixture
def two_runs(school: School, sim: RunningSimulator) -> list[BulkRun]:
    """One of three classes, then one of one class."""
    made = []
    for count in (3, 1):
        keys = []
        for _number in range(count):
            room_uuid = f"bulk {uuid4().hex[:12]}"
            sim.make_room(room_uuid, roomName="Class", state=1)
            room = Room.objects.create(room_uuid=room_uuid, name=room_uuid, state=RoomState.STARTED)
            room.teachers.create(user=school.teacher)
            keys.append(room.key)
        made.append(runs.make(actor=school.teacher, what="end", keys=keys, token=uuid4().hex))
    return made


def waiting(run: BulkRun) -> int:
    return run.items.filter(state="waiting").count()


@pytest.mark.django_db(transaction=True)
def test_runs_take_two_threads_and_no_more(two_runs: list[BulkRun], no_workers: list[int]) -> None:
    first, second = two_runs
    with bulk_tasks._PLACES.taken(), bulk_tasks._PLACES.taken():
        bulk_tasks.work(second.pk)
        bulk_tasks.due()
    assert (waiting(first), waiting(second), no_workers) == (3, 1, [])
    bulk_tasks.due()
    assert (waiting(first), waiting(second)) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_however_slow_the_cloud_each_run_has_its_turn(
    two_runs: list[BulkRun], no_workers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_runs
    monkeypatch.setattr(bulk_tasks, "TURN_S", 0.0)
    monkeypatch.setattr(bulk_tasks, "WORK_S", 0.0)  # a single call takes longer than a task may
    bulk_tasks.work(first.pk)
    assert (waiting(first), waiting(second), no_workers) == (2, 1, [second.pk])
    bulk_tasks.work(second.pk)
    assert (waiting(first), waiting(second), no_workers) == (2, 0, [second.pk, first.pk])
    bulk_tasks.work(first.pk)
    bulk_tasks.work(first.pk)
    assert waiting(first) == 0
    assert no_workers == [second.pk, first.pk, first.pk]
