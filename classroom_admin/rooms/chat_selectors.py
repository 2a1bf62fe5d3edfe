"""Queries for a class's chat and direct messages, and for the people who were present at a given time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import ChatMessage, Participant, PeerMessage, Presence, Role, Room

PAGE: Final = 60
MOST_MISSED: Final = 500
"""The maximum number of missed messages that a page gets after it reconnects."""
UNSEEN: Final = (Role.SERVER, Role.INVISIBLE)


def to_room(
    room: Room, *, kind: str = "", since: int | None = None, before: int | None = None
) -> list[ChatMessage]:
    """Return the newest messages to the room and its breakout rooms, oldest first.

    There may be one message more than fits on a page, which shows that there are older messages. `kind` is
    `chat` or `custom`. If `before` is the id of a message, return only older messages.

    If `since` is a version, return up to `MOST_MISSED` newer messages of the room itself. Breakout rooms have
    versions of their own (see `of_events`).
    """
    found = ChatMessage.objects.filter(room__in=room_ids(room) if since is None else [room.pk])
    if kind:
        found = found.filter(kind=kind)
    if since is not None:
        found = found.filter(Q(version__gt=since))
    if before is not None:
        last = found.filter(pk=before).first()
        if last is None:
            return []
        same_time = Q(sent_at=last.sent_at)
        found = found.filter(
            Q(sent_at__lt=last.sent_at)
            | (same_time & Q(sequence__lt=last.sequence))
            | (same_time & Q(sequence=last.sequence, pk__lt=last.pk))
        )
    newest = found.order_by("-sent_at", "-sequence", "-pk")[: PAGE + 1 if since is None else MOST_MISSED]
    return list(reversed(newest))


def of_events(events: Iterable[tuple[int, int]]) -> list[ChatMessage]:
    """Return the messages with these room ids and sequences, oldest first."""
    wanted = Q(pk__in=())
    for room_id, sequence in events:
        wanted |= Q(room_id=room_id, sequence=sequence)
    return list(ChatMessage.objects.filter(wanted).order_by("sent_at", "sequence", "pk"))


def in_breakout_rooms(room: Room, *, kind: str, until: datetime) -> list[ChatMessage]:
    """Return the newest page of messages that were sent in the breakout rooms of a class up to a time."""
    if not room.groups_sequence:
        return []
    found = ChatMessage.objects.filter(room__parent=room, kind=kind, sent_at__lte=until)
    return list(found.order_by("-sent_at", "-sequence", "-pk")[:PAGE])


def between_people(room: Room, *, since: int | None = None, before: int | None = None) -> list[PeerMessage]:
    """Return the newest direct messages, oldest first. The arguments and limits are those of `to_room`."""
    found = PeerMessage.objects.filter(room=room)
    if since is not None:
        found = found.filter(Q(version__gt=since))
    if before is not None:
        last = PeerMessage.objects.filter(room=room, pk=before).first()
        if last is None:
            return []
        found = found.filter(Q(sent_at__lt=last.sent_at) | Q(sent_at=last.sent_at, arrived__lt=last.arrived))
    newest = found.order_by("-sent_at", "-arrived")[: PAGE + 1 if since is None else MOST_MISSED]
    return list(reversed(newest))


def names_in(room: Room, user_uuids: set[str] | None = None) -> dict[str, str]:
    """Return the names of these people by cloud user id. If `user_uuids` is None, return all names."""
    people = Participant.objects.filter(room=room)
    if user_uuids is not None:
        people = people.filter(user_uuid__in=sorted(user_uuids))
    return dict(people.values_list("user_uuid", "name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentAt:
    """The people who were present at a given time, and the other people of the class.

    `others` are tuples `(participant, left, joined)`. `left` is when the person last left before the given
    time, and `joined` is when they first joined after it. Either may be None.
    """

    present: list[Participant]
    others: list[tuple[Participant, datetime | None, datetime | None]]


def present_at(room: Room, *, at: datetime, sequence: int | None = None) -> PresentAt:
    """Return who was present at `at`. If `sequence` is given, return who was present at the event with it."""
    people = {
        person.user_uuid: person
        for person in Participant.objects.filter(room=room)
        .exclude(role__in=UNSEEN)
        .defer("streams", "properties")
    }
    here: set[str] = set()
    left: dict[str, datetime] = {}
    came: dict[str, datetime] = {}
    for stay in Presence.objects.filter(room=room).order_by("entered_sequence"):
        if _entered_after(stay, at, sequence):
            came.setdefault(stay.user_uuid, stay.entered_at)
        elif stay.left_at is None or _left_after(stay, at, sequence):
            here.add(stay.user_uuid)
        else:
            left[stay.user_uuid] = stay.left_at
    ordered = sorted(people.values(), key=_rank)
    return PresentAt(
        present=[person for person in ordered if person.user_uuid in here],
        others=[
            (person, left.get(person.user_uuid), came.get(person.user_uuid))
            for person in ordered
            if person.user_uuid not in here and (person.user_uuid in left or person.user_uuid in came)
        ],
    )


def _entered_after(stay: Presence, at: datetime, sequence: int | None) -> bool:
    return stay.entered_at > at if sequence is None else stay.entered_sequence > sequence


def _left_after(stay: Presence, at: datetime, sequence: int | None) -> bool:
    if sequence is None or stay.left_sequence is None:
        return stay.left_at is None or stay.left_at > at
    return stay.left_sequence > sequence


def _rank(person: Participant) -> tuple[int, str]:
    return {Role.TEACHER: 0, Role.ASSISTANT: 1}.get(Role(person.role), 2), person.name.casefold()
