"""Changes of a series at a cloud that really answers: teacher, list, time and settings of each class."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.actions import class_lists, people, scheduling, series_changes, substitutions
from classroom_admin.actions.class_plans import plan_of
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.rescheduling import How, Scope, digest
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import Room
from tests.actions.conftest import let_it_be_due, run_due
from tests.actions.series import change, edit_of

State = ScheduledCommand.State
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def series(school) -> Series:
    """Three classes, one a week, of which the first is at the cloud."""
    start = clock.now().replace(second=0, microsecond=0) + DAY
    starts = [start + week * 7 * DAY for week in range(3)]
    made = scheduling.plan(
        actor=school.administrator, request_id="one", name="Latin 8a", starts=starts, zone="UTC",
        asked={"room_type": 4, "duration_s": 2700}, weekdays=[start.weekday()], taught_by=school.teacher,
    )  # fmt: skip
    assert run_due() == 1
    return made


def classes(series: Series) -> list[ScheduledCommand]:
    return list(series.planned.order_by("starts_at"))


def room_of(planned: ScheduledCommand) -> Room:
    planned.refresh_from_db()
    return Room.objects.get(room_uuid=planned.key)


def at_cloud(sim: Any, planned: ScheduledCommand) -> Any:
    planned.refresh_from_db()
    return sim.do(lambda world: world.rooms[planned.key])


def test_created_class_is_created_again_and_the_earlier_one_is_closed(series, school, sim):
    first = classes(series)[0]
    earlier = room_of(first)
    changes = change(school.administrator, series, starts_at=first.starts_at + HOUR, name="Greek 8a")
    assert [one.how for one in changes] == [How.REMADE, How.CHANGED, How.CHANGED]
    assert run_due() >= 1
    let_it_be_due()
    run_due()
    again = at_cloud(sim, first)
    assert (again.name, again.schedule.start_ms) == ("Greek 8a", first.starts_at.timestamp() * 1000)
    assert first.key != earlier.room_uuid
    assert sim.do(lambda world: world.rooms[earlier.room_uuid].state) == 3
    assert [given.user for given in room_of(first).teachers.all()] == [school.teacher]


def test_earlier_class_stays_open_until_the_new_one_is_created(series, school, sim):
    first = classes(series)[0]
    earlier = room_of(first).room_uuid
    sim.fault("server_error", route="create_room")
    change(school.administrator, series, scope=Scope.THIS, starts_at=first.starts_at + HOUR)
    for _attempt in range(2):
        run_due()
        let_it_be_due()
    assert sim.do(lambda world: world.rooms[earlier].state) == 0
    sim.clear_faults()
    for _attempt in range(3):
        run_due()
        let_it_be_due()
    assert sim.do(lambda world: world.rooms[earlier].state) == 3
    assert at_cloud(sim, first).state == 0


def test_teacher_and_list_change_in_a_created_class_at_once(series, school, sim):
    first = classes(series)[0]
    theirs = class_lists.make_list(actor=school.administrator, name="8a")
    before = first.key
    changes = change(school.administrator, series, taught_by=school.other_teacher.pk, class_list=theirs.pk)
    assert {one.how for one in changes} == {How.CHANGED}
    room = room_of(first)
    assert room.room_uuid == before
    assert [given.user for given in room.teachers.all()] == [school.other_teacher]
    assert room.class_list == theirs
    let_it_be_due(series=series)
    run_due()
    for one in classes(series)[1:]:
        assert [given.user for given in room_of(one).teachers.all()] == [school.other_teacher]
        assert room_of(one).class_list == theirs
    series.refresh_from_db()
    assert (series.taught_by, series.class_list) == (school.other_teacher, theirs)


def test_change_of_one_class_leaves_the_others(series, school, sim):
    _first, second, third = classes(series)
    longer = {"room_type": 2, "duration_s": 3600}
    change(school.administrator, series, anchor=second, scope=Scope.THIS, settings=longer, name="Exam")
    let_it_be_due(series=series)
    run_due()
    assert (at_cloud(sim, second).name, at_cloud(sim, second).schedule.duration_s) == ("Exam", 3600)
    assert (at_cloud(sim, third).name, at_cloud(sim, third).schedule.duration_s) == ("Latin 8a", 2700)
    series.refresh_from_db()
    assert series.name == "Latin 8a"


def test_later_end_brings_a_class_back_that_an_earlier_end_cancelled(series, school, sim):
    first, second, third = classes(series)
    change(school.administrator, series, anchor=second, scope=Scope.FOLLOWING, until=second.starts_at.date())
    assert [one.state for one in classes(series)] == [State.DONE, State.WAITING, State.CANCELLED]
    change(school.administrator, series, until=third.starts_at.date() + 7 * DAY)
    states = [one.state for one in classes(series)]
    assert states == [State.DONE, State.WAITING, State.WAITING, State.WAITING]
    assert classes(series)[2].pk == third.pk, "the same class is scheduled again"
    day = (first.starts_at + DAY).weekday()
    change(school.administrator, series, anchor=second, scope=Scope.FOLLOWING, weekdays={day})
    assert {one.starts_at.weekday() for one in classes(series)[1:]} == {day}


def test_created_class_after_the_new_end_is_closed_and_can_be_scheduled_again(school, sim):
    start = clock.now().replace(second=0, microsecond=0) + DAY
    made = scheduling.plan(
        actor=school.teacher, request_id="two", name="Latin 8a", starts=[start, start + DAY], zone="UTC",
        asked={"room_type": 4, "duration_s": 2700}, weekdays=range(7),
    )  # fmt: skip
    assert run_due() == 2
    last = classes(made)[1]
    earlier = last.key
    assert [one.how for one in change(school.teacher, made, until=start.date())] == [How.CLOSED]
    run_due()
    last.refresh_from_db()
    assert last.state == State.CANCELLED
    assert sim.do(lambda world: world.rooms[earlier].state) == 3
    assert scheduling.restore(actor=school.teacher, series=made, planned=last) == 1
    run_due()
    assert at_cloud(sim, last).state == 0
    assert last.key != earlier


def test_class_that_was_started_stays(series, school, sim):
    first = classes(series)[0]
    Room.objects.filter(room_uuid=first.key).update(state=1)
    changes = change(school.administrator, series, anchor=classes(series)[1], name="Greek 8a")
    assert [one.how for one in changes] == [How.STAYS, How.CHANGED, How.CHANGED]
    assert room_of(first).name == "Latin 8a"


def test_outdated_preview_is_not_applied(series, school):
    edit = edit_of(series, name="Greek 8a")
    seen = digest(series_changes.preview(series=series, edit=edit))
    scheduling.cancel(actor=school.administrator, series=series, planned=classes(series)[2])
    with pytest.raises(series_changes.Outdated):
        series_changes.apply(actor=school.administrator, series=series, edit=edit, seen=seen)
    assert not Entry.objects.filter(action="series.change").exists()


def test_class_that_is_being_created_refuses_the_change(series, school):
    series.planned.filter(pk=classes(series)[1].pk).update(state=State.CLAIMED)
    with pytest.raises(ActionRefused, match="being created right now"):
        change(school.administrator, series, name="Greek 8a")


def test_past_time_and_too_many_classes_are_refused(series, school):
    first = classes(series)[0]
    with pytest.raises(ActionRefused, match="in the past"):
        change(school.administrator, series, scope=Scope.THIS, starts_at=clock.now() - HOUR)
    with pytest.raises(ActionRefused, match="more than 200"):
        change(school.administrator, series, until=(first.starts_at + 400 * 7 * DAY).date())


def test_only_those_who_may_can_change_series_teacher_and_list(series, school):
    foreign = class_lists.make_list(actor=school.other_teacher, name="Theirs")
    for actor, values in (
        (school.other_teacher, {"name": "Mine"}),
        (school.teacher, {"taught_by": school.other_teacher.pk}),
        (school.teacher, {"class_list": foreign.pk}),
    ):
        with pytest.raises(NotYours):
            change(actor, series, **values)
    assert not Entry.objects.filter(action="series.change").exists()
    change(school.teacher, series, name="Greek 8a")
    series.refresh_from_db()
    assert series.name == "Greek 8a"


def test_class_that_comes_back_has_the_name_that_the_series_got_meanwhile(series, school):
    _first, second, third = classes(series)
    change(school.administrator, series, until=second.starts_at.date())
    change(school.administrator, series, name="Greek 8a")
    dropped = classes(series)[2]
    assert (dropped.pk, dropped.state) == (third.pk, State.CANCELLED)
    change(school.administrator, series, until=third.starts_at.date())
    assert [plan_of(one).name for one in series.planned.select_related("series")] == ["Greek 8a"] * 3
    assert classes(series)[2].state == State.WAITING


def test_class_that_is_created_again_keeps_its_substitute_teachers_and_list(series, school):
    first = classes(series)[0]
    earlier = room_of(first)
    access = access_to(school.administrator, earlier)
    of_today = class_lists.make_list(actor=school.administrator, name="8a and guests")
    class_lists.use_list(access, class_list=of_today)
    people.assign_room(actor=school.administrator, person=school.other_teacher, room=earlier)
    stand_in, _password = people.create_person(
        actor=school.administrator, email="eva@school.test", name="Eva", role="teacher"
    )
    appointed = substitutions.appoint(
        access, substitute=stand_in, starts_at=clock.now(), ends_at=clock.now() + 2 * DAY
    )
    changed = change(school.administrator, series, starts_at=first.starts_at + HOUR)
    assert changed[0].how is How.REMADE
    let_it_be_due()
    run_due()
    room = room_of(first)
    assert room.room_uuid != earlier.room_uuid
    assert room.class_list == of_today
    assert {given.user for given in room.teachers.all()} == {school.teacher, school.other_teacher}
    (kept,) = room.substitutions.all()
    assert (kept.teacher, kept.ends_at) == (stand_in, appointed.ends_at)


def test_teacher_of_a_series_changes_the_list_of_a_class_that_someone_else_teaches(series, school):
    first = classes(series)[0]
    alone = {"anchor": first, "scope": Scope.THIS, "taught_by": school.other_teacher.pk}
    change(school.administrator, series, **alone)
    mine = class_lists.make_list(actor=school.teacher, name="8a")
    change(school.teacher, series, class_list=mine.pk)
    assert room_of(first).class_list == mine
