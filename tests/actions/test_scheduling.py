"""Classes planned ahead, made at a cloud that really answers: each by its own command, none twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classroom_admin.actions import class_lists, class_state, scheduled, scheduling
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.series_selectors import visible_series
from classroom_admin.audit.models import Entry
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.models import Room, RoomTeacher
from tests.actions.conftest import kinds, let_it_be_due, run_due

State = ScheduledCommand.State
DAY = timedelta(days=1)


@pytest.fixture
def messages(monkeypatch) -> list[int]:
    """The ids that workers are woken up with."""
    sent: list[int] = []
    monkeypatch.setattr(
        scheduled.current_app, "send_task", lambda task, *, args, **_options: sent.append(args[0])
    )
    return sent


@pytest.fixture
def plan(school):
    """``plan(1, 8)``: a class in a day and one in eight days, planned by the teacher."""

    now = timezone.now().replace(microsecond=0)

    def made(*days: float, actor: Any = None, **more: Any) -> Series:
        given = {
            "request_id": "form 1",
            "name": "Latin 8a",
            "zone": "Europe/Berlin",
            "asked": {"room_type": 4, "duration_s": 2700},
            **more,
        }
        return scheduling.plan(
            actor=actor or school.teacher, starts=[now + day * DAY for day in days], **given
        )

    return made


def states(series: Series) -> list[str]:
    return [one.state for one in series.planned.order_by("starts_at")]


def rooms(sim) -> list[str]:
    """Which of the planned classes are at the cloud."""
    there = {room["roomUuid"] for room in sim.oracle(events=0)["rooms"]}
    return [uuid for uuid in ScheduledCommand.objects.values_list("key", flat=True) if uuid in there]


def claimed(series: Series) -> ScheduledCommand:
    """The only class of a series, as the worker that creates it has it."""
    command = scheduled.claim(scheduled.LONG)
    assert command is not None
    assert command.series == series
    return command


def test_only_classes_that_the_cloud_keeps_are_created_now(
    plan, sim, school, django_capture_on_commit_callbacks, messages
):
    with django_capture_on_commit_callbacks(execute=True):
        series = plan(1, 3, 8)
    assert messages == [series.planned.first().pk]
    assert run_due() == 2
    assert states(series) == [State.DONE, State.DONE, State.WAITING]
    assert len(rooms(sim)) == 2
    entries = Entry.objects.filter(action="class.create")
    assert entries.count() == 2
    assert {entry.room_uuid for entry in entries} == {
        one.key for one in series.planned.order_by("starts_at")[:2]
    }
    first = Room.objects.get(room_uuid=series.planned.first().key)
    assert first.planned_start_at == series.planned.first().starts_at
    assert RoomTeacher.objects.filter(room=first, user=school.teacher).exists()


def test_later_class_is_created_when_due(plan, sim):
    series = plan(8)
    assert run_due() == 0
    planned = series.planned.get()
    assert planned.starts_at - planned.due_at == 4 * DAY
    let_it_be_due(series=series)
    assert run_due() == 1
    assert states(series) == [State.DONE]
    assert rooms(sim) == [planned.key]


def test_class_is_created_once(plan, sim):
    plan(1)
    assert run_due() == 1
    assert run_due() == 0
    assert len(rooms(sim)) == 1


def test_same_form_sent_twice_is_one_series(plan):
    assert plan(1, 2).pk == plan(1, 2).pk
    assert ScheduledCommand.objects.count() == 2
    assert Entry.objects.filter(action="series.plan").count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Greek 8a"},
        {"zone": "UTC"},
        {"asked": {"room_type": 4, "duration_s": 3600}},
        {"weekdays": [1]},
    ],
)
def test_changed_form_is_another_series(plan, other):
    first = plan(1)
    assert plan(1, **other).pk != first.pk
    assert plan(2).pk != first.pk
    assert plan(1).pk == first.pk


def test_class_is_claimed_by_one_worker(plan):
    planned = claimed(plan(1))
    assert planned.state == State.CLAIMED
    assert scheduled.claim(scheduled.LONG) is None


def test_another_worker_takes_over_after_the_lease(plan, sim):
    series = plan(1)
    claimed(series)
    assert run_due() == 0
    let_it_be_due(series=series)
    assert run_due() == 1
    assert states(series) == [State.DONE]


def test_refused_class_waits_for_a_retry_by_hand(plan, sim, school):
    series = plan(1, 2)
    first = series.planned.first()
    sim.make_room(first.key, roomName="Somebody else's")  # the id is taken: that is no passing trouble
    assert run_due() == 2
    assert states(series) == [State.FAILED, State.DONE]
    first.refresh_from_db()
    assert first.claimable_at is None
    assert first.problem["code"] == "class_id_taken"
    assert scheduling.try_again(actor=school.teacher, series=series) == 1
    assert run_due() == 1
    assert states(series) == [State.DONE, State.DONE]  # the second time, what is there is taken for ours


def test_passing_trouble_is_retried_with_growing_waits(plan, sim):
    sim.fault("server_error", route="create_room")
    series = plan(1)
    waits = []
    for _attempt in range(3):
        assert run_due() == 1
        planned = series.planned.get()
        assert planned.state == State.FAILED
        assert planned.problem["code"] == "cloud_failed"
        waits.append(round((planned.claimable_at - timezone.now()).total_seconds()))
        assert run_due() == 0
        let_it_be_due(series=series)
    assert [abs(wait - meant) <= 2 for wait, meant in zip(waits, (15, 30, 60), strict=True)] == [True] * 3
    sim.clear_faults()
    let_it_be_due(series=series)
    assert run_due() == 1
    assert states(series) == [State.DONE]
    assert len(rooms(sim)) == 1


def test_lost_answer_creates_no_second_class(plan, sim):
    sim.fault("lose_answer", route="create_room", count=1)
    sim.fault("unavailable", route="read_room", count=9)
    series = plan(1)
    run_due()
    assert states(series) == [State.FAILED]
    sim.clear_faults()
    let_it_be_due(series=series)
    run_due()
    assert states(series) == [State.DONE]
    assert len(rooms(sim)) == 1


def test_class_whose_time_is_over_is_not_created(plan, sim):
    series = plan(1)
    series.planned.update(starts_at=timezone.now() - timedelta(hours=1))
    run_due()
    assert states(series) == [State.FAILED]
    assert series.planned.get().problem["code"] == "class_time_passed"
    assert rooms(sim) == []


def test_deactivated_account_creates_no_classes(plan, sim, school):
    series = plan(1)
    school.teacher.is_active = False
    school.teacher.save()
    run_due()
    assert states(series) == [State.FAILED]
    assert rooms(sim) == []


def test_cancelled_class_can_be_restored(plan, school, sim):
    series = plan(1, 8)
    last = series.planned.last()
    assert scheduling.cancel(actor=school.teacher, series=series, planned=last) == 1
    run_due()
    assert states(series) == [State.DONE, State.CANCELLED]
    assert scheduling.cancel(actor=school.teacher, series=series) == 0  # what is made stays
    assert scheduling.restore(actor=school.teacher, series=series, planned=last) == 1
    assert states(series) == [State.DONE, State.WAITING]
    assert set(Entry.objects.values_list("action", flat=True)) == {
        "series.plan", "series.cancel", "series.restore", "class.create",
    }  # fmt: skip


def test_class_that_an_administrator_plans_is_assigned_to_its_teacher(plan, school, sim):
    series = plan(1, actor=school.administrator, taught_by=school.teacher)
    run_due()
    room = Room.objects.get(room_uuid=series.planned.get().key)
    assert [given.user for given in room.teachers.all()] == [school.teacher]
    assert list(visible_series(school.teacher)) == [series]


def test_two_equal_plans_are_two_classes_each_with_its_teacher(plan, school, sim):
    """Made one right after the other, they look like a button that was pressed twice."""
    at = timezone.now().replace(microsecond=0) + DAY
    both = [
        scheduling.plan(
            actor=school.administrator, request_id=f"for {teacher}", name="Latin 8a", starts=[at],
            zone="UTC", asked={"room_type": 4, "duration_s": 2700}, taught_by=teacher,
        )
        for teacher in (school.teacher, school.other_teacher)
    ]  # fmt: skip
    assert run_due() == 2
    assert len(rooms(sim)) == 2
    for series in both:
        room = Room.objects.get(room_uuid=series.planned.get().key)
        assert [given.user for given in room.teachers.all()] == [series.taught_by]


def test_entry_of_another_class_does_not_settle_this_one(plan, school):
    series = plan(1)
    planned = claimed(series)
    entry = class_state.create_class(school.teacher, name="Latin 8a", room_type=4)
    scheduled.settle(planned, scheduling._outcome(planned, series, entry))
    planned.refresh_from_db()
    assert (planned.state, planned.claimable_at is None) == (State.FAILED, False), "it is tried again"
    assert planned.why == "Another class was being created at the same time."


def test_class_without_a_room_here_is_retried(plan, school, sim):
    series = plan(1, actor=school.administrator, taught_by=school.teacher)
    planned = claimed(series)
    scheduled.settle(planned, scheduling._create(planned))
    Room.objects.filter(room_uuid=planned.key).delete()
    ScheduledCommand.objects.filter(pk=planned.pk).update(state=State.CLAIMED)
    entry = Entry.objects.get(action="class.create")
    scheduled.settle(planned, scheduling._outcome(planned, series, entry))
    planned.refresh_from_db()
    assert (planned.state, planned.claimable_at is None) == (State.FAILED, False)
    let_it_be_due(series=series)
    run_due()
    room = Room.objects.get(room_uuid=planned.key)
    assert room.teachers.get().user == school.teacher
    assert rooms(sim) == [planned.key]


def test_class_that_can_not_be_assigned_says_why(plan, school):
    series = plan(1, actor=school.administrator, taught_by=school.teacher)
    school.teacher.is_active = False
    school.teacher.save()
    run_due()
    planned = series.planned.get()
    assert planned.state == State.DONE
    assert planned.why.startswith("The class was not assigned to teacher: This account is deactivated.")
    entry = Entry.objects.get(action="room.assign")
    assert (kinds(entry), entry.target_name) == (["failed"], "teacher")


def test_worker_that_lost_its_lease_writes_nothing(plan, school):
    """Somebody was so slow that another took the class over: that one's result holds."""
    series = plan(1)
    slow = claimed(series)
    let_it_be_due(series=series)
    run_due()
    made = series.planned.get()
    assert made.state == State.DONE
    entry = Entry.objects.get(action="class.create")
    assert not scheduled.settle(slow, scheduling.retry_later(slow, Problem("creation_collided")))
    assert not scheduled.settle(slow, scheduling._outcome(slow, series, entry))
    assert series.planned.get().__dict__.items() >= {
        "state": State.DONE, "changed_at": made.changed_at, "problem": None, "claimable_at": None,
    }.items()  # fmt: skip


@pytest.mark.parametrize("do", [scheduling.try_again, scheduling.cancel])
def test_teacher_can_not_change_another_teachers_plan(plan, school, do):
    series = plan(1)
    assert not visible_series(school.other_teacher).exists()
    with pytest.raises(NotYours):
        do(actor=school.other_teacher, series=series)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("roomName", {"name": " "}),
        ("schedule.duration", {"asked": {"room_type": 4, "duration_s": 90_000}}),
        ("roleConfig.2.limit", {"asked": {"room_type": 4, "roles": {"2": {"limit": -2}}}}),
        (
            "roleConfig.2.defaultStream.state",
            {"asked": {"room_type": 4, "roles": {"2": {"defaultStream": {"state": 2}}}}},
        ),
    ],
)
def test_invalid_class_is_not_planned(plan, field, more):
    with pytest.raises(ActionRefused) as refused:
        plan(1, **more)
    assert refused.value.field == field
    assert not Series.objects.exists()


def test_too_many_classes_and_none_are_refused(plan):
    with pytest.raises(ActionRefused, match="more than 200"):
        plan(*range(1, 202))
    with pytest.raises(ActionRefused):
        plan()


def test_every_class_of_a_series_gets_its_class_list(plan, school, sim):
    mine = class_lists.make_list(actor=school.teacher, name="8a")
    series = plan(1, 8, class_list=mine)
    run_due()
    let_it_be_due(series=series)
    run_due()
    assert states(series) == [State.DONE, State.DONE]
    keys = series.planned.values_list("key", flat=True)
    assert [room.class_list for room in Room.objects.filter(room_uuid__in=keys)] == [mine, mine]
    assert Entry.objects.filter(action="room.use_list").count() == 2


def test_class_list_that_was_deleted_does_not_stop_a_class(plan, school, sim):
    mine = class_lists.make_list(actor=school.teacher, name="8a")
    series = plan(1, class_list=mine)
    class_lists.delete_list(actor=school.teacher, class_list=mine)
    run_due()
    assert states(series) == [State.DONE]
    assert Room.objects.get(room_uuid=series.planned.get().key).class_list is None


def test_class_list_of_another_teacher_is_refused(plan, school):
    foreign = class_lists.make_list(actor=school.other_teacher, name="Theirs")
    with pytest.raises(NotYours):
        plan(1, class_list=foreign)
    assert not Series.objects.exists()
