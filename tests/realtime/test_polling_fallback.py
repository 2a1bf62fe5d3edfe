"""Pages that cannot hold a stream poll: without changes they are answered before Django."""

from __future__ import annotations

import http.client
import json

from django.contrib.sessions.models import Session

from classroom_admin.rooms.models import Participant, RoomTeacher
from tests.realtime.conftest import session_of, version_of
from tests.realtime.serving import Server, until
from tests.school import School, make_room


class PollingPage:
    """A polling page, with the token of its last response."""

    def __init__(self, server: Server, school: School, session: str) -> None:
        self.server, self.school, self.session, self.ticket = server, school, session, ""

    def ask(
        self, version: str = "", *, ticket: str | None = None, session: str | None = None, key: str = ""
    ) -> int:
        """Return the status of the response. Sets `was_quick`: whether Django was bypassed."""
        ticket = self.ticket if ticket is None else ticket
        room = self.school.room
        path = f"/live/classes/{key or room.key}/?v={version or version_of(room)}&t={ticket}"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        cookie = f"sessionid={self.session if session is None else session}"
        connection.request("GET", path, headers={"Cookie": cookie, "HX-Request": "true"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        told = json.loads(answer.getheader("HX-Trigger") or "{}").get("live:polled", {})
        self.ticket = told.get("ticket", self.ticket)
        self.was_quick = "spread" in told
        return answer.status

    def settled(self) -> bool:
        return self.ask() == 204 and self.was_quick


def asker(server: Server, school: School) -> PollingPage:
    page = PollingPage(server, school, session_of(school, school.teacher))
    assert page.ask() == 204
    assert not page.was_quick
    assert page.ticket
    until(page.settled)
    return page


def test_unchanged_page_is_answered_without_django(school: School, server: Server) -> None:
    page = asker(server, school)
    before = version_of(school.room)
    school.change(Participant.objects.get(user_uuid="ana"), hand_raised=True)
    until(lambda: page.ask(before) == 200)
    assert not page.was_quick
    until(page.settled)


def test_token_is_invalid_for_others(school: School, server: Server) -> None:
    page = asker(server, school)
    other = session_of(school, school.other_teacher)
    assert page.ask(session=other) == 404
    assert page.ask(session="") == 401
    assert page.ask(key=make_room("Another's").key) == 404
    user, expires, signature = page.ticket.split(".")
    for forged in (f"{user}.{int(expires) + 9}.{signature}", f"{user}.{expires}.{'0' * 40}", "x", ""):
        page.ask(ticket=forged)
        assert not page.was_quick


def test_lost_right_ends_polling_within_ten_seconds(school: School, server: Server) -> None:
    page = asker(server, school)
    RoomTeacher.objects.all().delete()
    until(lambda: page.ask() == 404, within_s=10)
    page = PollingPage(server, school, session_of(school, school.administrator))
    page.ask()
    until(page.settled)
    Session.objects.all().delete()
    until(lambda: page.ask() == 401, within_s=10)


def test_polling_without_changes_costs_no_query(school: School, server: Server) -> None:
    page = asker(server, school)
    reads = server.hub.reads
    assert all(page.settled() for _ in range(50))
    assert server.hub.reads - reads <= 3  # nothing changed, so nothing is read again
