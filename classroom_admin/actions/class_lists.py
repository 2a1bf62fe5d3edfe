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

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused, require_visible
from classroom_admin.audit import record
from classroom_admin.common import clock, names
from classroom_admin.common.chunks import chunks
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.rooms import list_versions
from classroom_admin.rooms.access import ClassAccess, NotYours
from classroom_admin.rooms.class_list_files.header_words import NAME, USER_ID
from classroom_admin.rooms.class_list_files.people import MOST_PEOPLE, Person, problems_of, same_person
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, ListedPerson, Room, RoomState

LONGEST_NAME: Final = 120
MOST_MINUTES: Final = 1440


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
    """Return the changes that turn `before` into `after`.

    If a person's user id differs but the name is the same, the person counts as changed. If several people
    have the same name, those in the same group are matched first.
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
    permissions.require(actor, Permission.CLASS_LISTS)
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


def set_thresholds(
    *, actor: User, class_list: ClassList, late_after_minutes: float | None, left_early_minutes: float | None
) -> bool:
    """Set when people on a list count as late and as leaving early, in minutes. None means as in the school.

    This also changes the attendance of earlier classes with this list. Return False if nothing changes.
    """
    given = {"late_after_minutes": late_after_minutes, "left_early_minutes": left_early_minutes}
    for name, minutes in given.items():
        if minutes is not None and not 0 <= minutes <= MOST_MINUTES:  # also refuses NaN
            raise ActionRefused(_("Enter a number of minutes from 0 to 1,440."), field=name)
    with transaction.atomic():
        held = _held(actor, class_list)
        before = {name: getattr(held, name) for name in given}
        if before == given:
            return False
        changed = {
            name: {"from": before[name], "to": given[name]} for name in given if before[name] != given[name]
        }
        for name, minutes in given.items():
            setattr(held, name, minutes)
        held.save(update_fields=list(given))
        _record(actor, "list.thresholds", held, {"changed": changed})
        _tell_rooms(actor, held, "list.thresholds")
    return True


def set_people(*, actor: User, class_list: ClassList, people: Sequence[Person], version: int) -> Changes:
    """Replace the people on a list with `people` and return the changes.

    `version` is the version of the list on the person's page. Raise ``ActionRefused`` if the list has changed
    since.
    """
    check_people(people)
    with transaction.atomic():
        held = _held_at(actor, class_list, version)
        changes = compare(people_of(held), people)
        if changes.any:
            list_versions.replaced(held)
            _store(held, changes)
            numbers = {
                "added": len(changes.added),
                "changed": len(changes.changed),
                "removed": len(changes.removed),
            }
            _record_people(actor, held, numbers)
    return changes


def add_person(*, actor: User, class_list: ClassList, person: Person, version: int) -> ListedPerson:
    """Add one person to a list. `version` is as in `set_people`."""
    with transaction.atomic():
        held = _held_at(actor, class_list, version)
        if held.people.count() >= MOST_PEOPLE:
            raise ActionRefused(_("A list can have at most 5,000 people."))
        _check_person(held, person)
        list_versions.replaced(held)
        row = held.people.create(**_columns(person))
        _record_people(actor, held, {"added": 1, "changed": 0, "removed": 0, "names": [person.name]})
    return row


def change_person(*, actor: User, row: ListedPerson, person: Person, version: int) -> bool:
    """Replace the values of one person on a list. Return False if nothing changes.

    `version` is as in `set_people`. Raise ``ActionRefused`` if the person is no longer on the list.
    """
    with transaction.atomic():
        held = _held_at(actor, row.class_list, version)
        found = _locked_row(held, row)
        if all(getattr(found, name) == value for name, value in _columns(person).items()):
            return False
        _check_person(held, person, besides=found)
        list_versions.replaced(held)
        ListedPerson.objects.filter(pk=found.pk).update(**_columns(person))
        _record_people(actor, held, {"added": 0, "changed": 1, "removed": 0, "names": [person.name]})
    return True


def remove_person(*, actor: User, row: ListedPerson, version: int) -> None:
    """Remove one person from a list. `version` and errors are as in `change_person`."""
    with transaction.atomic():
        held = _held_at(actor, row.class_list, version)
        found = _locked_row(held, row)
        list_versions.replaced(held)
        found.delete()
        _record_people(actor, held, {"added": 0, "changed": 0, "removed": 1, "names": [found.name]})


def delete_list(*, actor: User, class_list: ClassList) -> None:
    """Delete a class list. Closed classes keep the people who were on it."""
    with transaction.atomic():
        held = _held(actor, class_list)
        _record(actor, "class_list.delete", held, {"people": held.people.count()})
        _tell_rooms(actor, held)
        list_versions.forget_unused(held)
        held.delete()


def use_list(access: ClassAccess, *, class_list: ClassList | None) -> None:
    """Set the class list of a class. If ``class_list`` is None, remove the current list.

    A closed class keeps a copy of the list, so later changes do not affect the class.
    """
    access.require(Permission.CHOOSE_LIST)
    with transaction.atomic():
        Room.objects.select_for_update().only("pk").get(
            pk=access.room.pk
        )  # the projector also locks the room first
        held = _locked(access.person, class_list) if class_list else None
        use_planned_list(access.room, actor=access.person, class_list=held)


def use_planned_list(room: Room, *, actor: User, class_list: ClassList | None) -> None:
    """Set the class list of a scheduled class without checking who may see the list.

    This was checked when the person chose the list.
    """
    with transaction.atomic():
        # The projector also locks a room before it closes the room.
        locked = Room.objects.select_for_update().only("state", "profile_state", "gone_at").get(pk=room.pk)
        kept = (
            list_versions.current(class_list.pk) if class_list and list_versions.is_closed(locked) else None
        )
        Room.objects.filter(pk=room.pk).update(class_list=class_list, list_version=kept)
        record.done(
            actor=actor,
            action="room.use_list",
            room_uuid=room.room_uuid,
            target_name=class_list.name if class_list else "",
            params={"list": class_list.name if class_list else None},
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
    """Lock and return the list, to change it. Raise ``NotYours`` if `actor` may not see it."""
    permissions.require(actor, Permission.CLASS_LISTS)
    return _locked(actor, class_list)


def _locked(actor: User, class_list: ClassList) -> ClassList:
    if not actor.is_active or not visible_lists(actor).filter(pk=class_list.pk).exists():
        raise NotYours
    return ClassList.objects.select_for_update().get(pk=class_list.pk)


def _held_at(actor: User, class_list: ClassList, version: int) -> ClassList:
    """Lock and return the list. Raise ``ActionRefused`` if it no longer has this version."""
    held = _held(actor, class_list)
    if held.version != version:
        raise ActionRefused(
            _("Someone else changed this list in the meantime. Check your changes again, then save them.")
        )
    return held


def _locked_row(held: ClassList, row: ListedPerson) -> ListedPerson:
    found = held.people.filter(pk=row.pk).first()
    if found is None:
        raise ActionRefused(_("This person is no longer on the list. Reload the page."))
    return found


def _check_person(held: ClassList, person: Person, besides: ListedPerson | None = None) -> None:
    """Raise ``ActionRefused`` if `person` is invalid or already on the list."""
    for role, problem in problems_of(person):
        raise ActionRefused(problem, field=role)
    others = held.people.exclude(pk=besides.pk) if besides else held.people.all()
    rows = others.values_list("name", "user_uuid", "email", "group")
    if same := same_person(person, (Person(name=n, user_uuid=u, email=e, group=g) for n, u, e, g in rows)):
        if person.user_uuid:
            raise ActionRefused(
                _("“%(name)s” on this list already has this user id. Enter a different id.")
                % {"name": same.name},
                field=USER_ID,
            )
        raise ActionRefused(
            _(
                "“%(name)s” is already on this list. Enter a user id, group or email to tell the two people "
                "apart."
            )
            % {"name": same.name},
            field=NAME,
        )


def _columns(person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "user_uuid": person.user_uuid,
        "email": person.email,
        "group": person.group,
    }


def _store(held: ClassList, changes: Changes) -> None:
    """Write the changes to the database."""
    rows: dict[Person, list[int]] = {}
    for pk, name, user_uuid, email, group in held.people.values_list(
        "pk", "name", "user_uuid", "email", "group"
    ):
        rows.setdefault(Person(name=name, user_uuid=user_uuid, email=email, group=group), []).append(pk)
    removed = [rows[one].pop() for one in changes.removed]
    for some in chunks(removed):
        ListedPerson.objects.filter(pk__in=some).delete()
    changed = [
        ListedPerson(pk=rows[was].pop(), class_list=held, **_columns(now)) for was, now in changes.changed
    ]
    ListedPerson.objects.bulk_update(changed, ["name", "user_uuid", "email", "group"], batch_size=200)
    ListedPerson.objects.bulk_create(ListedPerson(class_list=held, **_columns(one)) for one in changes.added)


def _record_people(actor: User, held: ClassList, params: dict[str, Any]) -> None:
    """Increase the version of a changed list and record the change."""
    held.version += 1
    held.changed_at = clock.now()
    held.save(update_fields=["version", "changed_at"])
    _record(actor, "class_list.change", held, params)
    _tell_rooms(actor, held)


def _record(actor: User, action: str, class_list: ClassList, params: dict[str, Any] | None = None) -> None:
    record.done(actor=actor, action=action, target=class_list.key, target_name=class_list.name, params=params)


def _tell_rooms(actor: User, class_list: ClassList, action: str = "class_list.change") -> None:
    """Record the list's change for each of its open classes, so that their pages update."""
    rooms = Room.objects.filter(class_list=class_list, gone_at__isnull=True).exclude(state=RoomState.CLOSED)
    for room_uuid in rooms.values_list("room_uuid", flat=True):
        record.done(actor=actor, action=action, room_uuid=room_uuid, target_name=class_list.name)
