"""Alerts that arise by time, by a command or by an acknowledgement are sent to subscribers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Gap, Room, RoomState
from classroom_admin.web.class_list import acknowledgement
from classroom_admin.web.class_list.views import ListOfClasses
from tests.realtime.conftest import Open
from tests.realtime.serving import Server
from tests.realtime.test_list_channel import change, tiles
from tests.school import School, make_room
from tests.stepped_clock import SteppedClock, use


@pytest.fixture(autouse=True)
def stepped(school: School) -> Iterator[SteppedClock]:
    """Time stands still until a test steps it."""
    with use(SteppedClock(clock.now())) as source:
        yield source


def soon_over_time(seconds: float, name: str = "Soon over time") -> Room:
    """A class about which somebody is told in so many seconds."""
    end = clock.now() - timedelta(minutes=5) + timedelta(seconds=seconds)
    return make_room(name, teachers_online=1, planned_end_at=end)


def test_overtime_alert_is_sent_without_an_event(
    school: School, server: Server, watch_list: Open, stepped: SteppedClock
) -> None:  # fmt: skip
    room = soon_over_time(2)
    page = watch_list()
    renders = server.hub.lists.renders
    stepped.step(2)
    told = page.changes()
    assert tiles(told) == {room.pk}
    assert 'data-reasons="over_time"' in told.data
    assert server.hub.lists.renders == renders + 1
    assert room.pk not in server.hub.lists._dues  # nothing is left that time alone would change in it


def test_overtime_alert_reaches_filtered_lists(
    school: School, watch_list: Open, stepped: SteppedClock
) -> None:
    soon_over_time(2)
    page = watch_list(query="q=soon")
    stepped.step(2)
    assert 'data-reasons="over_time"' in page.changes().data


def test_teacher_gets_alerts_of_own_classes_only(
    school: School, watch_list: Open, stepped: SteppedClock
) -> None:
    soon_over_time(1)
    own = soon_over_time(3, "Soon over, own")
    own.teachers.create(user=school.teacher)
    page = watch_list(school.teacher)
    stepped.step(3)
    assert tiles(page.changes()) == {own.pk}


def test_number_of_classes_that_need_attention_is_sent_when_it_changes(
    school: School, watch_list: Open, stepped: SteppedClock
) -> None:
    Gap.objects.all().delete()  # the only alert of the other class
    room = soon_over_time(2)
    page, filtered = watch_list(), watch_list(query="q=nothing")
    change(room, hands_raised=1)
    assert 'id="alerts"' not in page.changes().data
    stepped.step(2)
    told = page.changes().data
    assert 'id="alerts"' in told
    assert 'data-count="1"' in told
    data = filtered.changes().data
    while 'data-count="1"' not in data:
        data = filtered.changes().data
    change(room, state=RoomState.ENDED, people_online=0)
    told = page.changes().data
    assert 'data-count="0"' in told
    assert "No classes need attention" in told


def test_acknowledgement_and_its_end_are_sent(school: School, watch_list: Open) -> None:
    room = soon_over_time(-60)
    page = watch_list()
    acknowledgement.acknowledge(access_to(school.administrator, room), kinds=["over_time"], minutes=5)
    told = page.changes()
    assert tiles(told) == {room.pk}
    assert "Acknowledged by Ruth" in told.data
    assert "data-reasons" not in told.data
    acknowledgement.cancel_acknowledgement(access_to(school.administrator, room), kinds=["over_time"])
    assert 'data-reasons="over_time"' in page.changes().data


def test_refused_command_is_sent_as_an_alert(school: School, watch_list: Open) -> None:
    page = watch_list()
    entry = record(actor=school.teacher, action="class.end", room_uuid=school.room.room_uuid)
    add_step(entry, Step.Kind.REQUESTED)
    add_step(entry, Step.Kind.FAILED, {"error": "RateLimited"})
    told = page.changes()
    assert tiles(told) == {school.room.pk}
    assert "Refused by the cloud: End the class" in told.data


def test_returning_page_gets_alerts_that_arose_meanwhile(
    school: School, watch_list: Open, stepped: SteppedClock
) -> None:  # fmt: skip
    soon_over_time(2)
    before = ListOfClasses(school.administrator, {}).version
    page = watch_list(v=before)
    stepped.step(2)
    assert 'data-reasons="over_time"' in page.changes().data
    assert 'data-reasons="over_time"' in watch_list(v=before).changes().data
