"""The breakout rooms of a class, and the page on which people edit a draft of new breakout rooms."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import breakout_rooms as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora import fields
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.agora.parameters import MOST_GROUPS
from classroom_admin.audit.models import Entry
from classroom_admin.common.names import exact_key
from classroom_admin.common.problem_texts import capitalised
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.access import ClassAccess, access_by_key
from classroom_admin.rooms.breakout_rooms import Group
from classroom_admin.rooms.models import Participant, Role, Room
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.parameters import is_number
from classroom_admin.web.wording import command_state


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of breakout rooms. `names` maps a group's id to its name, and `places` a person to a group.

    People are identified by their primary key as text. Groups are identified by their cloud id, even before
    they are open.
    """

    names: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def members(self, group: str) -> list[str]:
        return [person for person, place in self.places.items() if place == group]

    @classmethod
    def read(cls, data: QueryDict, people: Collection[str]) -> Draft:
        """Return the draft from a submitted form. Ignore invalid people, and groups beyond `MOST_GROUPS`."""
        groups = list(dict.fromkeys(str(group) for group in data.getlist("group") if group))[:MOST_GROUPS]
        places = {person: str(data.get(f"in-{person}", "")) for person in people}
        return cls(
            {group: str(data.get(f"name-{group}", "")).strip() for group in groups},
            {person: place for person, place in places.items() if place in groups},
        )

    def move(self, people: Collection[str], to: str) -> Draft:
        """Move people to the group `to`. If there is no such group, they belong to no group afterwards."""
        others = {person: place for person, place in self.places.items() if person not in people}
        return replace(self, places=others | (dict.fromkeys(people, to) if to in self.names else {}))

    def add(self, *, group: str | None = None) -> Draft:
        """Add a group with the next free number as its name. There can be at most `MOST_GROUPS` groups."""
        if len(self.names) >= MOST_GROUPS:
            return self
        return replace(self, names={**self.names, group or uuid4().hex: _free_name(self.names)})

    def remove(self, group: str) -> Draft:
        """Remove a group. Its members then belong to no group."""
        names = {uuid: name for uuid, name in self.names.items() if uuid != group}
        return Draft(names, {person: place for person, place in self.places.items() if place != group})

    def distribute(self, people: Sequence[str], count: int, *, rng: random.Random) -> Draft:
        """Distribute people evenly and randomly to `count` groups. Add or remove groups as needed."""
        count = max(1, min(count, MOST_GROUPS))
        found = Draft(dict(list(self.names.items())[:count]))
        while len(found.names) < count:
            found = found.add()
        order = list(people)
        rng.shuffle(order)
        groups = list(found.names)
        return replace(found, places={person: groups[index % count] for index, person in enumerate(order)})

    def name_errors(self, check: Callable[[str], str]) -> dict[str, str]:
        """Return the errors in names by group id. `check` returns the error in a name, or ""."""
        errors = {group: words for group, name in self.names.items() if (words := check(name))}
        seen: set[str] = set()
        for group, name in self.names.items():
            if exact_key(name) in seen and group not in errors:
                errors[group] = _("Another room already has this name. Choose a different name.")
            seen.add(exact_key(name))
        return errors


def _free_name(names: Mapping[str, str]) -> str:
    taken = set(names.values())
    number = len(names) + 1
    while (name := _("Group %(number)d") % {"number": number}) in taken:
        number += 1
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """A breakout room and its people. `others` is the number of members that are not in the roster."""

    name: str
    people: list[Participant]
    others: int
    key: str

    @property
    def count(self) -> int:
        return len(self.people) + self.others


def shown_groups(room: Room) -> list[ShownGroup]:
    """Return the open breakout rooms. If the class never had any, run no query."""
    if not room.groups_sequence:
        return []
    groups = breakout_rooms.read(room.groups)
    members = {user for group in groups for user in group.members}
    if not members:
        return with_people(groups, ())
    people = list(
        Participant.objects.filter(room=room, user_uuid__in=members).only("name", "online", "user_uuid")
    )
    away = [person.user_uuid for person in people if not person.online]
    if away:  # They may have left the class for the breakout room.
        inside = Participant.objects.filter(room__parent=room, user_uuid__in=away, online=True)
        there = set(inside.values_list("user_uuid", flat=True))
        for person in people:
            person.online = person.online or person.user_uuid in there
    return with_people(groups, people)


def with_people(groups: Iterable[Group], people: Iterable[Participant]) -> list[ShownGroup]:
    """Return the breakout rooms with their members from `people`."""
    known = {person.user_uuid: person for person in people}
    return [_shown(group, known) for group in groups]


def _shown(group: Group, known: dict[str, Participant]) -> ShownGroup:
    people = [known[user] for user in group.members if user in known]
    return ShownGroup(
        name=group.name,
        people=sorted(people, key=lambda person: person.name.casefold()),
        others=len(group.members) - len(people),
        key=group_key(group),
    )


def group_key(group: Group) -> str:
    """Return a key for a breakout room in URLs, which never contain a cloud id."""
    return hashlib.sha256(group.uuid.encode()).hexdigest()[:12]


class Table:
    """The open breakout rooms of a class, and the people who can be moved to breakout rooms."""

    def __init__(self, room: Room) -> None:
        self.room = room

    @cached_property
    def now(self) -> list[Group]:
        """The open breakout rooms."""
        return breakout_rooms.read(self.room.groups)

    @cached_property
    def people(self) -> list[Participant]:
        """The students and assistants who are present, and all members of breakout rooms, by name."""
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
        """A hash of the open breakout rooms. It shows whether a draft is outdated."""
        state = json.dumps([[group.uuid, group.name, group.members] for group in self.now])
        return hashlib.sha256(state.encode()).hexdigest()[:16]

    def draft(self) -> Draft:
        """Return a draft that equals the open breakout rooms."""
        keys = {person.user_uuid: key for key, person in self.by_key.items()}
        places = {keys[user]: group.uuid for group in self.now for user in group.members if user in keys}
        return Draft({group.uuid: group.name for group in self.now}, places)

    def to_open(self, draft: Draft) -> list[dict[str, Any]]:
        """Return the draft as `open_groups` needs it.

        Members that are not in the roster stay in their group.
        """
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
        """Return the open groups that are not in the draft, as `close_groups` needs them."""
        return [
            {"groupUuid": group.uuid, "groupName": group.name or "-", "users": []}
            for group in self.now
            if group.uuid not in draft.names
        ]

    @cached_property
    def _known(self) -> set[str]:
        return {person.user_uuid for person in self.people}


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Show the breakout rooms. A POST changes the draft, or opens or closes the rooms."""
    access = access_by_key(request.user, key, to=Permission.RUN)
    table = Table(access.room)
    if request.method == "GET":
        return _show(request, table, table.draft())
    draft = Draft.read(request.POST, table.by_key)
    do, _colon, about = request.POST.get("do", "").partition(":")
    if do == "open":
        return _open(request, access, table, draft)
    if do == "close":
        return _sent(request, access.room, [actions.close_groups(access)])
    changed, words = _changed(request, table, draft, do, about)
    return _show(request, table, changed, words=words)


def _changed(
    request: AuthenticatedHttpRequest, table: Table, draft: Draft, do: str, about: str
) -> tuple[Draft, str]:
    """Return the draft after the change that a button makes, and a message about it."""
    if do == "move":
        selected = [key for key in request.POST.getlist("person") if key in table.by_key]
        if not selected:
            return draft, _("Select people first, then choose a room for them.")
        words = ngettext("%(n)d person moved to %(room)s.", "%(n)d people moved to %(room)s.", len(selected))
        to = draft.names.get(about) or _("the class")
        return draft.move(selected, about), words % {"n": len(selected), "room": to}
    if do == "add":
        return draft.add(), _("Room added.")
    if do == "remove":
        return draft.remove(about), _("Room removed. The people who were in it are back in the class.")
    if do == "deal":
        count = request.POST.get("count", "")
        if not is_number(count) or not 1 <= int(count) <= MOST_GROUPS:
            return draft, _("Enter the number of rooms, from 1 to %(most)d.") % {"most": MOST_GROUPS}
        distributed = draft.distribute(table.students, int(count), rng=random.SystemRandom())
        return distributed, _("All students are distributed. Nothing is sent yet.")
    return draft, ""


def _open(request: AuthenticatedHttpRequest, access: ClassAccess, table: Table, draft: Draft) -> HttpResponse:
    if errors := draft.name_errors(_name_error):
        words = _("Nothing was sent. Correct the marked fields.")
        return _show(request, table, draft, errors=errors, words=words)
    if request.POST.get("mark") != table.mark:
        words = _(
            "The rooms were changed elsewhere in the meantime. Check them, then press the button again."
        )
        return _show(request, table, draft, words=words, is_error=True)
    to_close = table.to_close(draft)
    try:
        if not draft.names:
            entries = [actions.close_groups(access)] if table.now else []
        else:
            entries = [actions.open_groups(access, groups=table.to_open(draft))]
            if to_close and not command_state(entries[0]).reason:
                entries.append(actions.close_groups(access, groups=to_close))
    except ActionRefused as refused:
        return _show(request, table, draft, words=refused.message, is_error=True)
    return _sent(request, table.room, entries)


def _sent(request: AuthenticatedHttpRequest, room: Room, entries: list[Entry]) -> HttpResponse:
    """Redirect to the class page with a message for each failed command."""
    for state in map(command_state, entries):
        if state.reason:
            messages.error(request, f"{state.words}: {state.reason}")
    to = resolve_url("live:class", room.key)
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)


def _show(
    request: AuthenticatedHttpRequest,
    table: Table,
    draft: Draft,
    *,
    words: str = "",
    errors: dict[str, str] | None = None,
    is_error: bool = False,
) -> HttpResponse:
    errors = errors or {}
    groups = [
        {
            "id": group,
            "number": number,
            "name": name,
            "people": [table.by_key[key] for key in draft.members(group)],
            "error": errors.get(group, ""),
        }
        for number, (group, name) in enumerate(draft.names.items(), start=1)
    ]
    context = {
        "room": table.room,
        "groups": groups,
        "free": [person for key, person in table.by_key.items() if key not in draft.places],
        "places": [(key, draft.places.get(key, "")) for key in table.by_key],
        "mark": table.mark,
        "selected": [] if request.POST.get("do", "").startswith("move") else request.POST.getlist("person"),
        "is_open": bool(table.now),
        "is_changed": draft != table.draft(),
        "words": words,
        "is_error": is_error or bool(errors),
        "count": len(groups) or 4,
        "most": MOST_GROUPS,
    }
    template = f"classroom/breakout_rooms/{'_editor' if request.htmx else 'page'}.html"
    return render(request, template, context, status=422 if errors else 200)


def _name_error(name: str) -> str:
    try:
        fields.checked(fields.name(), name, field="groupName")
    except InvalidArgument as error:
        return capitalised(error.problem)
    return ""
