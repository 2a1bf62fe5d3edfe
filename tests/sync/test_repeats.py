"""An event that only repeats another one is stored as such, in any order of arrival."""

from __future__ import annotations

import pytest

from classroom_admin.sync import projector
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom.events import EventPage
from tests.sync.conftest import room
from tests.sync.test_breakout_rooms import BEN, event
from tests.sync.test_order import arrive, project_all

pytestmark = pytest.mark.django_db(transaction=True)
ENTERS = event("r", 1, 20, {"onlineUsers": [BEN]})
WAVES = event("r", 2, 1502, {"addProgressUsers": [{"userUuid": "ben"}]})
TOLD = event("r", 3, 4, {"changeProperties": {"processes.waveArm.progress": [{"userUuid": "ben"}]}})
STARTS = event("r", 4, 4, {"changeProperties": {"record": {"state": 1}}})
NAMES = event("r", 5, 1001, {"state": 1, "recordId": "a"})


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (0, 2, 4, 1, 3)])
def test_which_events_repeat_does_not_depend_on_the_order_of_arrival(order: tuple[int, ...]) -> None:
    events = [ENTERS, WAVES, TOLD, STARTS, NAMES]
    for number in order:
        arrive([events[number]])
        project_all()
    assert list(
        StoredEvent.objects.filter(repeats=True).order_by("sequence").values_list("sequence", flat=True)
    ) == [
        3,
        5,
    ]
    here = room("r")
    assert list(here.recordings.values_list("record_id", "state")) == [("a", "recording")]
    words = [row["words"].replace("\u2068", "").replace("\u2069", "") for row in EventPage(here).rows]
    assert sum("raised a hand" in sentence or "Raised hands:" in sentence for sentence in words) == 1
    assert sum("recording started" in sentence for sentence in words) == 1
    assert projector.project_again(here.pk).rows == 0
