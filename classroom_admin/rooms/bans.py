"""Find out who is banned from a room, and when each ban ends.

No event and no response of the cloud contains the length of a ban. This module computes the length from the
audit log and the event that confirmed each command. Bans by other programs are therefore unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Room

REMOVE: Final = "participant.remove"
UNBAN: Final = "participant.let_back"
FOREVER_S: Final = -1
OLDEST_BAN: Final = timedelta(hours=26)
"""The maximum age of a ban. A class lasts at most a day, and its bans are deleted an hour after it closes."""
ACCEPTED: Final = (Step.Kind.ACCEPTED, Step.Kind.CONFIRMED)
Until = datetime | Literal["forever"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A ban or unban that the cloud accepted. ``seconds`` is None for an unban and -1 for a permanent ban."""

    user_uuid: str
    seconds: int | None
    since: datetime


def kicked_until(room: Room) -> dict[str, Until]:
    """Return the end of each current ban in ``room``, by cloud user id."""
    commands = Entry.objects.filter(room_uuid=room.room_uuid, action__in=(REMOVE, UNBAN)).order_by("id")
    entries = list(commands.prefetch_related("steps"))
    targets = {entry.target for entry in entries if entry.params.get("ban_s") is not None}
    if not targets:
        return {}
    kicked = Participant.objects.filter(room=room, kicked_sequence__isnull=False, user_uuid__in=targets)
    needed = kicked.only("user_uuid", "kicked_sequence", "kicked_at")
    return bans_of(needed, entries, now=clock.cloud_now())


def bans_of(people: Iterable[Any], entries: Iterable[Entry], *, now: datetime) -> dict[str, Until]:
    """Return the end of each current ban, by cloud user id. ``entries`` begin with the oldest."""
    kicked_at = {
        (person.user_uuid, person.kicked_sequence): person.kicked_at
        for person in people
        if person.kicked_at and person.kicked_sequence is not None
    }
    about = [entry for entry in entries if entry.action == UNBAN or entry.params.get("ban_s") is not None]
    found = [ban for entry in about if (ban := ban_of(entry, entry.steps.all(), kicked_at))]
    return in_force(found, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readmitted:
    """The people of a room who are present although they are banned.

    `person` is the id of the person who returned first, and `since` is the time of this return. `until` is
    the earliest end of the bans. It is None if all are permanent.
    """

    person: int
    count: int
    since: datetime
    until: datetime | None


def readmitted(*, now: datetime | None = None) -> dict[int, Readmitted]:
    """Return the people who are present although they are banned, by room id."""
    now = now or clock.cloud_now()
    since = clock.now() - OLDEST_BAN
    entries = list(
        Entry.objects.filter(action__in=(REMOVE, UNBAN), at__gte=since)
        .order_by("id")
        .prefetch_related("steps")
    )
    banning = [entry for entry in entries if entry.action == REMOVE and entry.params.get("ban_s") is not None]
    if not banning:
        return {}
    here = (
        Participant.objects.filter(
            online=True,
            online_since__isnull=False,
            room__room_uuid__in={entry.room_uuid for entry in banning},
            user_uuid__in={entry.target for entry in banning},
        )
        .select_related("room")
        .only("user_uuid", "online_since", "kicked_at", "kicked_sequence", "room__room_uuid")
    )
    of_person: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.action == UNBAN or entry.params.get("ban_s") is not None:
            of_person.setdefault((entry.room_uuid, entry.target), []).append(entry)
    found: dict[int, list[tuple[datetime, int, Until]]] = {}
    for person in here:
        about = of_person.get((person.room.room_uuid, person.user_uuid), [])
        until = _until_despite(person, about, now=now)
        if until is not None and person.online_since is not None:
            found.setdefault(person.room_id, []).append((person.online_since, person.pk, until))
    return {room_id: _summed(people) for room_id, people in found.items()}


def _until_despite(person: Participant, entries: Iterable[Entry], *, now: datetime) -> Until | None:
    """Return the end of a person's ban if they entered after the ban began. Otherwise return None."""
    kicked_at = {}
    if person.kicked_at is not None and person.kicked_sequence is not None:
        kicked_at[person.user_uuid, person.kicked_sequence] = person.kicked_at
    bans = [ban for entry in entries if (ban := ban_of(entry, entry.steps.all(), kicked_at)) is not None]
    until = in_force(bans, now=now).get(person.user_uuid)
    came_at = person.online_since
    return until if bans and came_at is not None and came_at > bans[-1].since else None


def _summed(people: list[tuple[datetime, int, Until]]) -> Readmitted:
    since, first, _until = min(people, key=lambda one: one[:2])
    ends = [until for _since, _pk, until in people if isinstance(until, datetime)]
    return Readmitted(person=first, count=len(people), since=since, until=min(ends, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class BannedParticipant:
    """A banned person. `until` is a cloud time or "forever". `entry` says who banned the person, and why."""

    person: Participant
    until: Until
    entry: Entry


def ban_list(room: Room) -> list[BannedParticipant]:
    """Return the people who are banned from ``room`` now, latest ban first."""
    until = kicked_until(room)
    people = {
        person.user_uuid: person for person in Participant.objects.filter(room=room, user_uuid__in=until)
    }
    found = Entry.objects.filter(room_uuid=room.room_uuid, action=REMOVE, target__in=people)
    last: dict[str, Entry] = {}
    for entry in found.filter(steps__kind__in=ACCEPTED).distinct().order_by("id"):
        if entry.params.get("ban_s") is not None:
            last[entry.target] = entry
    banned = [
        BannedParticipant(person=people[user_uuid], until=until[user_uuid], entry=entry)
        for user_uuid, entry in last.items()
    ]
    return sorted(banned, key=lambda each: each.entry.pk, reverse=True)


def ban_of(entry: Entry, steps: Iterable[Step], kicked_at: Mapping[tuple[str, int], datetime]) -> Ban | None:
    """Return the ban or unban of an audit entry, or None if the cloud did not accept the command.

    A ban begins at the time of the event that confirmed the command. If there is no such event, it begins at
    the cloud time of the step *accepted*.
    """
    accepted = [step for step in steps if step.kind in ACCEPTED]
    if not accepted:
        return None
    since = clock.as_cloud_time(accepted[0].at)
    for step in accepted:
        sequence = step.detail.get("sequence")
        if step.kind == Step.Kind.CONFIRMED and isinstance(sequence, int):
            since = kicked_at.get((entry.target, sequence), since)
    seconds = entry.params.get("ban_s") if entry.action == REMOVE else None
    return Ban(user_uuid=entry.target, seconds=seconds, since=since)


def in_force(bans: Iterable[Ban], *, now: datetime) -> dict[str, Until]:
    """Return the end of each person's last ban. Bans that are over are omitted."""
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
    """Return the end of a ban, or None if it is too late for a datetime."""
    try:
        return since + timedelta(seconds=seconds)
    except OverflowError:
        return None
