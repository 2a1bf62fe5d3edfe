"""Details about people at a past time: bans, scheduled removals, time on stage."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.participants import scheduled_removals
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.classroom.people_panels import Removal
from classroom_admin.web.classroom.presenter import bans_of

CANCEL: Final = "participant.call_off_removal"


def add_details(people: list[Any], *, room: Room, at: datetime, entries: Collection[Entry]) -> None:
    """Set on each person the attributes that the templates need, with their values at `at` (cloud time).

    `entries`: the commands and steps that were recorded up to `at`, oldest first.
    """
    banned = bans_of(people, entries, now=at)
    removals = removals_at(room, at)
    week_ago = at - class_selectors.A_WEEK
    waiting = [person.user_uuid for person in people if person.online and person.hand_raised]
    on_stage_elsewhere = class_selectors.on_stage_elsewhere(room, waiting, since=week_ago)
    for person in people:
        person.banned_until = banned.get(person.user_uuid)
        person.is_being_removed = False
        person.removal = removals.get(person.user_uuid) if person.online else None
        here = person.last_on_stage_at is not None and person.last_on_stage_at >= week_ago
        person.seen_on_stage = here or person.user_uuid in on_stage_elsewhere


def removals_at(room: Room, at: datetime) -> dict[str, Removal]:
    """Return the removals pending at `at` (cloud time) by user id: scheduled, not due and not cancelled."""
    ours = clock.as_our_time(at)
    planned = scheduled_removals(room).filter(created_at__lte=ours, due_at__gt=ours)
    rows = list(planned.select_related("by").order_by("pk"))
    if not rows:
        return {}
    cancellations = Entry.objects.filter(room_uuid=room.room_uuid, action=CANCEL, at__lte=ours)
    cancelled = {entry.params.get("planned") for entry in cancellations}
    return {row.key: _removal(row) for row in rows if row.pk not in cancelled}


def _removal(row: ScheduledCommand) -> Removal:
    due_at = clock.as_cloud_time(row.due_at)
    name = row.payload["name"] or _("Unnamed")
    return Removal(pk=row.pk, name=name, by=str(row.by), reason=row.payload["reason"], due_at=due_at)
