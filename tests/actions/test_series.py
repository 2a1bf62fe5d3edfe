"""Classes planned ahead, made at a cloud that really answers: each by its own command, none twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classroom_admin.actions import classes
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.planning import making
from classroom_admin.actions.planning import series as planning
from classroom_admin.actions.planning.models import PlannedClass, Series
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room, RoomTeacher
from tests.actions.conftest import kinds

State = PlannedClass.State
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def hints(monkeypatch) -> list[int]:
    """No worker runs in these tests: what it would be told is kept."""
    told: list[int] = []
    monkeypatch.setattr("classroom_admin.actions.planning.hints.make", told.append)
    return told


@pytest.fixture
def plan(school):
    """``plan(1, 8)``: a class in a day and one in eight days, planned by the teacher."""

    def made(*days: float, actor: Any = None, **more: Any) -> Series:
        now = timezone.now().replace(microsecond=0)
        given = {
            "request_id": "form 1",
            "name": "Latin 8a",
            "zone": "Europe/Berlin",
            "asked": {"room_type": 4, "duration_s": 2700},
            **more,
        }
        return planning.plan(actor=actor or school.teacher, starts=[now + day * DAY for day in days], **given)

    return made


def states(series: Series) -> list[str]:
    return [one.state for one in series.planned.order_by("starts_at")]


def rooms(sim) -> list[str]:
    """Which of the planned classes are at the cloud."""
    there = {room["roomUuid"] for room in sim.oracle(events=0)["rooms"]}
    return [uuid for uuid in PlannedClass.objects.values_list("room_uuid", flat=True) if uuid in there]


def claimed(series: Series) -> PlannedClass:
    """The only class of a series, as who makes it has it."""
    pk = series.planned.get().pk
    assert making.claim(pk)
    return PlannedClass.objects.select_related("series__created_by", "series__taught_by").get(pk=pk)


def let_it_be_due(series: Series) -> None:
    """What time does: whatever has a moment set is due now."""
    planned = PlannedClass.objects.filter(series=series)
    planned.filter(due_at__isnull=False).update(due_at=clock.now())
    planned.filter(claimed_until__isnull=False).update(claimed_until=clock.now())


def test_only_what_the_cloud_will_keep_is_made_now(
    plan, sim, school, django_capture_on_commit_callbacks, hints
):
    with django_capture_on_commit_callbacks(execute=True):
        series = plan(1, 3, 8)
    assert hints == [series.pk]
    assert making.make_due() == 2
    assert states(series) == [State.MADE, State.MADE, State.WAITING]
    assert len(rooms(sim)) == 2
    entries = Entry.objects.filter(action="class.create")
    assert entries.count() == 2
    assert {entry.room_uuid for entry in entries} == {one.room_uuid for one in series.planned.all()[:2]}
    first = Room.objects.get(room_uuid=series.planned.first().room_uuid)
    assert first.planned_start_at == series.planned.first().starts_at
    assert RoomTeacher.objects.filter(room=first, user=school.teacher).exists()


def test_the_rest_is_made_when_its_time_comes(plan, sim):
    series = plan(8)
    assert making.make_due() == 0
    planned = series.planned.get()
    assert planned.starts_at - planned.due_at == 4 * DAY
    let_it_be_due(series)
    assert making.make_due() == 1
    assert states(series) == [State.MADE]
    assert rooms(sim) == [planned.room_uuid]


def test_making_again_makes_nothing_twice(plan, sim):
    plan(1)
    assert making.make_due() == 1
    assert making.make_due() == 0
    assert len(rooms(sim)) == 1


def test_the_same_form_twice_is_one_series(plan):
    assert plan(1, 2).pk == plan(1, 2).pk
    assert PlannedClass.objects.count() == 2
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
def test_a_form_that_was_gone_back_to_and_changed_is_another_series(plan, other):
    first = plan(1)
    assert plan(1, **other).pk != first.pk
    assert plan(2).pk != first.pk
    assert plan(1).pk == first.pk


def test_a_class_is_claimed_by_one(plan):
    series = plan(1)
    pk = series.planned.get().pk
    assert [making.claim(pk), making.claim(pk)] == [True, False]


def test_what_a_dead_process_left_is_taken_up(plan, sim):
    series = plan(1)
    assert making.claim(series.planned.get().pk)
    assert making.make_due() == 0
    let_it_be_due(series)
    assert making.make_due() == 1
    assert states(series) == [State.MADE]


def test_a_refusal_stays_until_somebody_tries_again(plan, sim, school):
    series = plan(1, 2)
    first = series.planned.first()
    sim.make_room(first.room_uuid, roomName="Somebody else's")  # the id is taken: that is no passing trouble
    assert making.make_due() == 2
    assert states(series) == [State.FAILED, State.MADE]
    first.refresh_from_db()
    assert first.due_at is None
    assert "already" in first.reason
    assert planning.try_again(actor=school.teacher, series=series) == 1
    assert making.make_due() == 1
    assert states(series) == [State.MADE, State.MADE]  # the second time, what is there is taken for ours


def test_passing_trouble_is_tried_again_by_itself_ever_more_slowly(plan, sim):
    sim.fault("server_error", route="create_room")
    series = plan(1)
    waits = []
    for _attempt in range(3):
        assert making.make_due() == 1
        planned = series.planned.get()
        assert planned.state == State.FAILED
        assert planned.reason
        waits.append(round((planned.due_at - timezone.now()).total_seconds()))
        assert making.make_due() == 0
        let_it_be_due(series)
    assert [abs(wait - meant) <= 2 for wait, meant in zip(waits, (15, 30, 60), strict=True)] == [True] * 3
    sim.clear_faults()
    let_it_be_due(series)
    assert making.make_due() == 1
    assert states(series) == [State.MADE]
    assert len(rooms(sim)) == 1


def test_a_lost_answer_makes_no_second_class(plan, sim):
    sim.fault("lose_answer", route="create_room", count=1)
    sim.fault("unavailable", route="read_room", count=9)
    series = plan(1)
    making.make_due()
    assert states(series) == [State.FAILED]
    sim.clear_faults()
    let_it_be_due(series)
    making.make_due()
    assert states(series) == [State.MADE]
    assert len(rooms(sim)) == 1


def test_a_class_whose_time_is_over_is_not_made(plan, sim):
    series = plan(1)
    series.planned.update(starts_at=timezone.now() - timedelta(hours=1))
    making.make_due()
    assert states(series) == [State.FAILED]
    assert "over" in series.planned.get().reason
    assert rooms(sim) == []


def test_a_closed_account_makes_no_classes(plan, sim, school):
    series = plan(1)
    school.teacher.is_active = False
    school.teacher.save()
    making.make_due()
    assert states(series) == [State.FAILED]
    assert rooms(sim) == []


def test_taking_back_and_planning_again(plan, school, sim):
    series = plan(1, 8)
    last = series.planned.last()
    assert planning.cancel(actor=school.teacher, series=series, planned=last) == 1
    making.make_due()
    assert states(series) == [State.MADE, State.CANCELLED]
    assert planning.cancel(actor=school.teacher, series=series) == 0  # what is made stays
    assert planning.restore(actor=school.teacher, series=series, planned=last) == 1
    assert states(series) == [State.MADE, State.WAITING]
    assert set(Entry.objects.values_list("action", flat=True)) == {
        "series.plan", "series.cancel", "series.restore", "class.create",
    }  # fmt: skip


def test_an_administrator_plans_for_a_teacher(plan, school, sim):
    series = plan(1, actor=school.administrator, taught_by=school.teacher)
    making.make_due()
    room = Room.objects.get(room_uuid=series.planned.get().room_uuid)
    assert [given.user for given in room.teachers.all()] == [school.teacher]
    assert list(planning.visible_series(school.teacher)) == [series]


def test_two_plans_that_are_alike_are_two_classes_each_with_its_teacher(plan, school, sim):
    """Made one right after the other, they look like a button that was pressed twice."""
    at = timezone.now().replace(microsecond=0) + DAY
    both = [
        planning.plan(
            actor=school.administrator, request_id=f"for {teacher}", name="Latin 8a", starts=[at],
            zone="UTC", asked={"room_type": 4, "duration_s": 2700}, taught_by=teacher,
        )
        for teacher in (school.teacher, school.other_teacher)
    ]  # fmt: skip
    assert making.make_due() == 2
    assert len(rooms(sim)) == 2
    for series in both:
        room = Room.objects.get(room_uuid=series.planned.get().room_uuid)
        assert [given.user for given in room.teachers.all()] == [series.taught_by]


def test_what_was_done_about_another_class_is_not_taken_for_this_one(plan, school):
    series = plan(1)
    planned = claimed(series)
    entry = classes.create_class(actor=school.teacher, name="Latin 8a", room_type=4)
    making._note(planned, entry)
    planned.refresh_from_db()
    assert (planned.state, planned.due_at is None) == (State.FAILED, False), "it is tried again"
    assert planned.why == "Another class was being created at the same time."


def test_a_class_that_is_not_known_here_is_not_said_to_be_made(plan, school, sim):
    series = plan(1, actor=school.administrator, taught_by=school.teacher)
    planned = claimed(series)
    making.make(planned)
    Room.objects.filter(room_uuid=planned.room_uuid).delete()
    PlannedClass.objects.filter(pk=planned.pk).update(state=State.MAKING, claimed_until=planned.claimed_until)
    making._note(planned, Entry.objects.get(action="class.create"))
    planned.refresh_from_db()
    assert (planned.state, planned.due_at is None) == (State.FAILED, False)
    let_it_be_due(series)
    making.make_due()
    room = Room.objects.get(room_uuid=planned.room_uuid)
    assert room.teachers.get().user == school.teacher
    assert rooms(sim) == [planned.room_uuid]


def test_a_class_that_its_teacher_can_not_be_given_says_so(plan, school):
    series = plan(1, actor=school.administrator, taught_by=school.teacher)
    school.teacher.is_active = False
    school.teacher.save()
    making.make_due()
    planned = series.planned.get()
    assert planned.state == State.MADE
    assert planned.why.startswith("The class was not assigned to teacher: This account is deactivated.")
    entry = Entry.objects.get(action="room.assign")
    assert (kinds(entry), entry.target_name) == (["failed"], "teacher")


def test_a_claim_that_was_lost_writes_nothing(plan, school):
    """Somebody was so slow that another took the class over: that one's result holds."""
    series = plan(1)
    slow = claimed(series)
    let_it_be_due(series)
    making.make_due()
    made = series.planned.get()
    assert made.state == State.MADE
    making._failed(slow, reason="Too slow.", again=True)
    making._note(slow, Entry.objects.filter(action="class.create").latest("pk"))
    assert series.planned.get().__dict__.items() >= {
        "state": State.MADE, "made_at": made.made_at, "reason": "", "due_at": None,
    }.items()  # fmt: skip


@pytest.mark.parametrize("do", [planning.try_again, planning.cancel])
def test_somebody_elses_plan_is_not_there(plan, school, do):
    series = plan(1)
    assert not planning.visible_series(school.other_teacher).exists()
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
def test_what_the_cloud_would_refuse_is_not_planned(plan, field, more):
    with pytest.raises(ActionRefused) as refused:
        plan(1, **more)
    assert refused.value.field == field
    assert not Series.objects.exists()


def test_too_many_and_none(plan):
    with pytest.raises(ActionRefused, match="more than 200"):
        plan(*range(1, 202))
    with pytest.raises(ActionRefused):
        plan()


def test_what_is_not_made_yet_can_be_changed(plan, school, sim):
    series = plan(1, 8)
    making.make_due()
    changed = {"room_type": 2, "duration_s": 3600}
    assert planning.change(actor=school.teacher, series=series, name="Greek 8a", asked=changed) == 1
    let_it_be_due(series)
    making.make_due()
    ids = [one.room_uuid for one in series.planned.all()]
    made = sim.do(lambda world: [world.rooms[room_uuid] for room_uuid in ids])
    assert [(room.name, room.type, room.schedule.duration_s) for room in made] == [
        ("Latin 8a", 4, 2700),
        ("Greek 8a", 2, 3600),
    ]
    with pytest.raises(ActionRefused):
        planning.change(actor=school.teacher, series=series, name="Greek 8a", asked={"room_type": 3})
    with pytest.raises(NotYours):
        planning.change(actor=school.other_teacher, series=series, name="X", asked=changed)


def test_one_class_is_moved(plan, school, sim):
    series = plan(8, 15)
    first, second = series.planned.all()
    soon = timezone.now().replace(microsecond=0) + DAY
    assert planning.move(actor=school.teacher, series=series, planned=second, starts_at=soon) == 1
    assert making.make_due() == 1
    assert states(series) == [State.MADE, State.WAITING]
    assert sim.do(lambda world: world.rooms[second.room_uuid].schedule.start_ms) == soon.timestamp() * 1000
    assert planning.move(actor=school.teacher, series=series, planned=second, starts_at=soon + DAY) == 0
    with pytest.raises(ActionRefused, match="is over"):
        planning.move(actor=school.teacher, series=series, planned=first, starts_at=timezone.now() - DAY)
    with pytest.raises(NotYours):
        planning.move(actor=school.other_teacher, series=series, planned=first, starts_at=soon)
