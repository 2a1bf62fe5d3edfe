"""Queries for a class's chat and direct messages, and for the people who were present at a message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from classroom_admin.rooms.models import ChatMessage, Participant, PeerMessage, Presence, Role, Room

PAGE: Final = 60
MOST_MISSED: Final = 500
"""The maximum number of missed messages that a page gets after it reconnects."""
UNSEEN: Final = (Role.SERVER, Role.INVISIBLE)


def to_room(
    room: Room, *, kind: str = "", since: int | None = None, before: int | None = None
) -> list[ChatMessage]:
    """Return the newest page of messages to the room and one older message, sorted with the oldest first.

    `before` selects messages with a lower sequence, and `kind` selects `chat` or `custom`. With `since`,
    return up to `MOST_MISSED` messages that are newer than this version.
    """
    found = ChatMessage.objects.filter(room=room)
    if kind:
        found = found.filter(kind=kind)
    if since is not None:
        found = found.filter(Q(version__gt=since))
    if before is not None:
        found = found.filter(sequence__lt=before)
    return list(reversed(found.order_by("-sequence")[: PAGE + 1 if since is None else MOST_MISSED]))


def between_people(room: Room, *, since: int | None = None, before: int | None = None) -> list[PeerMessage]:
    """Return direct messages, oldest first, limited as in `to_room`. `before` is the id of a message."""
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
    """Return names by cloud user id: of these people, or of all people in the class for None."""
    people = Participant.objects.filter(room=room)
    if user_uuids is not None:
        people = people.filter(user_uuid__in=sorted(user_uuids))
    return dict(people.values_list("user_uuid", "name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentAt:
    """The people who were present at a moment, and the other people of the class.

    `others` are tuples `(participant, left, joined)`. `left` is the time when the person last left before the
    moment. `joined` is the time of the first entry after the moment. Both may be None.
    """

    present: list[Participant]
    others: list[tuple[Participant, datetime | None, datetime | None]]


def present_at(room: Room, *, at: datetime, sequence: int | None = None) -> PresentAt:
    """Return who was present at the time `at`. An event's `sequence` makes the result more exact."""
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
