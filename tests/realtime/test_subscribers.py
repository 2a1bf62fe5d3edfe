"""Readers that do not read, or disconnect, do not block others."""

from __future__ import annotations

import socket

from classroom_admin.rooms.models import ChatMessage
from tests.realtime.conftest import Open, session_of, version_of
from tests.realtime.serving import Server, until
from tests.school import School


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
