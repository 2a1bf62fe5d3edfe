"""Reads about one person in a class: their stays, and how often they were removed lately."""

from __future__ import annotations

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.bans import LET_BACK, REMOVE
from classroom_admin.rooms.class_selectors import A_WEEK
from classroom_admin.rooms.models import Participant, Presence, Room


def stays(person: Participant) -> list[Presence]:
    """The stays of a person in the room, the last first."""
    found = Presence.objects.filter(room_id=person.room_id, user_uuid=person.user_uuid)
    return list(found.order_by("-entered_at", "-entered_sequence"))


def removals_this_week(user: User, *, user_uuid: str) -> int:
    """How often somebody was removed in the last seven days, in the classes that `user` may see.

    Counted are stays that ended by a removal, whoever did it and with which program.
    """
    if not user_uuid:
        return 0
    been_in = Participant.objects.filter(user_uuid=user_uuid).values("room")
    return Presence.objects.filter(
        room__in=visible_rooms(user, Room.objects.filter(pk__in=been_in)),
        user_uuid=user_uuid,
        kicked=True,
        left_at__gte=clock.cloud_now() - A_WEEK,
    ).count()


def removals_on_record(person: Participant, room: Room) -> list[Entry]:
    """What was done here to remove this person from the room, or to let them back; the last first."""
    kinds = (REMOVE, LET_BACK, "participant.plan_removal", "participant.call_off_removal")
    found = Entry.objects.filter(room_uuid=room.room_uuid, action__in=kinds, target=person.user_uuid)
    return list(found.order_by("-id").prefetch_related("steps")[:50])
