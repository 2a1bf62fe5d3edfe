"""Store a notice when a class gets an alert.

Alerts are not stored: they are computed from the state of a class and the time. So a task computes them, and
compares them with the alerts that were open before. An alert that begins and ends between two runs of the
task gives no notice, because nobody could act on it. An acknowledged alert stays open.

The pages compute alerts, and this package may not import pages. So they install their function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from classroom_admin.common import clock
from classroom_admin.common.clock import iso, to_ms
from classroom_admin.integrations.notices import recorder
from classroom_admin.integrations.notices.models import Notice, OpenAlert
from classroom_admin.integrations.notices.occurrences import Occurrence
from classroom_admin.rooms.models import Room


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert that a class has now. `since` is when its cause began (cloud time)."""

    room_id: int
    kind: str
    since: datetime


def _none() -> Iterable[Raised]:
    return ()


_read: Callable[[], Iterable[Raised]] = _none


def install(read: Callable[[], Iterable[Raised]]) -> None:
    """Read the alerts of all live classes with this function from now on."""
    global _read
    _read = read


def find_raised() -> int:
    """Store a notice for each new alert, and forget the alerts that are over. Return how many are new."""
    now_open = {(one.room_id, one.kind): one for one in _read()}
    before = {(one.room_id, one.kind): one.pk for one in OpenAlert.objects.all()}
    if over := [pk for key, pk in before.items() if key not in now_open]:
        OpenAlert.objects.filter(pk__in=over).delete()
    new: dict[int, list[Raised]] = {}
    for key, one in now_open.items():
        if key not in before:
            new.setdefault(one.room_id, []).append(one)
    return sum(_store(room_id, raised) for room_id, raised in _in_order(new))


def _in_order(new: Mapping[int, list[Raised]]) -> list[tuple[int, list[Raised]]]:
    return [(room_id, sorted(raised, key=lambda one: one.since)) for room_id, raised in sorted(new.items())]


def _store(room_id: int, raised: list[Raised]) -> int:
    now = clock.cloud_now()
    with transaction.atomic():
        room = Room.objects.select_for_update().filter(pk=room_id).first()
        if room is None:
            return 0
        OpenAlert.objects.bulk_create(OpenAlert(room=room, kind=one.kind, since=one.since) for one in raised)
        found = [
            Occurrence(
                kind=Notice.Kind.ALERT_RAISED,
                name=f"{one.kind} {to_ms(one.since)}",
                at=now,
                data={"alert": one.kind, "since": iso(one.since)},
            )
            for one in raised
        ]
        return len(recorder.record(room, found))
