"""Permission for a class: who gets it, at which cost, and that nothing acts on a class without it."""

from __future__ import annotations

import ast
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404

import classroom_admin
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.rooms.access import ClassAccess, NotYours, access_by_key, access_to
from classroom_admin.rooms.models import Participant, Room, RoomTeacher

PRODUCT = Path(classroom_admin.__file__).parent


@pytest.fixture
def room(db: None) -> Room:
    return Room.objects.create(room_uuid="maths", name="Maths 7b")


def account(name: str, role: str = User.Role.TEACHER, **columns: Any) -> User:
    return User.objects.create_user(f"{name}@school.test", "x", role=role, **columns)


def teacher_of(room: Room, **columns: Any) -> User:
    teacher = account("ada", **columns)
    RoomTeacher.objects.create(room=room, user=teacher)
    return teacher


def test_assigned_teacher_gets_access_in_one_query(room: Room, django_assert_num_queries: Any) -> None:
    teacher = teacher_of(room)
    with django_assert_num_queries(1):
        access = access_to(teacher, room)
    with django_assert_num_queries(1):
        found = access_by_key(teacher, room.key)
    assert access == found
    assert (access.person, access.room) == (teacher, room)


def test_teacher_who_joined_as_a_teacher_gets_access(room: Room) -> None:
    teacher = account("ada")
    CloudIdentity.objects.create(user=teacher, user_uuid="ada 1")
    Participant.objects.create(room=room, user_uuid="ada 1", was_teacher=True)
    assert access_to(teacher, room) == access_by_key(teacher, room.key)


def test_administrator_gets_access_without_a_further_query(
    room: Room, django_assert_num_queries: Any
) -> None:
    administrator = account("admin", User.Role.ADMINISTRATOR)
    with django_assert_num_queries(0):
        access_to(administrator, room)
    with django_assert_num_queries(1):
        access_by_key(administrator, room.key)


def test_another_teacher_is_answered_like_for_a_class_that_does_not_exist(room: Room) -> None:
    other = account("other")
    asked = (lambda: access_to(other, room), lambda: access_by_key(other, room.key))
    for ask in (*asked, lambda: access_by_key(other, "no such key")):
        with pytest.raises(NotYours) as refused:
            ask()
        assert isinstance(refused.value, Http404)
        assert str(refused.value) == str(NotYours())


@pytest.mark.parametrize("role", User.Role.values)
def test_deactivated_person_gets_no_access(room: Room, role: str) -> None:
    gone = teacher_of(room, role=role, is_active=False)
    with pytest.raises(NotYours):
        access_to(gone, room)
    with pytest.raises(NotYours):
        access_by_key(gone, room.key)


def test_access_can_neither_be_made_nor_changed_without_the_check(room: Room) -> None:
    make: Any = ClassAccess
    other = account("other")
    for arguments in ((other, room), (other, room, object()), (other, room, None), (other, room, True)):
        with pytest.raises(TypeError):
            make(*arguments)
    access: Any = access_to(teacher_of(room), room)
    with pytest.raises(FrozenInstanceError):
        access.person = other
    with pytest.raises(ValueError, match="checked"):
        replace(access, person=other)


def functions(package: str) -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in sorted((PRODUCT / package).rglob("*.py")):
        tree = ast.parse(path.read_text())
        found += [(path.name, each) for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    return found


def test_only_the_module_of_access_makes_it() -> None:
    makers = {
        path.relative_to(PRODUCT).as_posix()
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and "ClassAccess" in ast.unparse(node.func)
    }
    assert makers == {"rooms/access.py"}


def test_no_action_takes_a_person_and_a_class_without_proof_of_permission() -> None:
    # Assigning a class needs an administrator, and the function checks that itself.
    allowed = {("people.py", name) for name in ("assign_room", "unassign_room")}
    allowed |= {("account_changes.py", "record_change")}  # it only records
    # A worker creates a scheduled class as the person who scheduled it. `copy_files_later` asks for access.
    allowed |= {("class_lists.py", "use_planned_list"), ("same_class.py", "copy_files_later")}
    allowed |= {("scheduling.py", name) for name in ("_hand_over", "_recording_of_kept")}
    taking_both = set()
    for module, function in functions("actions"):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        kinds = {ast.unparse(each.annotation) for each in arguments if each.annotation is not None}
        if "User" in kinds and {"Room", "Room | None"} & kinds:
            taking_both.add((module, function.name))
    assert taking_both == allowed


def test_access_is_the_first_argument_of_every_action_that_takes_it() -> None:
    takers = 0
    for module, function in functions("actions"):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        places = [
            n
            for n, each in enumerate(arguments)
            if each.annotation and "ClassAccess" in ast.unparse(each.annotation)
        ]
        takers += bool(places)
        assert places == list(range(len(places))), f"{module}: {function.name}"  # one, or one of each class
    assert takers > 20
