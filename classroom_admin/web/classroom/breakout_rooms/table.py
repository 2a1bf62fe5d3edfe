"""The breakout rooms of a class as its page and their own page show them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.functional import cached_property

from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.breakout_rooms import Group
from classroom_admin.rooms.models import Participant, Role, Room
from classroom_admin.web.classroom.breakout_rooms.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """A breakout room with the people in it; ``others`` are members whom nobody here knows by name."""

    name: str
    people: list[Participant]
    others: int

    @property
    def count(self) -> int:
        return len(self.people) + self.others


def shown_groups(room: Room) -> list[ShownGroup]:
    """The open breakout rooms: no query where there were never any, else two."""
    if not room.groups_sequence:
        return []
    open_ones = breakout_rooms.read(room.groups)
    members = {user for group in open_ones for user in group.members}
    people = Participant.objects.filter(room=room, user_uuid__in=members).only("name", "online", "user_uuid")
    return filled(open_ones, people if members else ())


def filled(open_ones: Iterable[Group], people: Iterable[Participant]) -> list[ShownGroup]:
    """The breakout rooms with those of `people` who are in them. Pure."""
    known = {person.user_uuid: person for person in people}
    return [_shown(group, known) for group in open_ones]


def _shown(group: Group, known: dict[str, Participant]) -> ShownGroup:
    people = [known[user] for user in group.members if user in known]
    return ShownGroup(
        name=group.name,
        people=sorted(people, key=lambda person: person.name.casefold()),
        others=len(group.members) - len(people),
    )


class Table:
    """Who may be put into breakout rooms, and how the rooms are now."""

    def __init__(self, room: Room) -> None:
        self.room = room

    @cached_property
    def now(self) -> list[Group]:
        """The groups as the cloud last told of them."""
        return breakout_rooms.read(self.room.groups)

    @cached_property
    def people(self) -> list[Participant]:
        """Pupils and assistants who are there, and whoever is in a group; by name."""
        members = {user for group in self.now for user in group.members}
        there = Q(online=True) & ~Q(role__in=(Role.TEACHER, Role.SERVER, Role.INVISIBLE))
        found = Participant.objects.filter(there | Q(user_uuid__in=members), room=self.room)
        return sorted(
            found.only("name", "online", "role", "user_uuid"), key=lambda person: person.name.casefold()
        )

    @cached_property
    def by_key(self) -> dict[str, Participant]:
        return {str(person.pk): person for person in self.people}

    @property
    def pupils(self) -> list[str]:
        """Who is dealt out: pupils who are there."""
        return [key for key, person in self.by_key.items() if person.online and person.role == Role.STUDENT]

    @property
    def mark(self) -> str:
        """Changes with the rooms, so that a draft that was begun before can be told."""
        facts = json.dumps([[group.uuid, group.name, group.members] for group in self.now])
        return hashlib.sha256(facts.encode()).hexdigest()[:16]

    def draft(self) -> Draft:
        """A draft of how it is now."""
        keys = {person.user_uuid: key for key, person in self.by_key.items()}
        places = {keys[user]: group.uuid for group in self.now for user in group.members if user in keys}
        return Draft({group.uuid: group.name for group in self.now}, places)

    def wanted(self, draft: Draft) -> list[dict[str, Any]]:
        """The draft in the shape that the action takes. Members whom nobody here knows stay."""
        unknown = {
            group.uuid: [user for user in group.members if user not in self._known] for group in self.now
        }
        return [
            {
                "groupUuid": group,
                "groupName": name,
                "users": [self.by_key[key].user_uuid for key in draft.members(group)]
                + unknown.get(group, []),
            }
            for group, name in draft.names.items()
        ]

    def gone(self, draft: Draft) -> list[dict[str, Any]]:
        """The groups that are open now and not in the draft, in the shape that the action takes."""
        return [
            {"groupUuid": group.uuid, "groupName": group.name or "-", "users": []}
            for group in self.now
            if group.uuid not in draft.names
        ]

    @cached_property
    def _known(self) -> set[str]:
        return {person.user_uuid for person in self.people}
