"""What people without classes are told to do next."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.actions import class_lists
from classroom_admin.rooms.models import Room, RoomTeacher
from classroom_admin.web.class_list.first_steps import steps_for

pytestmark = pytest.mark.django_db
TITLE = "You have no classes yet"


@pytest.fixture
def administrator() -> User:
    return User.objects.create_superuser("admin@school.test", "x", name="Ada")


@pytest.fixture
def teacher(administrator: User) -> User:
    return User.objects.create_user("teacher@school.test", "x", name="Tea")


def page_of(person: User, query: str = "") -> Any:
    client = Client()
    client.force_login(person)
    answer = client.get("/" + query)
    assert answer.status_code == 200
    return answer.content.decode()


def open_steps(person: User) -> list[str]:
    return [step.address for step in steps_for(person) if not step.done]


def test_empty_installation_says_what_to_do_next(administrator: User) -> None:
    page = page_of(administrator)
    assert TITLE in page
    for name in ("settings:overview", "people:create", "lists:make", "live:create"):
        assert f'<a href="{reverse(name)}">' in page


def test_steps_that_are_done_are_marked(administrator: User, teacher: User) -> None:
    assert reverse("people:create") not in open_steps(administrator)
    assert reverse("lists:make") in open_steps(administrator)
    class_lists.make_list(actor=administrator, name="7b")
    assert reverse("lists:make") not in open_steps(administrator)


def test_teacher_without_classes_learns_how_classes_appear(teacher: User) -> None:
    page = page_of(teacher)
    assert TITLE in page
    assert "Ask an administrator to enter your cloud user id" in page
    assert reverse("people:create") not in page
    assert not steps_for(teacher)[0].done
    CloudIdentity.objects.create(user=teacher, user_uuid="teacher-1")
    assert steps_for(teacher)[0].done


def test_people_with_classes_see_no_first_steps(administrator: User, teacher: User) -> None:
    room = Room.objects.create(room_uuid="r", name="Latin")
    assert TITLE not in page_of(administrator)
    assert TITLE in page_of(teacher), "not a class of theirs"
    RoomTeacher.objects.create(room=room, user=teacher)
    assert TITLE not in page_of(teacher)
    assert TITLE not in page_of(teacher, "?q=nothing"), "a search that finds nothing is no empty installation"
