"""Events as pages show them."""

from __future__ import annotations

import pytest

from classroom_admin.common import clock
from classroom_admin.common.redaction import pretty
from classroom_admin.rooms.models import Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom.events import event_rows


@pytest.mark.parametrize("raw", ["", "{", "[]", "null", "7"])
def test_event_that_is_not_json_is_shown_as_unreadable(raw: str) -> None:
    row = StoredEvent(stream="room", cmd=3, raw=raw, received_at=clock.now())
    (shown,) = event_rows(Room(), [row], names={})
    assert shown["words"] == "Unreadable event"
    assert pretty(raw) is not None
