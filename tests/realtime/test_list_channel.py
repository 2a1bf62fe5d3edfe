"""The stream of the list of classes: single tiles, to those who may see them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.realtime.rights import Right
from classroom_admin.realtime.subscriber import Subscriber
from classroom_admin.rooms.models import Room, RoomState, RoomTeacher
from classroom_admin.web.class_list.channel import ListChannel
from classroom_admin.web.class_list.views import ListOfClasses
from tests.realtime.conftest import session_of
from tests.realtime.serving import Event, Reader, Server, until
from tests.school import School, make_room

Open = Callable[..., Reader]


@pytest.fixture
def watch(school: School, server: Server) -> Iterator[Open]:
    """``watch(user)``: a page that shows this person's list as it is now."""
    readers: list[Reader] = []

    def opened(user: User | None = None, query: str = "", v: str | None = None) -> Reader:
        user = user or school.administrator
        asked = dict(part.split("=") for part in query.split("&") if part)
        version = ListOfClasses(user, asked).version if v is None else v
        before = server.hub.lists.subscribers
        reader = Reader(server, f"/live/classes/stream?v={version}&{query}", session_of(school, user))
        readers.append(reader)
        reader.hello()
        until(lambda: server.hub.lists.subscribers > before)
        return reader

    yield opened
    for reader in readers:
        reader.close()


def change(room: Room, **columns: object) -> None:
    """What the fold does to the room's own row."""
    Room.objects.filter(pk=room.pk).update(version=Room.objects.get(pk=room.pk).version + 1, **columns)


def tiles(told: Event) -> set[int]:
    return {int(pk) for pk in re.findall(r'<li id="room-(\d+)" class="tile"', told.data)}


def test_a_change_resends_one_tile_rendered_once(school: School, server: Server, watch: Open) -> None:
    for number in range(60):
        make_room(f"Class {number}")
    pages = [watch() for _ in range(8)]
    before = server.hub.lists.renders
    change(school.room, hands_raised=7)
    told = [page.changes() for page in pages]
    assert tiles(told[0]) == {school.room.pk}
    assert "7 hands" in told[0].data
    assert {one.data for one in told} == {told[0].data}
    assert server.hub.lists.renders == before + 1
    assert told[0].size < 4096


def test_a_name_that_no_event_told_is_sent_too(school: School, watch: Open) -> None:
    page = watch()
    Room.objects.filter(pk=school.room.pk).update(name="Read from the cloud")
    told = page.changes()
    assert tiles(told) == {school.room.pk}
    assert "Read from the cloud" in told.data


def test_a_teacher_is_sent_their_own_classes_only(school: School, watch: Open) -> None:
    other = make_room("Somebody else's")
    page = watch(school.teacher)
    change(other, hands_raised=1)
    change(school.room, hands_raised=1)
    told = page.changes()
    assert tiles(told) == {school.room.pk}
    assert "Somebody else" not in told.data


def test_a_class_that_ends_leaves_and_the_numbers_follow(school: School, watch: Open) -> None:
    stays = make_room("Stays")
    page = watch()
    change(school.room, state=RoomState.ENDED, people_online=0)
    told = page.changes()
    assert f'<li id="room-{school.room.pk}" hx-swap-oob="delete">' in told.data
    assert re.search(rf'id="classes-past".*id="room-{school.room.pk}"', told.data, re.DOTALL)
    assert 'Live <span class="number">1</span>' in told.data
    assert f'"room-{stays.pk}"' not in told.data


def test_a_class_that_begins_comes_as_a_tile(school: School, watch: Open) -> None:
    planned = make_room("Planned", state=RoomState.NOT_STARTED)
    page = watch()
    change(planned, state=RoomState.STARTED)
    assert tiles(page.changes()) == {planned.pk}
    new = make_room("Nobody announced it")
    assert tiles(page.changes()) == {new.pk}


def test_filters_and_pages_are_followed(school: School, watch: Open) -> None:
    page = watch(query="hands=up")
    quiet = make_room("Quiet")
    assert "Quiet" not in page.changes().data
    change(quiet, hands_raised=1)
    told = page.changes().data
    while "Quiet" not in told:
        told = page.changes().data
    assert 'id="classes"' in told


def test_who_comes_back_gets_what_is_seen_unless_nothing_changed(school: School, watch: Open) -> None:
    back = watch(v="-")
    told = back.changes()
    assert 'id="classes"' in told.data
    assert told.id == ListOfClasses(school.administrator, {}).version
    page = watch(v=told.id)
    change(school.room, hands_raised=3)
    assert tiles(page.changes()) == {school.room.pk}  # and nothing came before it


def test_a_class_that_one_is_given_appears(school: School, watch: Open) -> None:
    other = make_room("Given later")
    page = watch(school.teacher)
    RoomTeacher.objects.create(room=other, user=school.teacher)
    assert "Given later" in page.changes().data


def test_the_last_page_may_leave_while_the_time_is_read() -> None:
    class Leaving:
        """Threads in whose time the last page goes."""

        async def run(self, *_: object) -> tuple[datetime, dict[int, object]]:
            lists.leave(subscriber)
            return clock.cloud_now(), {7: "late"}

    lists = ListChannel(Leaving())
    subscriber = Subscriber(Right(1, True, "", "", None), language="en")
    lists._known = {7: (1, True, "cloud-room", ())}
    asyncio.run(lists.tick())
    assert lists._known is None
