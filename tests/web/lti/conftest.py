"""A learning platform, its teacher and student, and an activity that opens a class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from classroom_admin import agora
from classroom_admin.accounts.models import User
from classroom_admin.agora.config import CloudConfig
from classroom_admin.integrations.lti.models import AccountLink, Course, Platform, ResourceLink
from classroom_admin.rooms.models import Room, RoomTeacher
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.lti import Moodle, lms, moodle
from tests.school import make_room


@pytest.fixture(scope="package")
def running() -> Iterator[Moodle]:
    with moodle() as found:
        yield found


@pytest.fixture(autouse=True)
def _empty_cache(settings: Any) -> Iterator[None]:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def simulator(settings: Any) -> Iterator[RunningSimulator]:
    """A simulated cloud that the commands really call."""
    with running_simulator(plain=True) as sim:
        settings.AGORA = CloudConfig(
            base_url=sim.base_url, fallback_url="", region="eu", app_id=sim.app_id,
            app_certificate=sim.app_certificate, uid="server", requests_per_second=0,
        )  # fmt: skip
        yield sim
        agora.client_for(settings.AGORA).close()


@pytest.fixture
def platform(db: None, running: Moodle) -> Moodle:
    running.row()
    return running


@pytest.fixture
def row(platform: Moodle) -> Platform:
    return Platform.objects.get()


@pytest.fixture
def ana() -> Any:
    return lms.Person("sub-ana", "Ana Torres", "ana@school.test", role="Instructor")


@pytest.fixture
def leo() -> Any:
    return lms.Person("sub-leo", "Leo Park", "leo@school.test")


@pytest.fixture
def teacher(row: Platform) -> User:
    """Ana's account, connected with the platform."""
    user = User.objects.create_user("ana@school.test", "quiet-otter-lamp", name="Ana Torres")
    AccountLink.objects.create(platform=row, sub="sub-ana", user=user)
    return user


@pytest.fixture
def room(teacher: User) -> Room:
    made = make_room("Cells")
    RoomTeacher.objects.create(room=made, user=teacher)
    return made


@pytest.fixture
def link(row: Platform, room: Room, teacher: User) -> ResourceLink:
    """The activity "activity-1" opens Ana's class."""
    course = Course.objects.create(
        platform=row, deployment_id="deployment-1", context_id="course-1", title="Biology 7b", owner=teacher,
        members_url=f"{row.issuer}/members",
    )  # fmt: skip
    return ResourceLink.objects.create(
        platform=row, course=course, resource_link_id="activity-1", room=room, room_uuid=room.room_uuid,
        made_by=teacher,
    )  # fmt: skip
