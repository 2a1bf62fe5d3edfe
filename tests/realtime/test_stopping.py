"""A web process that stops ends its streams at once, and says when to come back: not to all the same time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from classroom_admin.realtime.hub import SHORTEST_RETURN_S
from classroom_admin.runtime.http_protocol import BoundedProtocol
from tests.realtime.conftest import session_of, version_of
from tests.realtime.serving import Reader, Server, running_server, until
from tests.school import School

PAGES = 12


@pytest.fixture
def server(school: School) -> Iterator[Server]:
    """The server with the protocol of production. It would wait ten minutes for requests in progress."""
    with running_server(http=BoundedProtocol, timeout_graceful_shutdown=600) as running:
        yield running


def test_streams_end_when_the_server_stops_and_come_back_at_different_times(
    school: School, server: Server
) -> None:
    session = session_of(school, school.administrator)
    path = f"/live/classes/{school.room.key}/stream?v={version_of(school.room)}"
    pages = [Reader(server, path, session) for _ in range(PAGES)]
    pages.append(Reader(server, "/live/classes/stream", session))
    for page in pages:
        page.hello()
    server.begin_to_stop()
    waits = set()
    for page in pages:
        lines = page.lines_to_the_end()
        [retry] = [line.removeprefix("retry: ") for line in lines if line.startswith("retry: ")]
        assert "event: end" not in lines  # after this event, pages would not come back
        waits.add(int(retry))
        page.close()
    assert min(waits) >= SHORTEST_RETURN_S * 1000
    assert len(waits) > PAGES / 2
    until(lambda: server.has_stopped)
