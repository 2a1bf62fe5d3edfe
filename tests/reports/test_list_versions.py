"""A class that has closed keeps the people who were on its list when it closed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from classroom_admin.accounts.models import User
from classroom_admin.actions import class_lists as actions
from classroom_admin.actions.class_lists import Person
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.rooms import class_lists
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, ListVersion, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import gaps, projector
from tests.stepped_clock import SteppedClock, use
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)

ADA, BEN = Person(name="Ada", user_uuid="u1", group="a"), Person(name="Ben")


@pytest.fixture
def head() -> User:
    return User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)


@pytest.fixture
def made(head: User, sim: RunningSimulator, cloud: Client) -> ClassList:
    """A list with Ada, used by a class that runs."""
    made = actions.make_list(actor=head, name="7b")
    change(head, made, ADA)
    sim.make_room("r1", roomName="One", state=1)
    assert sync_once() == ""
    actions.use_list(access_to(head, room("r1")), class_list=made)
    return made


def change(head: User, made: ClassList, *people: Person) -> None:
    made.refresh_from_db()
    actions.set_people(actor=head, class_list=made, people=people, version=made.version)


def close(sim: RunningSimulator) -> None:
    sim.room("r1", "state", state=2)
    sim.room("r1", "state", state=3)


def names_of(room_uuid: str = "r1") -> list[str]:
    """Return the names in the report, which must be those that a page reads with the room."""
    here = room(room_uuid)
    annotated: Any = Room.objects.annotate(listed=class_lists.listed_people()).get(pk=here.pk)
    assert class_lists.listed(annotated) == class_lists.listed(here)
    return [row["list_name"] for row in attendance_as_json(here)["rows"]]


def test_a_change_of_the_list_reaches_a_running_class_but_no_closed_one(
    head: User, made: ClassList, sim: RunningSimulator
) -> None:
    change(head, made, ADA, BEN)
    assert names_of() == ["Ada", "Ben"]
    close(sim)
    assert sync_once() == ""
    change(head, made, BEN)
    assert names_of() == ["Ada", "Ben"]
    (row, _ben) = attendance_as_json(room("r1"))["rows"]
    assert (row["user_id"], row["group"]) == ("u1", "a")


def test_projecting_again_keeps_the_version_of_the_list(
    head: User, made: ClassList, sim: RunningSimulator
) -> None:
    close(sim)
    assert sync_once() == ""
    kept = room("r1").list_version_id
    change(head, made, BEN)
    call_command("rebuild", "r1")
    Room.objects.update(projection_version=0, state=None, closed_at=None)
    projector.project_again(room("r1").pk)
    assert room("r1").list_version_id == kept
    assert names_of() == ["Ada"]


def test_the_list_counts_as_it_was_at_the_close_even_if_we_learn_of_the_close_later(
    head: User, made: ClassList, sim: RunningSimulator
) -> None:
    close(sim)
    with use(SteppedClock(clock.now())) as ours:
        ours.step(60)
        change(head, made, BEN)
        ours.step(60)
        change(head, made, ADA, BEN)
    assert sync_once() == ""
    assert names_of() == ["Ada"]


def test_a_deleted_list_stays_with_its_closed_classes(
    head: User, made: ClassList, sim: RunningSimulator
) -> None:
    close(sim)
    assert sync_once() == ""
    change(head, made, BEN)
    actions.delete_list(actor=head, class_list=made)
    assert names_of() == ["Ada"]
    assert str(ListVersion.objects.get()) == "7b, version 2"


def test_a_list_that_is_deleted_while_the_class_runs_leaves_nothing(head: User, made: ClassList) -> None:
    change(head, made, BEN)
    actions.delete_list(actor=head, class_list=made)
    assert not ListVersion.objects.exists()
    assert names_of() == []


def test_a_list_chosen_after_the_close_counts_as_it_is_then(
    head: User, made: ClassList, sim: RunningSimulator
) -> None:
    close(sim)
    assert sync_once() == ""
    change(head, made, BEN)
    actions.use_list(access_to(head, room("r1")), class_list=made)
    assert names_of() == ["Ben"]
    change(head, made, ADA)
    assert names_of() == ["Ben"]
    actions.use_list(access_to(head, room("r1")), class_list=None)
    assert room("r1").list_version is None


def test_a_room_that_the_cloud_deleted_keeps_its_list(head: User, made: ClassList) -> None:
    gaps.lock(room("r1").pk)
    gaps.give_up(room("r1"), end_lost=True)
    change(head, made, BEN)
    assert names_of() == ["Ada"]


def numbers() -> list[int]:
    return list(ListVersion.objects.order_by("number").values_list("number", flat=True))


def test_classes_of_one_version_share_it_and_unused_versions_go(
    head: User, made: ClassList, sim: RunningSimulator
) -> None:
    sim.make_room("r2", roomName="Two", state=1)
    assert sync_once() == ""
    actions.use_list(access_to(head, room("r2")), class_list=made)
    close(sim)
    sim.room("r2", "state", state=3)
    assert sync_once() == ""
    assert room("r1").list_version_id == room("r2").list_version_id
    change(head, made, BEN)
    change(head, made, ADA, BEN)
    assert numbers() == [1, 2, 3]
    with use(SteppedClock(clock.now())) as ours:
        ours.step(8 * 86_400)
        change(head, made, ADA)
    assert numbers() == [2, 4], "the one that the classes keep, and the one that was just replaced"
