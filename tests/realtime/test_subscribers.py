"""Readers that do not read, or disconnect, do not block others."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from django.db.models import F

from classroom_admin.realtime.hub import Hub
from classroom_admin.rooms.models import ChatMessage, Room
from classroom_admin.web.class_list.channel import ListChannel
from classroom_admin.web.classroom import rendering
from tests.realtime.conftest import Open, session_of, version_of
from tests.realtime.serving import PATIENCE_S, Reader, Server, running_server, until
from tests.school import School, make_room

OPEN_CLASSES = 20


def test_reader_that_does_not_read_is_cut_off_and_others_are_served(
    school: School, server: Server, watch: Open
) -> None:
    page = watch()
    page.hello()
    slow = socket.create_connection(("127.0.0.1", server.port))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asked = f"GET /live/classes/{school.room.key}/stream?v={version_of(school.room)} HTTP/1.1\r\nHost: x\r\n"
    slow.sendall(f"{asked}Cookie: sessionid={session_of(school, school.teacher)}\r\n\r\n".encode())
    channel = until(lambda: server.hub.channel(school.room.pk))
    until(lambda: channel.subscribers == 2)
    message = ChatMessage.objects.first()
    number = 0
    while server.hub.subscribers == 2:
        number += 1
        assert number < 200, "the reader was never cut off"
        school.change(message, text=f"{number} " + "x" * 400_000)
        assert f"{number} x" in page.changes().data
    assert channel.subscribers == 1
    slow.close()


def test_disconnected_pages_are_dropped(school: School, server: Server, watch: Open) -> None:
    pages = [watch() for _ in range(5)]
    for page in pages:
        page.hello()
    for page in pages[1:]:
        page.close()
    until(lambda: server.hub.subscribers == 1)
    until(lambda: server.hub.channel(school.room.pk).subscribers == 1)


def test_heartbeat_has_the_age_of_the_data(school: School, server: Server, watch: Open) -> None:
    page = watch()
    beat = page.event("polled")
    assert beat is not None
    assert beat.facts["age"] >= 0
    assert beat.facts["spread"] == 1


class HeldPages:
    """The real class pages. Each update waits for a place of `places` before it is rendered."""

    def __init__(self) -> None:
        self.places = threading.Semaphore(0)
        self.waiting = 0
        self.is_held = False
        self.page = SimpleNamespace(
            load=rendering.load, whole_parts=rendering.whole_parts, render=self._render
        )

    def _render(self, room: Room, **options: Any) -> Any:
        if self.is_held:
            self.waiting += 1
            assert self.places.acquire(timeout=PATIENCE_S)
        return rendering.render(room, **options)

    def hub(self) -> Hub:
        return Hub(class_page=self.page, list_channel=ListChannel)  # type: ignore[arg-type]


def test_page_that_opens_does_not_wait_for_the_updates_of_all_other_classes(school: School) -> None:
    held = HeldPages()
    rooms = [make_room(f"Class {number}") for number in range(OPEN_CLASSES)]
    session = session_of(school, school.administrator)
    with running_server(hub=held.hub) as server, ThreadPoolExecutor(1) as elsewhere:
        pages = [_page(server, room, session) for room in rooms]
        until(lambda: all(_is_ready(server, room) for room in rooms))
        held.is_held = True
        Room.objects.filter(pk__in=[room.pk for room in rooms]).update(version=F("version") + 1)
        until(lambda: held.waiting)
        late = elsewhere.submit(_page, server, school.room, session)
        updates = 0
        while not late.done():
            before = held.waiting
            held.places.release()
            updates += 1
            until(lambda before=before: held.waiting > before or late.done())
        assert updates <= OPEN_CLASSES // 2
        held.is_held = False
        for _ in rooms:
            held.places.release()
        for page in [*pages, late.result()]:
            page.close()


def _page(server: Server, room: Room, session: str) -> Reader:
    """Open the stream of a class, and wait for its first event."""
    reader = Reader(server, f"/live/classes/{room.key}/stream?v={version_of(room)}", session)
    reader.hello()
    return reader


def _is_ready(server: Server, room: Room) -> bool:
    channel = server.hub.channel(room.pk)
    return channel is not None and channel.subscribers == 1 and channel.skips_unchanged_parts
