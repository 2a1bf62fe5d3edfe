"""A learning platform with a course, its students, and an activity that opens a class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from classroom_admin.accounts.models import User
from classroom_admin.integrations.lti.models import Course, Platform, ResourceLink
from classroom_admin.integrations.lti.services import LINE_ITEMS, SCORES
from classroom_admin.rooms.models import Room, RoomTeacher
from tests.lti import Moodle, lms, moodle
from tests.school import make_room


@pytest.fixture(scope="package")
def running() -> Iterator[Moodle]:
    with moodle() as found:
        yield found


@pytest.fixture
def server(running: Moodle) -> Any:
    """The platform, with five members of a course and nothing in its gradebook."""
    found = running.server
    found.people = [
        lms.Person("sub-ana", "Ana Torres", "ana@school.test", role="Instructor"),
        lms.Person("sub-leo", "Leo Park", "leo@school.test"),
        lms.Person("sub-mia", "Mia Chen"),
        lms.Person("sub-sam", "Sam Weiss", "sam@school.test"),
        lms.Person("sub-old", "Old Student", status="Inactive"),
    ]
    found.line_items, found.scores, found.requests, found.fail_next = [], [], [], []
    return found


@pytest.fixture
def platform(db: None, running: Moodle, server: Any, settings: Any) -> Iterator[Platform]:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    cache.clear()
    yield running.row()
    cache.clear()


@pytest.fixture
def teacher(db: None) -> User:
    return User.objects.create_user("ana@school.test", "quiet-otter-lamp", name="Ana Torres")


@pytest.fixture
def course(platform: Platform, teacher: User) -> Course:
    return Course.objects.create(
        platform=platform, deployment_id="deployment-1", context_id="course-1", title="Biology 7b",
        owner=teacher, members_url=f"{platform.issuer}/members",
    )  # fmt: skip


@pytest.fixture
def room(teacher: User) -> Room:
    made = make_room("Cells")
    RoomTeacher.objects.create(room=made, user=teacher)
    return made


@pytest.fixture
def link(platform: Platform, course: Course, room: Room, teacher: User) -> ResourceLink:
    """The activity "activity-1" opens the class and has a gradebook."""
    return ResourceLink.objects.create(
        platform=platform, course=course, resource_link_id="activity-1", title="Cells", room=room,
        room_uuid=room.room_uuid, made_by=teacher, grade=ResourceLink.Grade.ATTENDANCE,
        line_items_url=f"{platform.issuer}/lineitems?type_id=7", scopes=[LINE_ITEMS, SCORES],
    )  # fmt: skip
