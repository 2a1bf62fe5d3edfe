"""Pages of people who want to come in hear of changes, and cost one query a second for all of them."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator

import pytest

from classroom_admin.integrations.joining import actions, identities, links, selectors
from classroom_admin.integrations.joining.models import JoinRequest
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Room, RoomState
from tests.realtime.serving import PATIENCE_S, Server, until
from tests.school import School

Stream = http.client.HTTPResponse


@pytest.fixture
def asked(school: School) -> list[JoinRequest]:
    page = links.page_of(school.room)
    return [actions.ask(page, identities.guest(f"Student {n}", browser=str(n))) for n in range(20)]


@pytest.fixture
def follow(server: Server) -> Iterator[Callable[..., Stream]]:
    """Return a function that opens the stream of a ticket, from the mark of what its page shows."""
    opened: list[http.client.HTTPConnection] = []

    def follows(ticket: str, mark: str | None = None) -> Stream:
        mark = selectors.marks_of([ticket]).get(ticket, "") if mark is None else mark
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        opened.append(connection)
        connection.request("GET", f"/join/waiting/{ticket}/stream?v={mark}")
        return connection.getresponse()

    yield follows
    for connection in opened:
        connection.close()


def told(stream: Stream) -> bool:
    """Return whether the stream told of a change before it ended."""
    return b"event: changed" in stream.read()


def test_only_the_person_who_was_let_in_is_told(
    school: School, server: Server, asked: list[JoinRequest], follow: Callable[..., Stream]
) -> None:
    streams = [follow(one.ticket) for one in asked]
    assert all(one.status == 200 for one in streams)
    pages = server.front.join_pages
    until(lambda: pages.count == len(asked))
    before = pages.queries
    actions.let_in(access_to(school.teacher, school.room), pks=[asked[3].pk])
    assert told(streams[3])
    until(lambda: pages.count == len(asked) - 1)
    assert pages.queries - before <= 3 * PATIENCE_S  # queries, not pages times queries
    Room.objects.filter(pk=school.room.pk).update(state=RoomState.ENDED)
    assert all(told(one) for one in (*streams[:3], *streams[4:]))
    until(lambda: pages.count == 0)


def test_change_before_the_stream_opened_is_told_at_once(
    school: School, asked: list[JoinRequest], follow: Callable[..., Stream]
) -> None:
    mark = selectors.marks_of([asked[0].ticket])[asked[0].ticket]
    actions.refuse(access_to(school.teacher, school.room), pks=[asked[0].pk])
    assert told(follow(asked[0].ticket, mark))


def test_unknown_ticket_and_too_many_pages_are_refused(
    asked: list[JoinRequest], follow: Callable[..., Stream], server: Server
) -> None:
    assert follow("unknown").status == 204  # the browser does not connect again
    for _ in range(4):
        assert follow(asked[0].ticket).status == 200
    assert follow(asked[0].ticket).status == 429
    assert follow(asked[1].ticket).status == 200
    server.loop.call_soon_threadsafe(server.front.join_pages.end_streams)
    until(lambda: server.front.join_pages.count == 0)
    assert follow(asked[1].ticket).status == 429
