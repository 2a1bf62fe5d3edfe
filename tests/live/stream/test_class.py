"""The stream of a class: what is sent, once for all, and to whom. Real server, real writes."""

from __future__ import annotations

from classroom_admin.rooms.models import Participant
from tests.live.conftest import School
from tests.live.stream.conftest import Open, version_of
from tests.live.stream.serving import Server, until


def raise_hand(school: School, user_uuid: str, *, up: bool = True) -> None:
    school.change(Participant.objects.get(user_uuid=user_uuid), hand_raised=up)


def test_a_change_reaches_a_page_that_is_up_to_date(school: School, server: Server, watch: Open) -> None:
    page = watch()
    assert (page.status, page.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert "no-store" in page.headers["cache-control"]
    assert page.headers["x-accel-buffering"] == "no"
    assert page.hello().facts["age"] >= 0
    until(lambda: server.hub.channel(school.room.pk).watchers)
    raise_hand(school, "ana")
    told = page.changes()
    assert "Ana Torres" in told.data
    assert told.id == version_of(school.room)
