"""Compare what is stored with what happened in the simulator."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from classroom_admin.agora.answers import read_json
from classroom_admin.common import clock
from classroom_admin.rooms.models import Gap, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import projector, room_refresh
from classroom_admin.sync.models import NUMBERED, InboxAnswer, RoomCursor, RoomRefresh, StoredEvent
from tests.sync.comparison import assert_rooms_match

Number = tuple[str, int]


def wait_until(condition: Callable[[], bool], *, within_s: float, every_s: float = 0.05) -> float:
    """Wait for a condition and return the seconds it took. Raise AssertionError when it stays false."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, f"not within {within_s} s"
        time.sleep(every_s)
    return time.monotonic() - began


def all_stored(sim: RunningSimulator) -> bool:
    """Return whether all events are stored, and none waits to be parsed or projected."""
    return (
        StoredEvent.objects.filter(stream__in=NUMBERED).count() == sim.world.emitted
        and not InboxAnswer.objects.filter(read_at=None).exists()
        and not RoomCursor.objects.filter(project_due_at__isnull=False).exists()
    )


def assert_nothing_lost_nothing_twice(sim: RunningSimulator, *, cloud: Any = None) -> None:
    """Check that no event is missing, stored twice or different, and that projecting again changes no row.

    Characters that a database cannot store are compared as U+FFFD. With `cloud` (a client), also check that
    the read models are equal to the rooms and people of the cloud.
    """
    missing, twice, different = [], [], []
    for uuid, events in _happened(sim).items():
        rows = _stored(uuid)
        here = dict(rows)
        twice += [uuid] * (len(rows) - len(here))
        missing += [(uuid, number) for number in events.keys() - here.keys()]
        different += [
            (uuid, number)
            for number, raw in events.items()
            if number in here and json.loads(here[number]) != read_json(raw)
        ]
        assert not here.keys() - events.keys(), "stored, but never happened"
    assert (len(missing), len(twice), len(different)) == (0, 0, 0), (missing[:5], twice[:5], different[:5])
    assert not Gap.objects.exists()
    for cursor in RoomCursor.objects.filter(stream__in=NUMBERED).select_related("room"):
        last = max(
            (number for stream, number in _numbers(sim, cursor.room.room_uuid) if stream == cursor.stream),
            default=0,
        )
        assert (cursor.stored_sequence, cursor.projected_sequence) == (last, last), cursor
    changed = {pk: projector.project_again(pk).rows for pk in Room.objects.values_list("id", flat=True)}
    assert sum(changed.values()) == 0, {pk: rows for pk, rows in changed.items() if rows}
    if cloud is not None:
        read_names(cloud)
        assert_rooms_match(sim)


def read_names(cloud: Any) -> None:
    """Refresh the rooms that are due: names come from no event."""
    due = RoomRefresh.objects.filter(profile_due_at__lte=clock.now(), room__gone_at=None)
    while due.exists():
        assert not room_refresh.refresh_due(cloud).problems


def _numbers(sim: RunningSimulator, uuid: str) -> Iterable[Number]:
    return _happened(sim).get(uuid, {})


_cache: tuple[object, int, dict[str, dict[Number, bytes]]] = (None, -1, {})


def _happened(sim: RunningSimulator) -> dict[str, dict[Number, bytes]]:
    """Return every event of the simulator by room, stream and number."""
    global _cache
    if _cache[0] is not sim.world or _cache[1] != sim.world.emitted:

        def tell(world: Any) -> dict[str, dict[Number, bytes]]:
            rooms: dict[str, dict[Number, bytes]] = {}
            for event in world.events:
                rooms.setdefault(event.room_uuid, {})[event.stream, event.sequence] = event.raw
            return rooms

        _cache = (sim.world, sim.world.emitted, sim.do(tell))
    return _cache[2]


def _stored(uuid: str) -> list[tuple[Number, str]]:
    rows = StoredEvent.objects.filter(room__room_uuid=uuid, stream__in=NUMBERED).order_by(
        "stream", "sequence"
    )
    return [
        ((stream, number), raw)
        for stream, number, raw in rows.values_list("stream", "sequence", "raw").iterator()
    ]
