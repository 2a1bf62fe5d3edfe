"""A worker leaves out the rooms that another worker is working on, and projects all others."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.common import clock
from classroom_admin.sync import inbox, projector, registry
from classroom_admin.sync.models import InboxAnswer, RoomCursor
from classroom_admin.sync.tasks import project_due
from tests.sync.conftest import room

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database"),
]
LONGEST_S = 60


def store(name: str) -> int:
    """Store an event of a room. Return the room's id."""
    event = {"roomUuid": name, "cmd": 3, "sequence": 1, "ts": clock.now_ms(), "data": {"message": "hello"}}
    body = json.dumps({"code": 0, "msg": "Success", "data": [event]}).encode()
    raw = RawAnswer(body=body, http_status=200, received_at_ms=clock.now_ms(), request_id=None, path="")
    inbox.read(inbox.keep(raw, source=InboxAnswer.Source.POLL).pk)
    return room(name).pk


@contextmanager
def another_worker_has(room_id: int) -> Iterator[None]:
    """Let another connection lock one cursor of a room while the block runs."""
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                RoomCursor.objects.select_for_update().filter(room_id=room_id, stream="popupQuiz").get()
                locked.set()
                over.wait(LONGEST_S)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert locked.wait(LONGEST_S)
        yield
    finally:
        over.set()
        other.join(LONGEST_S)


def test_rooms_of_another_worker_are_left_out_and_stay_due() -> None:
    theirs, ours = store("theirs"), store("ours")
    with another_worker_has(theirs):
        project_due()
        assert (room("theirs").event_count, room("ours").event_count) == (0, 1)
        assert projector.due_rooms() == [theirs]
        assert ours not in projector.due_rooms()
    project_due()
    assert room("theirs").event_count == 1
    assert projector.due_rooms() == []


def test_a_room_is_locked_as_a_whole_or_not_at_all() -> None:
    theirs, ours = store("theirs"), store("ours")
    with another_worker_has(theirs), transaction.atomic():
        assert set(registry.lock_free_rooms([theirs, ours])) == {ours}
    with transaction.atomic():
        assert set(registry.lock_free_rooms([theirs, ours])) == {theirs, ours}
