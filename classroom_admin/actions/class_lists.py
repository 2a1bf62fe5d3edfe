"""Create, change, delete and use class lists. Each function writes its audit entry in the same transaction.

The functions raise ``NotYours`` for a list that the person may not see, and ``ActionRefused`` for invalid
input. In both cases they change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.errors import ActionRefused, require_visible
from classroom_admin.audit import record
from classroom_admin.common import clock, names
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.rooms import list_versions
from classroom_admin.rooms.access import ClassAccess, NotYours
from classroom_admin.rooms.class_list_files.people import MOST_PEOPLE, Person
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, ListedPerson, Room, RoomState

LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The differences between two versions of a class list. `changed` contains pairs (before, after)."""

    added: Sequence[Person]
    changed: Sequence[tuple[Person, Person]]
    removed: Sequence[Person]
    same: int

    @property
    def any(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def compare(before: Iterable[Person], after: Iterable[Person]) -> Changes:
    """Return the changes that turn `before` into `after`. Pure.

    A person with the same name but another user id counts as changed, not as removed and added. People with
    the same name are matched by group first.
    """
    old, known = list(before), {one.known_by: one for one in after}
    pairs = [(one, now) for one in old if (now := known.pop(one.known_by, None))]
    paired = {was.known_by for was, _now in pairs}
    found, added = names.match([one for one in old if one.known_by not in paired], known.values())
    pairs += [(one.listed, one.people[0]) for one in found if one.people]
    changed = [(was, now) for was, now in pairs if was != now]
    return Changes(
        added=[*added, *(extra for one in found for extra in one.people[1:])],
        changed=changed,
        removed=[one.listed for one in found if not one.people],
        same=len(pairs) - len(changed),
    )


def people_of(class_list: ClassList) -> list[Person]:
    """Return the people who are on a list now."""
    rows = class_list.people.values_list("name", "user_uuid", "email", "group")
    return [Person(name=n, user_uuid=u, email=e, group=g) for n, u, e, g in rows]


def make_list(*, actor: User, name: str) -> ClassList:
    """Create an empty list that `actor` owns."""
    name = _named(name)
    if not actor.is_active:
        raise NotYours
    with transaction.atomic():
        made = ClassList.objects.create(name=name, owner=actor, made_at=clock.now(), changed_at=clock.now())
        _record(actor, "class_list.make", made)
    return made


def rename_list(*, actor: User, class_list: ClassList, name: str) -> None:
    """Rename a list and record the change for its classes."""
    name = _named(name)
    with transaction.atomic():
        held = _held(actor, class_list)
        if held.name != name:
            before, held.name = held.name, name
            held.save(update_fields=["name"])
            _record(actor, "class_list.rename", held, {"from": before})
            _tell_rooms(actor, held)


def set_people(*, actor: User, class_list: ClassList, people: Sequence[Person], version: int) -> Changes:
    """Replace the people on a list by `people` and return the changes.

    `version` is the version that the person saw. Raise ``ActionRefused`` if the list has changed since.
    """
    check_people(people)
    with transaction.atomic():
        held = _held(actor, class_list)
        if held.version != version:
            raise ActionRefused(
                _("Someone else changed this list in the meantime. Check the changes again, then save them.")
            )
        changes = compare(people_of(held), people)
        if changes.any:
            list_versions.replaced(held)
            held.people.all().delete()
            ListedPerson.objects.bulk_create(
                ListedPerson(
                    class_list=held,
                    name=one.name,
                    user_uuid=one.user_uuid,
                    email=one.email,
                    group=one.group,
                )
                for one in people
            )
            held.version += 1
            held.changed_at = clock.now()
            held.save(update_fields=["version", "changed_at"])
            numbers = {
                "added": len(changes.added),
                "changed": len(changes.changed),
                "removed": len(changes.removed),
            }
            _record(actor, "class_list.change", held, numbers)
            _tell_rooms(actor, held)
    return changes


def delete_list(*, actor: User, class_list: ClassList) -> None:
    """Delete a class list and detach it from its classes. Closed classes keep the people they had."""
    with transaction.atomic():
        held = _held(actor, class_list)
        _record(actor, "class_list.delete", held, {"people": held.people.count()})
        _tell_rooms(actor, held)
        list_versions.forget_unused(held)
        held.delete()


def use_list(access: ClassAccess, *, class_list: ClassList | None) -> None:
    """Set the class list of a class; None detaches the current list.

    A closed class keeps the list's current version, so later changes do not affect the class.
    """
    room = access.room
    with transaction.atomic():
        # The projector also locks a room before it closes the room.
        locked = Room.objects.select_for_update().only("state", "profile_state", "gone_at").get(pk=room.pk)
        held = _held(access.person, class_list) if class_list else None
        kept = list_versions.current(held.pk) if held and list_versions.is_closed(locked) else None
        Room.objects.filter(pk=room.pk).update(class_list=held, list_version=kept)
        record.done(
            actor=access.person,
            action="room.use_list",
            room_uuid=room.room_uuid,
            target_name=held.name if held else "",
            params={"list": held.name if held else None},
        )


def check_people(people: Sequence[Person]) -> None:
    """Raise ``ActionRefused`` if there are too many people, a duplicate, or an invalid name or user id."""
    if len(people) > MOST_PEOPLE:
        raise ActionRefused(_("A list can have at most 5,000 people."))
    seen: set[tuple[str, ...]] = set()
    for one in people:
        if not names.has_visible_character(one.name) or (one.user_uuid and problem_with_id(one.user_uuid)):
            raise ActionRefused(
                _("A person on the list has no name, or has a user id that the cloud does not allow.")
            )
        if one.known_by in seen:
            raise ActionRefused(_("“%(name)s” is on the list twice.") % {"name": one.name})
        seen.add(one.known_by)


def _named(name: str) -> str:
    name = name.replace("\x00", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise ActionRefused(_("Enter a list name of at most 120 characters."), field="name")
    require_visible(name)
    return name


def _held(actor: User, class_list: ClassList) -> ClassList:
    """Lock the list, and read and return it. Raise ``NotYours`` if `actor` may not see it."""
    if not actor.is_active or not visible_lists(actor).filter(pk=class_list.pk).exists():
        raise NotYours
    return ClassList.objects.select_for_update().get(pk=class_list.pk)


def _record(actor: User, action: str, class_list: ClassList, params: dict[str, Any] | None = None) -> None:
    record.done(actor=actor, action=action, target=class_list.key, target_name=class_list.name, params=params)


def _tell_rooms(actor: User, class_list: ClassList) -> None:
    """Record the list's change for its classes, except closed ones, so that their pages update."""
    rooms = Room.objects.filter(class_list=class_list, gone_at__isnull=True).exclude(state=RoomState.CLOSED)
    for room_uuid in rooms.values_list("room_uuid", flat=True):
        record.done(actor=actor, action="class_list.change", room_uuid=room_uuid, target_name=class_list.name)
