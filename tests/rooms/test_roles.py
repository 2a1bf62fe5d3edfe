"""Every command is refused to the roles that do not include it, whatever page or task sends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.accounts.permissions import NotAllowed, Permission
from classroom_admin.actions import (
    bulk,
    class_lists,
    participants,
    runner,
    scheduling,
    substitutions,
    supervision,
    wide_substitutions,
)
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import deletions
from classroom_admin.actions.models import Series
from classroom_admin.actions.runner import Command
from classroom_admin.agora.calls import ReadRoom
from classroom_admin.audit import actions as names
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import (
    ClassAccess,
    NotYours,
    access_to,
    own_room_ids,
    visible_room_ids,
    visible_rooms,
)
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import (
    ClassList,
    Participant,
    Resource,
    Room,
    RoomTeacher,
    Substitution,
    Supervision,
)
from tests.school import School, make_person, make_room

P = Permission
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _without_a_cloud(settings: Any) -> None:
    """No command reaches a cloud: the connection is not set up."""
    settings.AGORA = replace(settings.AGORA, app_id="", app_certificate="")


def person_of(role: str, school: School) -> User:
    """Make a person with this role who sees the class of the school."""
    made = User.objects.create_user(f"{role}@role.test", "x", role=role, name=role)
    if permissions.has_set(role):
        Supervision.objects.create(person=made, teacher=school.teacher)
    elif role == User.Role.TEACHER:
        RoomTeacher.objects.create(room=school.room, user=made)
    return made


CLASS_ACTIONS = [one for one in names.COMMANDS if permissions.needed_for(one) != P.SETTINGS]


@pytest.mark.parametrize("role", User.Role.values)
def test_the_runner_refuses_each_command_that_the_role_does_not_include(school: School, role: str) -> None:
    access = access_to(person_of(role, school), school.room)
    before = Entry.objects.count()
    for action in CLASS_ACTIONS:
        command = Command(action=action, call=ReadRoom(room_uuid=school.room.room_uuid))
        allowed = permissions.needed_for(action) in permissions.rights_of(role)
        # An allowed command fails later, because the cloud is not set up.
        with pytest.raises(ActionRefused if allowed else NotAllowed):
            runner.run(access, command)
    assert Entry.objects.count() == before


def people(access: ClassAccess) -> Participant:
    return Participant.objects.get(room=access.room, name="Ana Torres")


OTHERS: dict[str, tuple[Permission, Callable[[ClassAccess], Any]]] = {
    "schedule a removal": (
        P.RUN,
        lambda access: participants.schedule_removal(access, participant=people(access), after_s=600),
    ),
    "delete files": (
        P.FILES,
        lambda access: deletions.schedule_deletion(
            access, resources=list(Resource.objects.filter(room=access.room))
        ),
    ),
    "choose the list": (P.CHOOSE_LIST, lambda access: class_lists.use_list(access, class_list=None)),
    "make a list": (P.CLASS_LISTS, lambda access: class_lists.make_list(actor=access.person, name="8a")),
    "plan": (
        P.SCHEDULE,
        lambda access: scheduling.try_again(
            actor=access.person,
            series=Series.objects.create(created_by=access.person, name="Latin", zone="UTC"),
        ),
    ),
    "end classes": (
        P.START_END,
        lambda access: bulk.start(actor=access.person, what="end", keys=[access.room.key], token="t"),
    ),
    "announce": (
        P.RUN,
        lambda access: bulk.preview(actor=access.person, what="announce", keys=[access.room.key]),
    ),
    "record classes": (
        P.RECORD,
        lambda access: bulk.preview(actor=access.person, what="record", keys=[access.room.key]),
    ),
}


@pytest.mark.parametrize("role", User.Role.values)
@pytest.mark.parametrize("what", OTHERS)
def test_commands_outside_the_runner_are_refused_too(school: School, what: str, role: str) -> None:
    needed, do = OTHERS[what]
    access = access_to(person_of(role, school), school.room)
    if needed in permissions.rights_of(role):
        do(access)
    else:
        with pytest.raises(NotAllowed):
            do(access)


def test_access_without_the_permission_is_refused(school: School) -> None:
    observer = person_of("observer", school)
    assert access_to(observer, school.room).room == school.room
    with pytest.raises(NotAllowed, match="Observer"):
        access_to(observer, school.room, to=P.RUN)
    with pytest.raises(NotYours):
        access_to(observer, make_room("Foreign"), to=P.RUN)


# --- sets ---


def sees(user: User, room: Room) -> bool:
    return visible_rooms(user).filter(pk=room.pk).exists()


def test_coordinator_sees_the_classes_of_the_set(school: School) -> None:
    listed, other = ClassList.objects.create(name="7b"), ClassList.objects.create(name="8a")
    of_list, of_other = make_room("Latin", class_list=listed), make_room("Greek", class_list=other)
    person = User.objects.create_user("c@school.test", "x", role="coordinator")
    assert not sees(person, school.room)
    changed = supervision.choose_set(
        actor=school.administrator, person=person, teachers=[school.teacher], lists=[listed], everything=True
    )
    assert changed
    assert [sees(person, room) for room in (school.room, of_list, of_other)] == [True, True, False]
    assert set(visible_lists(person)) == {listed}
    again = supervision.choose_set(
        actor=school.administrator, person=person, teachers=[school.teacher], lists=[listed], everything=True
    )
    assert not again  # a coordinator never sees everything, so the tick is ignored
    assert Entry.objects.filter(action="account.set").count() == 1


def test_observer_may_see_all_classes(school: School) -> None:
    person = User.objects.create_user("o@school.test", "x", role="observer")
    assert not sees(person, school.room)
    supervision.choose_set(actor=school.administrator, person=person, teachers=[], lists=[], everything=True)
    assert sees(User.objects.get(pk=person.pk), school.room)


def test_assistant_sees_classes_that_the_teacher_joined_but_not_as_a_substitute(school: School) -> None:
    assistant = person_of("assistant", school)
    school.teacher.identities.create(user_uuid="ana-at-home")
    joined, covered = make_room("Joined"), make_room("Covered")
    for number, room in enumerate((joined, covered), start=20):
        make_person(room, number, user_uuid="ana-at-home", role="teacher", was_teacher=True)
    now = clock.now()
    Substitution.objects.create(
        teacher=school.teacher, room=covered, made_by=school.administrator,
        starts_at=now - 2 * HOUR, ends_at=now - HOUR,
    )  # fmt: skip
    assert [sees(assistant, room) for room in (joined, covered)] == [True, False]
    Substitution.objects.update(ends_at=now + HOUR)
    assert sees(assistant, covered)


def test_only_administrators_choose_sets(school: School) -> None:
    coordinator = person_of("coordinator", school)
    with pytest.raises(NotAllowed):
        supervision.choose_set(actor=coordinator, person=coordinator, teachers=[], lists=[], everything=True)
    with pytest.raises(ActionRefused):
        supervision.choose_set(
            actor=school.administrator, person=school.teacher, teachers=[], lists=[], everything=True
        )


# --- substitution for a list or a teacher ---


def test_substitute_for_a_teacher_has_their_classes_in_the_period(school: School) -> None:
    coordinator = person_of("coordinator", school)
    now, user = clock.now(), school.other_teacher
    made = wide_substitutions.appoint(
        actor=coordinator, substitute=user, of_teacher=school.teacher, starts_at=now, ends_at=now + HOUR
    )
    later = make_room("Scheduled later")
    RoomTeacher.objects.create(room=later, user=school.teacher)
    foreign = make_room("Foreign")
    assert [sees(user, room) for room in (school.room, later, foreign)] == [True, True, False]
    assert wide_substitutions.end(actor=coordinator, pk=made.pk) == made
    assert not sees(user, school.room)
    assert wide_substitutions.end(actor=coordinator, pk=made.pk) is None
    done = Entry.objects.filter(action__startswith="substitute.").order_by("pk")
    assert [entry.action for entry in done] == ["substitute.appoint", "substitute.end"]


def test_coordinator_can_not_appoint_themselves_and_so_keep_classes(school: School) -> None:
    coordinator, now = person_of("coordinator", school), clock.now()
    times = {"starts_at": now, "ends_at": now + HOUR}
    with pytest.raises(ActionRefused, match="yourself"):
        wide_substitutions.appoint(
            actor=coordinator, substitute=coordinator, of_teacher=school.teacher, **times
        )
    with pytest.raises(ActionRefused, match="yourself"):
        substitutions.appoint(access_to(coordinator, school.room), substitute=coordinator, **times)
    Supervision.objects.filter(person=coordinator).delete()
    assert not sees(coordinator, school.room)
    administrator = school.administrator
    wide_substitutions.appoint(
        actor=administrator, substitute=administrator, of_teacher=school.teacher, **times
    )


def test_substitute_for_a_list_has_its_classes(school: School) -> None:
    listed = ClassList.objects.create(name="7b", owner=school.other_teacher)
    room, now, user = make_room("Latin", class_list=listed), clock.now(), school.teacher
    wide_substitutions.appoint(
        actor=school.administrator, substitute=user, class_list=listed, starts_at=now, ends_at=now + HOUR
    )
    assert sees(user, room)
    Substitution.objects.update(ends_at=now)
    assert not sees(user, room)


def test_coordinator_appoints_only_in_the_set(school: School) -> None:
    coordinator, now = person_of("coordinator", school), clock.now()
    times = {"starts_at": now, "ends_at": now + HOUR}
    with pytest.raises(NotYours):
        wide_substitutions.appoint(
            actor=coordinator, substitute=school.teacher, of_teacher=school.other_teacher, **times
        )
    foreign = ClassList.objects.create(name="8a", owner=school.other_teacher)
    with pytest.raises(NotYours):
        wide_substitutions.appoint(actor=coordinator, substitute=school.teacher, class_list=foreign, **times)
    with pytest.raises(NotAllowed):
        wide_substitutions.appoint(
            actor=school.teacher, substitute=school.other_teacher, of_teacher=school.teacher, **times
        )
    theirs = wide_substitutions.appoint(
        actor=school.administrator, substitute=school.teacher, of_teacher=school.other_teacher, **times
    )
    assert list(wide_substitutions.open_substitutions(school.administrator)) == [theirs]
    assert not wide_substitutions.open_substitutions(coordinator)
    assert wide_substitutions.end(actor=coordinator, pk=theirs.pk) is None


def test_people_who_do_not_teach_are_not_appointed(school: School) -> None:
    now = clock.now()
    with pytest.raises(ActionRefused):
        wide_substitutions.appoint(
            actor=school.administrator, substitute=person_of("observer", school), of_teacher=school.teacher,
            starts_at=now, ends_at=now + HOUR,
        )  # fmt: skip


@pytest.mark.parametrize("about", ["of_teacher", "class_list"])
def test_all_ways_to_ask_have_the_same_answer(school: School, about: str) -> None:
    listed = ClassList.objects.create(name="7b")
    Room.objects.filter(pk=school.room.pk).update(class_list=listed)
    now, user = clock.now(), school.other_teacher
    given = {about: listed if about == "class_list" else school.teacher}
    wide_substitutions.appoint(
        actor=school.administrator, substitute=user, starts_at=now, ends_at=now + HOUR, **given
    )
    assert own_room_ids([user.pk])[user.pk] == set(visible_rooms(user).values_list("pk", flat=True))
    assert own_room_ids([user.pk])[user.pk] == {school.room.pk}
    Substitution.objects.update(starts_at=now - 2 * HOUR, ends_at=now - HOUR)
    assert own_room_ids([user.pk])[user.pk] == set(visible_rooms(user).values_list("pk", flat=True)) == set()


def test_a_class_that_a_teacher_joined_as_a_substitute_for_another_is_not_theirs(school: School) -> None:
    """Neither the set of that teacher nor a later substitute for that teacher gets the class."""
    substitute, now = school.other_teacher, clock.now()
    CloudIdentity.objects.create(user=substitute, user_uuid="stand-in")
    make_person(school.room, 77, user_uuid="stand-in", was_teacher=True)
    coordinator = User.objects.create_user("c@role.test", "x", role="coordinator")
    Supervision.objects.create(person=coordinator, teacher=substitute)
    third = User.objects.create_user("t@role.test", "x", role="teacher")
    wide_substitutions.appoint(
        actor=school.administrator, substitute=third, of_teacher=substitute, starts_at=now, ends_at=now + HOUR
    )
    people = (substitute, coordinator, third)
    assert [sees(one, school.room) for one in people] == [True, True, True]
    Substitution.objects.create(
        teacher=substitute,
        of_teacher=school.teacher,
        starts_at=now - 2 * HOUR,
        ends_at=now - HOUR,
        made_by=school.administrator,
    )
    assert [sees(one, school.room) for one in people] == [False, False, False]
    for one in people:
        ids = set(visible_rooms(one).values_list("pk", flat=True))
        assert visible_room_ids([one])[one.pk] == ids == set()


@pytest.mark.parametrize("role", ["teacher", "coordinator", "assistant", "observer"])
def test_reports_may_nest_the_query_of_visible_classes_three_times(db: None, role: str) -> None:
    """SQLite refuses a query that is nested too deeply ("parser stack overflow")."""
    found = visible_rooms(User.objects.create_user("n@role.test", "x", role=role))
    for _ in range(3):
        found = Room.objects.filter(pk__in=found.values("pk"))
    assert not found.exists()
