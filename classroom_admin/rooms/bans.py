"""Who may not come back into a room, and until when.

No event and no read of the cloud tells how long a removal lasts: it is read from the commands on record,
joined to the event that confirmed each. What somebody did with another program than this one is therefore
not known here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Room

REMOVE: Final = "participant.remove"
LET_BACK: Final = "participant.let_back"
FOREVER_S: Final = -1
TOOK: Final = (Step.Kind.ACCEPTED, Step.Kind.CONFIRMED)
Until = datetime | Literal["forever"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A removal that the cloud took, or the end of one. ``seconds`` None: let back in; -1: for good."""

    user_uuid: str
    seconds: int | None
    since: datetime


def kicked_until(room: Room, *, now: datetime | None = None) -> dict[str, Until]:
    """Who is kept out of ``room`` at ``now`` (else the present), by cloud user id. Three queries."""
    entries = (
        Entry.objects.filter(room_uuid=room.room_uuid, action__in=(REMOVE, LET_BACK))
        .order_by("id")
        .prefetch_related("steps")
    )
    found = [entry for entry in entries if entry.action == LET_BACK or entry.params.get("ban_s") is not None]
    if not found:
        return {}
    kicks = Participant.objects.filter(
        room=room, kicked_sequence__isnull=False, user_uuid__in={entry.target for entry in found}
    )
    kicked_at = {
        (user_uuid, sequence): at
        for user_uuid, sequence, at in kicks.values_list("user_uuid", "kicked_sequence", "kicked_at")
        if at is not None
    }
    bans = [ban for entry in found if (ban := ban_of(entry, entry.steps.all(), kicked_at)) is not None]
    return in_force(bans, now=now or clock.cloud_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOut:
    """Somebody who may not come back: `until` a time of the cloud's clock or "forever"; `entry` tells by whom
    and why.
    """

    person: Participant
    until: Until
    entry: Entry


def ban_list(room: Room) -> list[KeptOut]:
    """Who may not come back into ``room`` now, the last removed first. Five queries at most."""
    until = kicked_until(room)
    people = {
        person.user_uuid: person for person in Participant.objects.filter(room=room, user_uuid__in=until)
    }
    found = Entry.objects.filter(room_uuid=room.room_uuid, action=REMOVE, target__in=people)
    last: dict[str, Entry] = {}
    for entry in found.filter(steps__kind__in=TOOK).distinct().order_by("id"):
        if entry.params.get("ban_s") is not None:
            last[entry.target] = entry
    kept_out = [
        KeptOut(person=people[user_uuid], until=until[user_uuid], entry=entry)
        for user_uuid, entry in last.items()
    ]
    return sorted(kept_out, key=lambda each: each.entry.pk, reverse=True)


def ban_of(entry: Entry, steps: Iterable[Step], kicked_at: Mapping[tuple[str, int], datetime]) -> Ban | None:
    """What an entry did, or None where the cloud did not take it. Pure, but for the offset of the clocks.

    A ban runs from the kick event where one confirmed the command (its time is the cloud's), else from
    *accepted* (ours, so it is moved to the cloud's clock).
    """
    took = [step for step in steps if step.kind in TOOK]
    if not took:
        return None
    since = clock.as_cloud_time(took[0].at)
    for step in took:
        sequence = step.detail.get("sequence")
        if step.kind == Step.Kind.CONFIRMED and isinstance(sequence, int):
            since = kicked_at.get((entry.target, sequence), since)
    seconds = entry.params.get("ban_s") if entry.action == REMOVE else None
    return Ban(user_uuid=entry.target, seconds=seconds, since=since)


def in_force(bans: Iterable[Ban], *, now: datetime) -> dict[str, Until]:
    """Of bans in the order of their commands, the last of each person counts; those that are over are left
    out. Pure.
    """
    last = {ban.user_uuid: ban for ban in bans}
    until: dict[str, Until] = {}
    for user_uuid, ban in last.items():
        if ban.seconds == FOREVER_S:
            until[user_uuid] = "forever"
        elif ban.seconds is not None:
            end = _after(ban.since, ban.seconds)
            if end is None:
                until[user_uuid] = "forever"
            elif end > now:
                until[user_uuid] = end
    return until


def _after(since: datetime, seconds: int) -> datetime | None:
    """None where the calendar ends before the ban does."""
    try:
        return since + timedelta(seconds=seconds)
    except OverflowError:
        return None
