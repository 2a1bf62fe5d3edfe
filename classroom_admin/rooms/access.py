"""Decide who sees which classes, and what they may do there.

The role of a person decides (`accounts.permissions`): administrators see all classes, teachers their own, and
coordinators, assistants and observers also those of their set (`Supervision`). A substitute sees a class only
during the substitution, even if they joined it as a teacher.

The permission is checked once per request. The result is a `ClassAccess`. Every function that acts on a class
takes a `ClassAccess` as its first argument, so it can't be called without permission.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import InitVar, dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.accounts.permissions import NotAllowed as NotAllowed
from classroom_admin.accounts.permissions import Permission
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.logs import context as log_context
from classroom_admin.common.prepared_queries import PreparedCondition
from classroom_admin.rooms.models import Participant, Room, RoomTeacher, Substitution, Supervision

_CHECKED: Final = object()


class NotYours(Http404):
    """The error if a person must not see a class or class list. The 404 hides whether it exists."""

    def __init__(self) -> None:
        super().__init__(gettext("This class does not exist, or you don't have access to it."))


@dataclass(frozen=True, slots=True)
class ClassAccess:
    """The permission of `person` to see `room`, and to do there what the role of `person` allows.

    Only `access_to` and `access_by_key` create it. It is valid only for one request or one scheduled command.
    Do not store it.
    """

    person: User
    room: Room
    checked: InitVar[object]

    def __post_init__(self, checked: object) -> None:
        if checked is not _CHECKED:
            raise TypeError("call access_to or access_by_key, which check the permission")

    def may(self, permission: Permission) -> bool:
        """Return whether `person` may do this in the class."""
        return permissions.may(self.person, permission)

    def require(self, permission: Permission) -> None:
        """Raise ``NotAllowed`` if `person` may see the class, but not do this there."""
        permissions.require(self.person, permission)


def access_to(person: User, room: Room, *, to: Permission | None = None) -> ClassAccess:
    """Return the access of `person` to `room`.

    Raise ``NotYours`` if `person` is deactivated or has no access to the room, and ``NotAllowed`` if `person`
    may see the room, but lacks the permission `to`.
    """
    if person.is_active and (
        permissions.sees_all_classes(person)
        or Room.objects.filter(pk=room.pk).filter(_is_visible(person)).exists()
    ):
        return _checked(person, room, to)
    raise NotYours


def access_by_key(
    person: User, key: str, rooms: QuerySet[Room] | None = None, *, to: Permission | None = None
) -> ClassAccess:
    """Return the access of `person` to the room with this `key`.

    `rooms` limits the rooms to search. Raise ``NotYours`` if no room has this `key`, or if `person` is
    deactivated or may not see the room. Raise ``NotAllowed`` if `person` lacks the permission `to`.
    """
    room = visible_rooms(person, rooms).filter(key=key).first() if person.is_active else None
    if room is None:
        raise NotYours
    return _checked(person, room, to)


def _checked(person: User, room: Room, to: Permission | None) -> ClassAccess:
    log_context.bind(room=room.key)
    access = ClassAccess(person, room, _CHECKED)
    if to is not None:
        access.require(to)
    return access


def visible_rooms(user: User, rooms: QuerySet[Room] | None = None) -> QuerySet[Room]:
    """Return the classes that `user` may see. `rooms` limits the classes.

    Breakout rooms are omitted, because pages show them with their class.
    """
    rooms = (Room.objects.all() if rooms is None else rooms).filter(parent=None)
    return rooms if permissions.sees_all_classes(user) else rooms.filter(_is_visible(user))


def visible_room_ids(users: Collection[User]) -> dict[int, set[int]]:
    """Return the ids of the rooms that each user may see, by user id. Omit users who see all classes.

    Run a constant number of queries for all teachers together, and one query for each user with a set.
    """
    limited = [user for user in users if not permissions.sees_all_classes(user)]
    found = own_room_ids([user.pk for user in limited if not permissions.has_set(user.role)])
    for user in limited:
        if permissions.has_set(user.role):
            found[user.pk] = set(visible_rooms(user).values_list("pk", flat=True))
    return found


def _is_visible(user: User) -> Q:
    if not permissions.has_set(user.role):
        return _is_own(user)
    of_set = _is_of_set_with_lists if permissions.set_has_lists(user.role) else _is_of_set
    return _is_own(user) | of_set(user.pk, clock.now())


def own_rooms(user: User, rooms: QuerySet[Room]) -> QuerySet[Room]:
    """Return those of `rooms` that are assigned to `user`, or in which `user` is now a substitute.

    Rooms that `user` joined as a teacher are included, too, unless `user` was or will be their substitute.
    """
    return rooms.filter(_is_own(user))


def _is_own(user: User) -> Q:
    return _is_of_person(user.pk, clock.now())


def _of_person(person: int, now: datetime) -> Q:
    """Return the condition that a room belongs to the person with this id at this time."""
    own = Substitution.objects.filter(teacher=person)
    taught = Q(_was_taught_by(CloudIdentity.objects.filter(user=person))) & ~_covered_by(own)
    return Q(is_assigned_to(person)) | _covered_by(own.filter(in_period(now))) | taught


def _of_set(person: int, now: datetime) -> Q:
    """Return the condition that a room is taught by the teachers of the set of the person with this id.

    Rooms in which a teacher of the set substitutes are included during the substitution.
    """
    rows = Supervision.objects.filter(person=person)
    teachers = rows.filter(teacher__isnull=False).values("teacher")
    found = Q(Exists(RoomTeacher.objects.filter(room=OuterRef("pk"), user__in=teachers)))
    found |= _covered_by(Substitution.objects.filter(teacher__in=teachers).filter(in_period(now)))
    # A teacher of the set joined the room, and was not its substitute.
    substitutions = Substitution.objects.filter(teacher=OuterRef("user"))
    identities = CloudIdentity.objects.filter(user__in=teachers)
    identities = identities.filter(~_meets_one_of(_ways_to_cover_or_join(3), substitutions))
    return found | Q(_was_taught_by(identities))


def _of_set_with_lists(person: int, now: datetime) -> Q:
    """Return the condition that a room belongs to the set of the person, or has one of its class lists."""
    rows = Supervision.objects.filter(person=person)
    lists = rows.filter(class_list__isnull=False).values("class_list")
    return _of_set(person, now) | Q(class_list__in=lists)


_ROOM: Final = ("pk", "room_uuid", "class_list")
"""The columns of a room that decide who sees it."""
_is_of_person: Final = PreparedCondition(Room, _ROOM, _of_person)
_is_of_set: Final = PreparedCondition(Room, _ROOM, _of_set)
_is_of_set_with_lists: Final = PreparedCondition(Room, _ROOM, _of_set_with_lists)


def unassigned_rooms() -> QuerySet[Room]:
    """Return the rooms that are assigned to no one and that no one with an account joined as a teacher."""
    assigned = Exists(RoomTeacher.objects.filter(room=OuterRef("pk")))
    return Room.objects.filter(~assigned, ~_was_taught_by(CloudIdentity.objects.all()), parent=None)


def is_assigned_to(user: User | int) -> Exists:
    """Return the condition that a room is assigned to `user`, which is an account or its id."""
    return Exists(RoomTeacher.objects.filter(room=OuterRef("pk"), user=user))


def own_room_ids(teachers: Collection[int]) -> dict[int, set[int]]:
    """Return the ids of each teacher's own rooms, by the teacher's account id."""
    found: dict[int, set[int]] = {pk: set() for pk in teachers}
    for some in chunks(teachers):
        assigned, taught = _assigned_ids(some), _taught_ids(some)
        covered, now_covered = _covered_room_ids(some)
        for user_id in some:
            found[user_id] = assigned[user_id] | now_covered[user_id] | (taught[user_id] - covered[user_id])
    return found


def _assigned_ids(teachers: Collection[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {pk: set() for pk in teachers}
    assigned = RoomTeacher.objects.filter(user__in=teachers)
    for user_id, room_id in assigned.values_list("user_id", "room_id"):
        found[user_id].add(room_id)
    return found


def _taught_ids(teachers: Collection[int]) -> dict[int, set[int]]:
    """Return the ids of the rooms that each teacher joined as a teacher."""
    found: dict[int, set[int]] = {pk: set() for pk in teachers}
    identities = CloudIdentity.objects.filter(user__in=teachers)
    owners: dict[str, int] = dict(identities.values_list("user_uuid", "user_id"))
    for user_uuids in chunks(owners):
        taught = Participant.objects.filter(was_teacher=True, user_uuid__in=user_uuids)
        for user_uuid, room_id in taught.values_list("user_uuid", "room_id"):
            found[owners[user_uuid]].add(room_id)
    return found


def in_period(now: datetime | None = None) -> Q:
    """Return the condition that a `Substitution` is in force at `now` (default: the current time)."""
    now = now or clock.now()
    return Q(starts_at__lte=now, ends_at__gt=now)


def covers_room() -> Q:
    """Return the condition that a `Substitution` covers the room of the outer query."""
    found = Q()
    for way in _ways_to_cover():
        found |= way
    return found


@cache
def _ways_to_cover() -> tuple[Q, ...]:
    """Return the conditions of which a `Substitution` meets one if it covers the room of the outer query.

    They are the same for all people, and a query copies them. To build them takes milliseconds.
    """
    # The other teacher may have joined the room only as a substitute.
    substitutions = Substitution.objects.filter(teacher=OuterRef("of_teacher"))
    return (
        _covers(1),
        _is_assigned(1),
        _is_joined(1) & ~_meets_one_of(_ways_to_cover_or_join(2), substitutions),
    )


@cache
def _ways_to_cover_or_join(level: int) -> tuple[Q, ...]:
    """Return the conditions that a `Substitution` covers a room, or that its other teacher joined the room.

    The room belongs to the query that is `level` queries further out.
    """
    return (_covers(level), _is_assigned(level), _is_joined(level))


def _meets_one_of(conditions: Iterable[Q], substitutions: QuerySet[Substitution]) -> Q:
    """Return the condition that one of `substitutions` meets one of `conditions`.

    Each condition gets a query of its own, because SQLite refuses a query that is nested too deeply.
    """
    found = Q()
    for condition in conditions:
        found |= Q(Exists(substitutions.filter(condition)))
    return found


def _is_assigned(level: int) -> Q:
    """Return the condition that a room is assigned to the other teacher of a `Substitution`."""
    return Q(Exists(RoomTeacher.objects.filter(room=_outer("pk", level + 1), user=OuterRef("of_teacher"))))


def _is_joined(level: int) -> Q:
    """Return the condition that the other teacher of a `Substitution` joined a room as a teacher."""
    identities = CloudIdentity.objects.filter(user=OuterRef(OuterRef("of_teacher")))
    joined = Participant.objects.filter(room=_outer("pk", level + 1), was_teacher=True)
    return Q(Exists(joined.filter(user_uuid__in=identities.values("user_uuid"))))


def _covers(level: int) -> Q:
    """Return the condition that a `Substitution` covers a room by itself, its series or its class list.

    The room belongs to the query that is `level` queries further out.
    """
    return (
        Q(room=_outer("pk", level))
        | Q(series__planned__key=_outer("room_uuid", level))
        | Q(class_list=_outer("class_list", level))
    )


def _outer(field: str, level: int) -> OuterRef:
    return OuterRef(field) if level == 1 else OuterRef(_outer(field, level - 1))


def _covered_by(substitutions: QuerySet[Substitution]) -> Q:
    return _meets_one_of(_ways_to_cover(), substitutions)


def _covered_room_ids(teachers: Collection[int]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Return two dicts from teacher ids to room ids: for all substitutions, and for the current ones."""
    ever: dict[int, set[int]] = {pk: set() for pk in teachers}
    current: dict[int, set[int]] = {pk: set() for pk in teachers}
    now = clock.now()
    rows = _substitutions_of(teachers)
    rooms = _rooms_covered(rows)
    of_teacher = _rooms_without_substitution({row["of_teacher"] for row in rows if row["of_teacher"]})
    for row in rows:
        covered = rooms(row) | of_teacher.get(row["of_teacher"] or 0, set())
        ever[row["teacher"]] |= covered
        if row["starts_at"] <= now < row["ends_at"]:
            current[row["teacher"]] |= covered
    return ever, current


def _rooms_without_substitution(teachers: Collection[int]) -> dict[int, set[int]]:
    """Return the ids of the rooms that each teacher has, except those where they were only a substitute."""
    if not teachers:
        return {}
    rows = _substitutions_of(teachers)
    rooms = _rooms_covered(rows)
    everyone = {*teachers, *(row["of_teacher"] for row in rows if row["of_teacher"])}
    assigned, taught = _assigned_ids(everyone), _taught_ids(everyone)
    covered: dict[int, set[int]] = {pk: set() for pk in teachers}
    for row in rows:
        other = row["of_teacher"]
        covered[row["teacher"]] |= rooms(row) | (assigned[other] | taught[other] if other else set())
    return {pk: assigned[pk] | (taught[pk] - covered[pk]) for pk in teachers}


def _substitutions_of(teachers: Collection[int]) -> list[dict[str, Any]]:
    columns = ("teacher", "room", "series__planned__key", "class_list", "of_teacher", "starts_at", "ends_at")
    return list(Substitution.objects.filter(teacher__in=teachers).values(*columns))


def _rooms_covered(rows: Collection[dict[str, Any]]) -> Callable[[dict[str, Any]], set[int]]:
    """Return a function that takes one of `rows` and returns the rooms that the substitution covers.

    It omits the rooms of another teacher.
    """
    by_uuid: dict[str, int] = {}
    by_list: dict[int, set[int]] = {}
    for some in chunks({row["series__planned__key"] for row in rows if row["series__planned__key"]}):
        by_uuid |= dict(Room.objects.filter(room_uuid__in=some).values_list("room_uuid", "pk"))
    for lists in chunks({row["class_list"] for row in rows if row["class_list"]}):
        for class_list, pk in Room.objects.filter(class_list__in=lists).values_list("class_list", "pk"):
            by_list.setdefault(class_list, set()).add(pk)

    def covered(row: dict[str, Any]) -> set[int]:
        pk = row["room"] or by_uuid.get(row["series__planned__key"] or "")
        return by_list.get(row["class_list"] or 0, set()) | ({pk} if pk is not None else set())

    return covered


def _was_taught_by(identities: QuerySet[CloudIdentity]) -> Exists:
    taught = Participant.objects.filter(room=OuterRef("pk"), was_teacher=True)
    return Exists(taught.filter(user_uuid__in=identities.values("user_uuid")))
