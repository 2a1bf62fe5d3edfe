"""The breakout rooms of a class, for the class page and for the breakout rooms page."""

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
    """A breakout room with its people. `others`: the number of members who are not in the roster."""

    name: str
    people: list[Participant]
    others: int

    @property
    def count(self) -> int:
        return len(self.people) + self.others


def shown_groups(room: Room) -> list[ShownGroup]:
    """Return the open breakout rooms. Run no query if the class never had any."""
    if not room.groups_sequence:
        return []
    groups = breakout_rooms.read(room.groups)
    members = {user for group in groups for user in group.members}
    people = Participant.objects.filter(room=room, user_uuid__in=members).only("name", "online", "user_uuid")
    return with_people(groups, people if members else ())


def with_people(groups: Iterable[Group], people: Iterable[Participant]) -> list[ShownGroup]:
    """Return the breakout rooms with their members from `people`. Pure."""
    known = {person.user_uuid: person for person in people}
    return [_shown(group, known) for group in groups]


def _shown(group: Group, known: dict[str, Participant]) -> ShownGroup:
    people = [known[user] for user in group.members if user in known]
    return ShownGroup(
        name=group.name,
        people=sorted(people, key=lambda person: person.name.casefold()),
        others=len(group.members) - len(people),
    )


class Table:
    """The open breakout rooms, and the people who can be moved to breakout rooms."""

    def __init__(self, room: Room) -> None:
        self.room = room

    @cached_property
    def now(self) -> list[Group]:
        """The open breakout rooms."""
        return breakout_rooms.read(self.room.groups)

    @cached_property
    def people(self) -> list[Participant]:
        """The students and assistants who are present, and everyone in a group, sorted by name."""
        members = {user for group in self.now for user in group.members}
        present = Q(online=True) & ~Q(role__in=(Role.TEACHER, Role.SERVER, Role.INVISIBLE))
        found = Participant.objects.filter(present | Q(user_uuid__in=members), room=self.room)
        return sorted(
            found.only("name", "online", "role", "user_uuid"), key=lambda person: person.name.casefold()
        )

    @cached_property
    def by_key(self) -> dict[str, Participant]:
        return {str(person.pk): person for person in self.people}

    @property
    def students(self) -> list[str]:
        """The keys of the students who are present."""
        return [key for key, person in self.by_key.items() if person.online and person.role == Role.STUDENT]

    @property
    def mark(self) -> str:
        """A hash of the open rooms, used to detect an outdated draft."""
        state = json.dumps([[group.uuid, group.name, group.members] for group in self.now])
        return hashlib.sha256(state.encode()).hexdigest()[:16]

    def draft(self) -> Draft:
        """Return a draft of the open rooms."""
        keys = {person.user_uuid: key for key, person in self.by_key.items()}
        places = {keys[user]: group.uuid for group in self.now for user in group.members if user in keys}
        return Draft({group.uuid: group.name for group in self.now}, places)

    def to_open(self, draft: Draft) -> list[dict[str, Any]]:
        """Return the draft in the format of `open_groups`. Keep members who are not in the roster."""
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

    def to_close(self, draft: Draft) -> list[dict[str, Any]]:
        """Return the open groups that are not in the draft, in the format of `close_groups`."""
        return [
            {"groupUuid": group.uuid, "groupName": group.name or "-", "users": []}
            for group in self.now
            if group.uuid not in draft.names
        ]

    @cached_property
    def _known(self) -> set[str]:
        return {person.user_uuid for person in self.people}
