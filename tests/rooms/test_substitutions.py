"""Substitutes: they have a class in their period only, whatever way they ask for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.actions import substitutions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms import access
from classroom_admin.rooms.access import NotYours, access_by_key, access_to, visible_rooms
from classroom_admin.rooms.models import Room, Substitution
from classroom_admin.rooms.substitutions import expected_name, of_room
from tests.school import School, make_person, make_room
from tests.stepped_clock import SteppedClock, use

HOUR = timedelta(hours=1)


def appoint(school: School, room: Room, **more: Any) -> Substitution:
    now = clock.now()
    given: dict[str, Any] = {"starts_at": now, "ends_at": now + HOUR, **more}
    who = given.pop("substitute", school.other_teacher)
    return substitutions.appoint(access_to(school.administrator, room), substitute=who, **given)


def may_see(school: School, room: Room) -> bool:
    """Whether the other teacher sees the class; every way to ask has the same answer."""
    user = school.other_teacher
    answers = {
        visible_rooms(user).filter(pk=room.pk).exists(),
        room.pk in access.own_room_ids([user.pk])[user.pk],
    }
    for ask in (lambda: access_to(user, room), lambda: access_by_key(user, room.key)):
        try:
            ask()
            answers.add(True)
        except NotYours:
            answers.add(False)
    (answer,) = answers
    return answer


def series_with(*rooms: Room, owner: User) -> Series:
    series = Series.objects.create(created_by=owner, name="Latin", zone="UTC", weekdays=[0])
    for room in rooms:
        ScheduledCommand.objects.create(
            kind=ScheduledCommand.Kind.CLASS, by=owner, key=room.room_uuid, series=series,
            due_at=clock.now(), state=ScheduledCommand.State.DONE,
        )  # fmt: skip
    return series


def test_a_substitute_has_the_class_in_the_period_only(school: School) -> None:
    with use(SteppedClock(clock.now())) as time:
        appoint(school, school.room, starts_at=clock.now() + HOUR, ends_at=clock.now() + 2 * HOUR)
        assert not may_see(school, school.room)
        time.step(3600)
        assert may_see(school, school.room)
        time.step(3599)
        assert may_see(school, school.room)
        time.step(1)
        assert not may_see(school, school.room)


def test_a_substitute_who_taught_the_class_loses_it_with_the_period(school: School) -> None:
    room = make_room("Latin")
    with use(SteppedClock(clock.now())) as time:
        appoint(school, room)
        CloudIdentity.objects.create(user=school.other_teacher, user_uuid="ben")
        make_person(room, 9, user_uuid="ben", role="teacher", was_teacher=True)
        assert may_see(school, room)
        time.step(3600)
        assert not may_see(school, room)
        room.teachers.create(user=school.other_teacher)
        assert may_see(school, room)


def test_a_substitute_of_a_series_has_each_of_its_classes(school: School) -> None:
    first, later, foreign = make_room("Latin 1"), make_room("Latin 2"), make_room("Greek")
    series = series_with(first, owner=school.administrator)
    appoint(school, first, series=series)
    ScheduledCommand.objects.create(  # planned afterwards
        kind=ScheduledCommand.Kind.CLASS, by=school.administrator, key=later.room_uuid, series=series,
        due_at=clock.now(),
    )  # fmt: skip
    assert [may_see(school, room) for room in (first, later, foreign)] == [True, True, False]
    assert substitutions.series_of(first) == series
    assert substitutions.series_of(foreign) is None


def test_access_of_a_substitute_costs_one_query(school: School, django_assert_num_queries: Any) -> None:
    room = make_room("Latin")
    appoint(school, room)
    with django_assert_num_queries(1):
        access_to(school.other_teacher, room)
    with django_assert_num_queries(1):
        access_by_key(school.other_teacher, room.key)


def test_an_ended_substitution_ends_at_once_and_is_recorded(school: School) -> None:
    made = appoint(school, school.room)
    assert may_see(school, school.room)
    administrator = access_to(school.administrator, school.room)
    assert substitutions.end(administrator, ids=[made.pk]) == 1
    assert not may_see(school, school.room)
    assert substitutions.end(administrator, ids=[made.pk]) == 0
    entries = Entry.objects.filter(action__startswith="substitute.").order_by("pk")
    assert [entry.action for entry in entries] == ["substitute.appoint", "substitute.end"]
    assert {entry.target for entry in entries} == {school.other_teacher.email}
    assert {entry.room_uuid for entry in entries} == {school.room.room_uuid}
    assert set(entries[0].params) == {"from", "until"}


def test_the_same_form_twice_is_one_substitution(school: School) -> None:
    start = clock.now()
    both = [appoint(school, school.room, starts_at=start, ends_at=start + HOUR) for _ in range(2)]
    assert both[0] == both[1]
    assert Entry.objects.filter(action="substitute.appoint").count() == 1


def test_only_administrators_appoint(school: School) -> None:
    own = access_to(school.teacher, school.room)
    now = clock.now()
    with pytest.raises(PermissionDenied):
        substitutions.appoint(own, substitute=school.other_teacher, starts_at=now, ends_at=now + HOUR)
    made = appoint(school, school.room)
    with pytest.raises(PermissionDenied):
        substitutions.end(own, ids=[made.pk])
    assert may_see(school, school.room)


@pytest.mark.parametrize(
    ("starts", "ends"), [(0, 0), (2, 1), (-3, -1), (0, 24 * 400)], ids=["empty", "back", "past", "long"]
)
def test_an_impossible_period_is_refused(school: School, starts: int, ends: int) -> None:
    now: datetime = clock.now()
    with pytest.raises(ActionRefused):
        appoint(school, school.room, starts_at=now + starts * HOUR, ends_at=now + ends * HOUR)
    assert not Substitution.objects.exists()


def test_a_deactivated_person_is_not_appointed(school: School) -> None:
    school.other_teacher.is_active = False
    school.other_teacher.save()
    with pytest.raises(ActionRefused):
        appoint(school, school.room)


def test_the_substitute_is_expected_instead_of_the_teacher(school: School) -> None:
    def expected(room: Room) -> str:
        return Room.objects.annotate(who=expected_name()).get(pk=room.pk).who

    assert expected(school.room) == "Ana"
    assert expected(make_room("Nobody's")) == ""
    made = appoint(school, school.room)
    assert expected(school.room) == "Ben"
    assert list(of_room(school.room, after=clock.now())) == [made]
    Substitution.objects.update(ends_at=clock.now())
    assert expected(school.room) == "Ana"
