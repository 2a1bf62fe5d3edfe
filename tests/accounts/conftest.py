"""A school with an administrator and two teachers, and clients signed in as each of them."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.test import Client

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.rooms.models import Participant, Room, RoomTeacher

PASSWORD = "quiet-otter-lamp"


@dataclass
class School:
    administrator: User
    teacher: User
    other: User
    assigned: Room  # to `teacher`, by an administrator
    taught: Room  # by `teacher`, with the cloud user id frau-berg
    unassigned: Room


@pytest.fixture(autouse=True)
def _no_failed_sign_ins():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def school(db: None) -> School:
    create = User.objects.create_user
    administrator = create("admin@school.test", PASSWORD, name="Ada Admin", role=User.Role.ADMINISTRATOR)
    teacher = create("berg@school.test", PASSWORD, name="Frau Berg", role=User.Role.TEACHER)
    other = create("other@school.test", PASSWORD, name="Mr Other", role=User.Role.TEACHER)
    CloudIdentity.objects.create(user=teacher, user_uuid="frau-berg")
    assigned = Room.objects.create(room_uuid="room-given", name="Algebra")
    taught = Room.objects.create(room_uuid="room-taught", name="Biology")
    unassigned = Room.objects.create(room_uuid="room-nobodys", name="Chemistry")
    RoomTeacher.objects.create(room=assigned, user=teacher)
    Participant.objects.create(room=taught, user_uuid="frau-berg", role="teacher", was_teacher=True)
    return School(administrator, teacher, other, assigned, taught, unassigned)


@pytest.fixture
def browser_of() -> Callable[[User | None], Client]:
    """Return a client in which the person is signed in; None: nobody."""

    def browser(person: User | None) -> Client:
        client = Client()
        if person is not None:
            client.force_login(person)
        return client

    return browser


@pytest.fixture
def admin(school: School, browser_of: Callable[[User | None], Client]) -> Client:
    return browser_of(school.administrator)
