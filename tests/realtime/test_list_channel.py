"""The stream of the class list: single tiles, to people who may see them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime

from classroom_admin.common import clock
from classroom_admin.realtime.rights import Right
from classroom_admin.realtime.subscriber import Subscriber
from classroom_admin.rooms.models import Room, RoomState, RoomTeacher
from classroom_admin.web.class_list.channel import ListChannel
from classroom_admin.web.class_list.live_classes import Traits
from classroom_admin.web.class_list.rendering import Known
from classroom_admin.web.class_list.views import ListOfClasses
from tests.realtime.serving import Event, Reader, Server
from tests.school import School, make_room

Open = Callable[..., Reader]


def change(room: Room, **columns: object) -> None:
    """Change a room as the projector does."""
    Room.objects.filter(pk=room.pk).update(version=Room.objects.get(pk=room.pk).version + 1, **columns)


def tiles(told: Event) -> set[int]:
    return {int(pk) for pk in re.findall(r'<li id="room-(\d+)" class="tile"', told.data)}


def test_a_change_resends_one_tile_rendered_once(school: School, server: Server, watch_list: Open) -> None:
    for number in range(60):
        make_room(f"Class {number}", teachers_online=1)
    pages = [watch_list() for _ in range(8)]
    before = server.hub.lists.renders
    change(school.room, hands_raised=7)
    told = [page.changes() for page in pages]
    assert tiles(told[0]) == {school.room.pk}
    assert "7 raised hands" in told[0].data
    assert {one.data for one in told} == {told[0].data}
    assert server.hub.lists.renders == before + 1
    assert told[0].size < 4096


def test_name_without_an_event_is_sent(school: School, watch_list: Open) -> None:
    page = watch_list()
    Room.objects.filter(pk=school.room.pk).update(name="Read from the cloud")
    told = page.changes()
    assert tiles(told) == {school.room.pk}
    assert "Read from the cloud" in told.data


def test_a_teacher_is_sent_their_own_classes_only(school: School, watch_list: Open) -> None:
    other = make_room("Somebody else's")
    page = watch_list(school.teacher)
    change(other, hands_raised=1)
    change(school.room, hands_raised=1)
    told = page.changes()
    assert tiles(told) == {school.room.pk}
    assert "Somebody else" not in told.data


def test_ended_class_leaves_the_live_list(school: School, watch_list: Open) -> None:
    stays = make_room("Stays")
    page = watch_list()
    change(school.room, state=RoomState.ENDED, people_online=0)
    told = page.changes()
    assert f'<li id="room-{school.room.pk}" hx-swap-oob="delete">' in told.data
    assert re.search(rf'id="classes-past".*id="room-{school.room.pk}"', told.data, re.DOTALL)
    assert re.search(r'<span id="live-number"[^>]*>1</span>', told.data)
    assert f'"room-{stays.pk}"' not in told.data


def test_started_class_is_sent_as_a_tile(school: School, watch_list: Open) -> None:
    planned = make_room("Planned", state=RoomState.NOT_STARTED)
    page = watch_list()
    change(planned, state=RoomState.STARTED)
    assert tiles(page.changes()) == {planned.pk}
    new = make_room("Nobody announced it")
    assert tiles(page.changes()) == {new.pk}


def test_filtered_lists_are_updated(school: School, watch_list: Open) -> None:
    page = watch_list(query="hands=up")
    quiet = make_room("Quiet", teachers_online=1)  # without an alert
    assert "Quiet" not in page.changes().data
    change(quiet, hands_raised=1)
    told = page.changes().data
    while "Quiet" not in told:
        told = page.changes().data
    assert 'id="classes-live"' in told


def test_returning_page_gets_the_list_only_if_it_changed(school: School, watch_list: Open) -> None:
    back = watch_list(v="-")
    told = back.changes()
    assert 'id="classes-live"' in told.data
    assert told.id == ListOfClasses(school.administrator, {}).version
    page = watch_list(v=told.id)
    change(school.room, hands_raised=3)
    assert tiles(page.changes()) == {school.room.pk}  # and nothing came before it


def test_newly_assigned_class_appears(school: School, watch_list: Open) -> None:
    other = make_room("Given later")
    page = watch_list(school.teacher)
    RoomTeacher.objects.create(room=other, user=school.teacher)
    assert "Given later" in page.changes().data


def test_last_page_may_leave_during_a_tick() -> None:
    class Leaving:
        """Threads in whose time the last page goes."""

        async def run(self, *_: object) -> tuple[datetime, dict[int, object]]:
            lists.leave(subscriber)
            return clock.cloud_now(), {7: "late"}

    lists = ListChannel(Leaving())
    subscriber = Subscriber(Right(1, "administrator", False, "", "", None), language="en")
    lists._known = {7: Known(1, "cloud-room", (), Traits(True, False, True, False))}
    asyncio.run(lists.tick())
    assert lists._known is None


def crowd(count: int) -> list[Room]:
    """Classes without an alert, in the order of their names."""
    return [make_room(f"Class {number:03}", teachers_online=1) for number in range(count)]


def test_a_page_is_sent_only_the_tiles_that_it_holds(school: School, watch_list: Open) -> None:
    Room.objects.filter(pk=school.room.pk).delete()
    rooms = crowd(130)
    page, longer = watch_list(), watch_list(query="tiles=120")
    change(rooms[100], hands_raised=1)
    told = page.changes()
    assert tiles(told) == set()
    assert re.search(r'<span id="n-hands"[^>]*>1</span>', told.data)
    assert told.size < 1500
    assert tiles(longer.changes()) == {rooms[100].pk}
    change(rooms[59], people_online=9)
    assert tiles(page.changes()) == {rooms[59].pk}
    change(rooms[60], people_online=9)  # nothing that the first page shows
    change(rooms[0], people_online=9)
    assert tiles(page.changes()) == {rooms[0].pk}


def test_an_alert_brings_a_class_into_the_tiles_and_its_end_takes_it_away(
    school: School, watch_list: Open
) -> None:
    Room.objects.filter(pk=school.room.pk).delete()
    rooms = crowd(130)
    page = watch_list()
    change(rooms[100], teachers_online=0)  # after two minutes an alert: the class began 20 minutes ago
    told = page.changes()
    assert tiles(told) == {rooms[100].pk}
    assert f'id="alert-{rooms[100].pk}"' in told.data
    change(rooms[100], teachers_online=1)
    told = page.changes()
    assert tiles(told) == set()
    assert f'<li id="room-{rooms[100].pk}" hx-swap-oob="delete">' in told.data
    assert 'data-count="0"' in told.data


def test_numbers_follow_the_classes_of_the_person(school: School, watch_list: Open) -> None:
    other = make_room("Somebody else's", teachers_online=1)
    own = make_room("Own", teachers_online=1)
    own.teachers.create(user=school.teacher)
    page = watch_list(school.teacher)
    change(other, hands_raised=1)
    change(own, hands_raised=1)
    assert re.search(r'<span id="n-hands"[^>]*>2</span>', page.changes().data)  # the school's class has one
    change(own, state=RoomState.ENDED, people_online=0)
    told = page.changes().data
    assert re.search(r'<span id="n-hands"[^>]*>1</span>', told)
    assert re.search(r'<span id="live-number"[^>]*>1</span>', told)


def test_a_page_that_joins_does_not_swallow_a_change_for_the_others(
    school: School, server: Server, watch_list: Open
) -> None:
    """A new page reads the list anew, perhaps before the others were sent what changed."""
    room = make_room("Choir", teachers_online=1)
    first = watch_list()
    change(room, hands_raised=1)  # the next page must read the list again
    assert tiles(first.changes()) == {room.pk}
    lists = server.hub.lists

    async def change_and_read() -> None:
        (group,) = lists._groups.values()
        async with lists._turn:  # no change is sent meanwhile
            await lists._threads.run(change, room, hands_raised=0, teachers_online=0)
            await lists._read_whole(group, for_all=False)

    server.do(change_and_read())
    told = first.changes().data
    assert re.search(r'<span id="n-hands"[^>]*>1</span>', told)  # the hand of the school's class
    assert f'id="alert-{room.pk}"' in told
