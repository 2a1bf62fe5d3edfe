"""Somebody looks after a reason: it holds for the class, for everybody who watches, and is on record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from classroom_admin.accounts.models import User
from classroom_admin.audit.record import done
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.web.class_list.alert_rules import KINDS
from classroom_admin.web.class_list.models import Snooze

LONGEST_CLASS: Final = timedelta(hours=25)
"""A class lasts a day at most (contract B: create a room), and may then stay open for a while."""


def snooze(*, actor: User, room: Room, kinds: Collection[str], minutes: int | None) -> None:
    """Let these kinds of reasons rest for so long; None: until the class ends. What begins anew meanwhile
    shows all the same. Unknown kinds are passed over.
    """
    wanted = [kind for kind in KINDS if kind in kinds]
    if not wanted:
        return
    now = clock.cloud_now()
    with transaction.atomic():
        Snooze.objects.filter(until__lt=now - LONGEST_CLASS).delete()
        for kind in wanted:
            Snooze.objects.update_or_create(
                room=room,
                kind=kind,
                defaults={"by": actor, "at": now, "until": _until(now, minutes), "whole": minutes is None},
            )
        _on_record("wall.snooze", actor, room, {"reasons": wanted, "minutes": minutes})


def take_back(*, actor: User, room: Room, kinds: Collection[str]) -> None:
    """Show these kinds of reasons again."""
    with transaction.atomic():
        found = Snooze.objects.select_for_update().filter(room=room, kind__in=kinds)
        wanted = sorted(found.values_list("kind", flat=True))
        if wanted:
            Snooze.objects.filter(room=room, kind__in=wanted).delete()
            _on_record("wall.unsnooze", actor, room, {"reasons": wanted})


def _until(now: datetime, minutes: int | None) -> datetime:
    return now + (LONGEST_CLASS if minutes is None else timedelta(minutes=minutes))


def _on_record(action: str, actor: User, room: Room, params: dict[str, object]) -> None:
    done(actor=actor, action=action, room_uuid=room.room_uuid, target_name=room.name, params=params)
