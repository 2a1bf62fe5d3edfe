"""A simulated cloud that the commands really call, the people of a school, and a class with a pupil in it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from classroom_admin import agora
from classroom_admin.accounts.models import User
from classroom_admin.actions import scheduled, tasks  # noqa: F401 - the tasks register the handlers
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.agora.config import CloudConfig
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Recording, Role, Room, RoomTeacher
from classroom_admin.simulator.testing import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as running:
        yield running


def config_for(url: str, *, app_id: str, app_certificate: str, **more: Any) -> CloudConfig:
    return CloudConfig(
        base_url=url,
        fallback_url="",
        region="eu",
        app_id=app_id,
        app_certificate=app_certificate,
        uid="server",
        requests_per_second=0,
        **more,
    )


@pytest.fixture
def sim(simulator: RunningSimulator, settings: Any) -> Iterator[RunningSimulator]:
    """The module's simulator, without faults, as the configured cloud."""
    simulator.clear_faults()
    settings.AGORA = config_for(
        simulator.base_url, app_id=simulator.app_id, app_certificate=simulator.app_certificate
    )
    yield simulator
    simulator.clear_faults()
    agora.client_for(settings.AGORA).close()


@dataclass(frozen=True)
class School:
    administrator: User
    teacher: User
    other_teacher: User
    room: Room
    pupil: Participant


def make_person(email: str, role: str = User.Role.TEACHER) -> User:
    return User.objects.create_user(email, "x", role=role, name=email.partition("@")[0])


def make_school(room_uuid: str) -> School:
    room = Room.objects.create(room_uuid=room_uuid, name="Maths 7b")
    teacher = make_person("teacher@school.test")
    RoomTeacher.objects.create(room=room, user=teacher)
    pupil = Participant.objects.create(
        room=room, user_uuid="ada", name="Ada", role=Role.STUDENT, online=True, entered_at=timezone.now()
    )
    return School(
        administrator=make_person("admin@school.test", User.Role.ADMINISTRATOR),
        teacher=teacher,
        other_teacher=make_person("other@school.test"),
        room=room,
        pupil=pupil,
    )


@pytest.fixture
def school(db: None, sim: RunningSimulator) -> School:
    """The class is at the cloud and known here; Ada is in it, on both sides."""
    room_uuid = f"maths {uuid4().hex[:12]}"
    sim.make_room(room_uuid, roomName="Maths 7b")
    sim.room(room_uuid, "enter", userUuid="ada", userName="Ada")
    return make_school(room_uuid)


@pytest.fixture
def truth(sim: RunningSimulator, school: School) -> Callable[[], dict[str, Any]]:
    """What the simulator knows of the class."""

    def read() -> dict[str, Any]:
        return next(row for row in sim.oracle(room=school.room.room_uuid)["rooms"])

    return read


@pytest.fixture
def person(truth: Callable[[], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    """What the simulator knows of one person in the class."""

    def read(user_uuid: str) -> dict[str, Any]:
        return next(user for user in truth()["users"] if user["userUuid"] == user_uuid)

    return read


def kinds(entry: Entry) -> list[str]:
    return [step.kind for step in entry.steps.order_by("id")]


def last_detail(entry: Entry) -> dict[str, Any]:
    return entry.steps.order_by("id").last().detail


def reason_code(entry: Entry) -> str:
    """The code of the problem on record for a failed command."""
    return str(last_detail(entry)["reason"]["code"])


def on_record() -> str:
    """Every word of the record, as one text to search in."""
    rows: list[Any] = []
    for entry in Entry.objects.prefetch_related("steps"):
        rows += [entry.actor_name, entry.action, entry.target, entry.target_name, entry.params]
        rows += [step.detail for step in entry.steps.all()]
    return json.dumps(rows, ensure_ascii=False)


def make_recording(room: Room, record_id: str, *, mode: str = "web", **fields: Any) -> Recording:
    return Recording.objects.create(
        room=room,
        record_id=record_id,
        mode=mode,
        **{
            "state": Recording.State.RECORDING,
            "started_sequence": 1,
            "started_at": timezone.now(),
            **fields,
        },
    )


def run_due(*kinds: ScheduledCommand.Kind, first: int | None = None) -> int:
    """Run what is due, as a worker does. Return how many commands were claimed."""
    before = _attempts()
    scheduled.work(kinds or tuple(ScheduledCommand.Kind), first=first, within_s=60)
    return _attempts() - before


def _attempts() -> int:
    return sum(ScheduledCommand.objects.values_list("attempts", flat=True))


def let_it_be_due(**which: Any) -> None:
    """Do what time does: whatever waits for its time, a retry or the end of a lease can be claimed now."""
    ScheduledCommand.objects.filter(claimable_at__isnull=False, **which).update(claimable_at=clock.now())
