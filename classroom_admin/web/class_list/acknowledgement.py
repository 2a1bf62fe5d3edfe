"""Acknowledge alerts of a class, for everyone who sees the class, and record that in the audit log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db import transaction

from classroom_admin.audit.record import done
from classroom_admin.common import clock
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.web.class_list.alert_rules import KINDS
from classroom_admin.web.models import Acknowledgement

LONGEST_CLASS: Final = timedelta(hours=25)
"""The longest time until a class is closed: at most a day (contract B: create a room) and some time after."""


def acknowledge(access: ClassAccess, *, kinds: Collection[str], minutes: int | None) -> None:
    """Acknowledge alerts of these kinds for ``minutes``; None means until the class ends.

    The acknowledgement does not cover alerts that begin later. Ignore unknown kinds.
    """
    known = [kind for kind in KINDS if kind in kinds]
    if not known:
        return
    now = clock.cloud_now()
    until = now + (LONGEST_CLASS if minutes is None else timedelta(minutes=minutes))
    with transaction.atomic():
        Acknowledgement.objects.filter(until__lt=now - LONGEST_CLASS).delete()
        for kind in known:
            Acknowledgement.objects.update_or_create(
                room=access.room,
                kind=kind,
                defaults={"by": access.person, "at": now, "until": until, "whole": minutes is None},
            )
        _record("wall.snooze", access, {"reasons": known, "minutes": minutes})


def cancel_acknowledgement(access: ClassAccess, *, kinds: Collection[str]) -> None:
    """Make alerts of these kinds active again."""
    with transaction.atomic():
        found = Acknowledgement.objects.select_for_update().filter(room=access.room, kind__in=kinds)
        acknowledged = sorted(found.values_list("kind", flat=True))
        if acknowledged:
            found.delete()
            _record("wall.unsnooze", access, {"reasons": acknowledged})


def _record(action: str, access: ClassAccess, params: dict[str, object]) -> None:
    room = access.room
    done(actor=access.person, action=action, room_uuid=room.room_uuid, target_name=room.name, params=params)
