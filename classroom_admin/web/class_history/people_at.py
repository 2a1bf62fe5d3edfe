"""Who was there at a moment, and what the page told of them beside that: who was to be removed, who may not
come back, who had not been on stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.participants import scheduled_removals
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms import bans, class_selectors
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.web.classroom.people_panels import Removal

CALL_OFF = "participant.call_off_removal"


def tell_more(people: list[Participant], *, room: Room, at: datetime, entries: Iterable[Entry]) -> None:
    """Give each of `people` what the templates ask for as it was at `at` (the cloud's clock).

    `entries`: the commands on record by then, oldest first, with their steps by then.
    """
    kept_out = _kept_out(people, at, entries)
    removals = removals_at(room, at)
    waiting = [one.user_uuid for one in people if one.online and one.hand_raised]
    seen = class_selectors.on_stage_elsewhere(room, waiting, since=at - class_selectors.A_WEEK)
    for one in people:
        one.kept_out = kept_out.get(one.user_uuid)
        one.is_being_removed = False
        one.removal = removals.get(one.user_uuid) if one.online else None
        here = one.last_on_stage_at is not None and one.last_on_stage_at >= at - class_selectors.A_WEEK
        one.seen_on_stage = here or one.user_uuid in seen


def removals_at(room: Room, at: datetime) -> dict[str, Removal]:
    """The removals to come at a moment by cloud user id: planned by then, neither due nor called off yet."""
    ours = clock.as_our_time(at)
    planned = scheduled_removals(room).filter(created_at__lte=ours, due_at__gt=ours)
    rows = list(planned.select_related("by").order_by("pk"))
    if not rows:
        return {}
    called_off = Entry.objects.filter(room_uuid=room.room_uuid, action=CALL_OFF, at__lte=ours)
    over = {entry.params.get("planned") for entry in called_off}
    return {row.key: _removal(row) for row in rows if row.pk not in over}


def _removal(row: ScheduledCommand) -> Removal:
    due_at = clock.as_cloud_time(row.due_at)
    name = row.payload["name"] or _("Unnamed")
    return Removal(pk=row.pk, name=name, by=str(row.by), reason=row.payload["reason"], due_at=due_at)


def _kept_out(
    people: Iterable[Participant], at: datetime, entries: Iterable[Entry]
) -> Mapping[str, bans.Until]:
    kicked_at = {
        (one.user_uuid, one.kicked_sequence): one.kicked_at
        for one in people
        if one.kicked_at and one.kicked_sequence is not None
    }
    about = [entry for entry in entries if entry.action in (bans.REMOVE, bans.UNBAN)]
    known = [ban for entry in about if (ban := bans.ban_of(entry, entry.steps.all(), kicked_at))]
    return bans.in_force(known, now=at) if known else {}
