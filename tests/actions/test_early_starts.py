"""A class that is started long before its time, and the class that replaces it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classroom_admin.actions import class_lists, early_starts, scheduling
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Room, RoomTeacher
from tests.actions.conftest import run_due

DAY = timedelta(days=1)


@pytest.fixture
def access(school, sim):
    """A class of tomorrow, with a second teacher and a class list of an administrator."""
    at = clock.now().replace(second=0, microsecond=0) + DAY
    scheduling.plan(
        actor=school.teacher, request_id="one", name="Latin 8a", starts=[at], zone="UTC",
        asked={"room_type": 2, "duration_s": 2700, "flex_properties": {"grade": 8}},
    )  # fmt: skip
    run_due()
    room = Room.objects.get(name="Latin 8a")
    RoomTeacher.objects.create(room=room, user=school.other_teacher)
    theirs = class_lists.make_list(actor=school.administrator, name="8a")
    class_lists.use_list(access_to(school.administrator, room), class_list=theirs)
    return access_to(school.teacher, Room.objects.get(pk=room.pk))


@pytest.mark.parametrize(
    ("minutes", "state", "early"),
    [(15, None, None), (16, None, 16), (16, 0, 16), (16, 1, None), (-5, None, None), (None, None, None)],
)
def test_start_is_early_more_than_fifteen_minutes_before_its_time(minutes, state, early) -> None:
    now = clock.now()
    at = None if minutes is None else now + timedelta(minutes=minutes)
    found = early_starts.early_by(Room(planned_start_at=at, state=state), now=now)
    assert found == (early and timedelta(minutes=early))


def replacement(access) -> Room:
    run_due()
    return Room.objects.exclude(pk=access.room.pk).get(name="Latin 8a")


@pytest.mark.parametrize("in_series", [True, False])
def test_replacement_has_the_time_people_list_and_settings(access, school, sim, in_series):
    if not in_series:
        Series.objects.all().delete()
    at = access.room.planned_start_at
    entry, series = early_starts.start_and_replace(access, starts_at=at)
    assert (entry.action, series.planned.count()) == ("class.start", 2 if in_series else 1)
    made = replacement(access)
    assert made.planned_start_at == at
    assert {given.user for given in made.teachers.all()} == {school.teacher, school.other_teacher}
    assert made.class_list.name == "8a"
    there = sim.do(lambda world: world.rooms[made.room_uuid])
    assert (there.type, there.schedule.duration_s, there.properties) == (2, 2700, {"grade": 8})
    assert sim.do(lambda world: world.rooms[access.room.room_uuid].state) == 1


@pytest.mark.parametrize("in_series", [True, False])
def test_second_press_schedules_no_second_replacement(access, in_series):
    if not in_series:
        Series.objects.all().delete()
    for _press in range(2):
        early_starts.plan_replacement(access, starts_at=access.room.planned_start_at)
    assert ScheduledCommand.objects.filter(payload__replaces=access.room.room_uuid).count() == 1


def test_failed_start_schedules_no_replacement(access, sim):
    sim.do(lambda world: setattr(world.rooms[access.room.room_uuid], "state", 3))
    _entry, series = early_starts.start_and_replace(access, starts_at=access.room.planned_start_at)
    assert series is None
    assert ScheduledCommand.objects.count() == 1


def test_impossible_replacement_starts_nothing(access, sim):
    Series.objects.all().delete()
    access.room.name = ""
    with pytest.raises(ActionRefused):
        early_starts.start_and_replace(access, starts_at=access.room.planned_start_at)
    assert not Entry.objects.filter(action="class.start").exists()
