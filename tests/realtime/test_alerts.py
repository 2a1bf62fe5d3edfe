"""What changes in the list by time alone, by a command and by a snooze, reaches those who watch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.web.class_list import acknowledgement
from classroom_admin.web.class_list.views import ListOfClasses
from tests.realtime.serving import Server
from tests.realtime.test_list_channel import Open, change, tiles, watch  # noqa: F401
from tests.school import School, make_room


@pytest.fixture(autouse=True)
def stepped(school: School) -> Iterator[clock.SteppedClock]:
    """Time stands still until a test steps it."""
    with clock.use(clock.SteppedClock(clock.now())) as source:
        yield source


def soon_over_time(seconds: float, name: str = "Soon over time") -> Room:
    """A class about which somebody is told in so many seconds."""
    end = clock.now() - timedelta(minutes=5) + timedelta(seconds=seconds)
    return make_room(name, teachers_online=1, planned_end_at=end)


def test_over_time_comes_without_any_event(
    school: School, server: Server, watch: Open, stepped: clock.SteppedClock  # noqa: F811
) -> None:  # fmt: skip
    room = soon_over_time(2)
    page = watch()
    renders = server.hub.lists.renders
    stepped.step(2)
    told = page.changes()
    assert tiles(told) == {room.pk}
    assert 'data-reasons="over_time"' in told.data
    assert server.hub.lists.renders == renders + 1
    assert room.pk not in server.hub.lists._dues  # nothing is left that time alone would change in it


def test_a_filtered_list_is_told_too(school: School, watch: Open, stepped: clock.SteppedClock) -> None:  # noqa: F811
    soon_over_time(2)
    page = watch(query="q=soon")
    stepped.step(2)
    assert 'data-reasons="over_time"' in page.changes().data


def test_a_teacher_hears_of_their_own_only(school: School, watch: Open, stepped: clock.SteppedClock) -> None:  # noqa: F811
    soon_over_time(1)
    own = soon_over_time(3, "Soon over, own")
    own.teachers.create(user=school.teacher)
    page = watch(school.teacher)
    stepped.step(3)
    assert tiles(page.changes()) == {own.pk}


def test_a_snooze_and_that_it_is_taken_back_are_told(school: School, watch: Open) -> None:  # noqa: F811
    room = soon_over_time(-60)
    page = watch()
    acknowledgement.snooze(actor=school.administrator, room=room, kinds=["over_time"], minutes=5)
    told = page.changes()
    assert tiles(told) == {room.pk}
    assert "Acknowledged by Ruth" in told.data
    assert "data-reasons" not in told.data
    acknowledgement.take_back(actor=school.administrator, room=room, kinds=["over_time"])
    assert 'data-reasons="over_time"' in page.changes().data


def test_a_refused_command_is_told(school: School, watch: Open) -> None:  # noqa: F811
    page = watch()
    entry = record(actor=school.teacher, action="class.end", room_uuid=school.room.room_uuid)
    add_step(entry, Step.Kind.REQUESTED)
    add_step(entry, Step.Kind.FAILED, {"error": "RateLimited"})
    told = page.changes()
    assert tiles(told) == {school.room.pk}
    assert "Refused by the cloud: End the class" in told.data


def test_who_comes_back_after_a_reason_came_by_time_gets_the_list(
    school: School, watch: Open, stepped: clock.SteppedClock  # noqa: F811
) -> None:  # fmt: skip
    soon_over_time(2)
    before = ListOfClasses(school.administrator, {}).version
    page = watch(v=before)
    stepped.step(2)
    assert 'data-reasons="over_time"' in page.changes().data
    assert 'data-reasons="over_time"' in watch(v=before).changes().data
