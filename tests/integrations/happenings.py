"""Let things happen in a class, as the recorder of notices stores them."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from classroom_admin.common import clock
from classroom_admin.integrations.notices import receivers
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.occurrences import Occurrence
from classroom_admin.integrations.notices.recorder import record
from classroom_admin.rooms.models import Room


def happen(room: Room, kind: str, name: str = "", **data: Any) -> Notice:
    """Store a notice and hand it over to the receivers."""
    one = Occurrence(
        kind=Notice.Kind(kind), name=name or f"{clock.now()} {data}", at=clock.cloud_now(), data=data
    )
    with transaction.atomic():
        [notice] = record(room, [one])
    receivers.hand_over()
    return notice


def alert(room: Room, kind: str = "no_teacher") -> Notice:
    """Raise an alert in a class."""
    return happen(room, Notice.Kind.ALERT_RAISED, alert=kind)
