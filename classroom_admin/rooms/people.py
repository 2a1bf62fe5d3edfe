"""Find classes and people in all classes that a person may see, and the classes of one person.

The cloud's user id identifies a person. Two people may have the same name: `same_named` returns them, and the
page asks whether to include them. Everyone who ever entered a class has a row in that class, so people who
left are found, too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from django.db.models import Count, F, Max, Q, QuerySet
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.common.names import exact_key
from classroom_admin.common.search_field import matches
from classroom_admin.rooms.access import NotYours, visible_room_ids
from classroom_admin.rooms.models import Participant, Role, Room
from classroom_admin.rooms.selectors import teacher_name, with_state

UNSEEN: Final = (Role.SERVER, Role.INVISIBLE)
"""The roles of participants that no page shows."""
MOST_SAME_NAMED: Final = 20
_Row = TypeVar("_Row")


class NotSeen(NotYours):
    """The error if a person was in no class of the user. The 404 hides whether the person exists."""

    def __init__(self) -> None:
        super().__init__()
        self.args = (gettext("This person does not exist, or was in none of your classes."),)


@dataclass(frozen=True, slots=True)
class Scope:
    """The classes that a search covers. If `rooms` is None, it covers all classes.

    Only `scope_of` creates a scope. A scope is valid for one request. Do not store it.
    """

    user: User
    rooms: frozenset[int] | None

    def people(self) -> QuerySet[Participant]:
        """Return the rows of all visible people in these classes. Breakout rooms are omitted."""
        rows = Participant.objects.exclude(role__in=UNSEEN).exclude(room__in=_breakout_rooms())
        return rows if self.rooms is None else rows.filter(room__in=self.rooms)


def _breakout_rooms() -> QuerySet[Any, Any]:
    return Room.objects.filter(parent__isnull=False).values("pk")


def scope_of(user: User) -> Scope:
    """Return the classes that `user` may see, as a scope for searches."""
    if not user.is_active:
        return Scope(user, frozenset())
    ids = visible_room_ids([user]).get(user.pk)
    return Scope(user, None if ids is None else frozenset(ids))


@dataclass(frozen=True, slots=True)
class Found(Generic[_Row]):
    """A part of the results of a search. `more` is True if there are more results."""

    rows: list[_Row]
    more: bool


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person who was in a class. `row` belongs to the class where they are now, or were last."""

    row: Participant
    classes: int


def participations(scope: Scope, user_uuids: Collection[str]) -> QuerySet[Participant]:
    """Return the rows of people with these ids in all classes of the scope."""
    return scope.people().filter(user_uuid__in=user_uuids)


def person_for(scope: Scope, pk: int) -> Participant:
    """Return a person's row in the class where they are now, or were last. `pk` is any row of the person.

    Raise ``NotSeen`` if the person was in no class of the scope.
    """
    known = Participant.objects.filter(pk=pk).exclude(role__in=UNSEEN)
    user_uuid = known.values_list("user_uuid", flat=True).first()
    rows = participations(scope, [user_uuid]) if user_uuid else Participant.objects.none()
    person = rows.select_related("room").order_by("-online", "-pk").first()
    if person is None:
        raise NotSeen
    return person


def same_named(scope: Scope, person: Participant) -> list[str]:
    """Return the ids of up to `MOST_SAME_NAMED` other people with a name that looks the same."""
    if not person.name:
        return []
    rows = scope.people().filter(
        was_teacher__in=(False, True), name_search=person.name_search
    )  # `was_teacher` is here for the index
    rows = rows.exclude(user_uuid=person.user_uuid)
    named = rows.values_list("user_uuid", "name").order_by("user_uuid").distinct()[: 5 * MOST_SAME_NAMED]
    same = dict.fromkeys(uuid for uuid, name in named if exact_key(name) == exact_key(person.name))
    return list(same)[:MOST_SAME_NAMED]


def last_seen(scope: Scope, user_uuids: Collection[str]) -> datetime | None:
    """Return when something last happened in a class while one of these people was present."""
    rows = participations(scope, user_uuids)
    present = rows.filter(online=True).aggregate(at=Max("room__last_event_at"))["at"]
    left: datetime | None = rows.aggregate(at=Max("left_at"))["at"]
    return max((at for at in (present, left) if at is not None), default=None)


def find_people(scope: Scope, words: str, *, taught: bool, start: int = 0, most: int) -> Found[FoundPerson]:
    """Return people by name, sorted by name.

    If `taught` is True, return only teachers, otherwise all others.
    """
    if not words:
        return Found([], False)
    # `was_teacher=False` would become NOT was_teacher, which uses no index.
    rows = scope.people().filter(matches(words, field="name_search"), was_teacher__in=(taught,))
    if taught and permissions.may(
        scope.user, Permission.PEOPLE
    ):  # `find_accounts` finds teachers with an account
        rows = rows.exclude(user_uuid__in=CloudIdentity.objects.order_by().values("user_uuid"))
    named = rows.order_by("name_search", "user_uuid").values_list("name_search", "user_uuid").distinct()
    found = list(named[start : start + most + 1])
    return Found(_latest(scope, dict.fromkeys(uuid for _key, uuid in found[:most])), len(found) > most)


def _latest(scope: Scope, user_uuids: Collection[str]) -> list[FoundPerson]:
    """Return the people with these ids, in this order."""
    if not user_uuids:
        return []
    rows = participations(scope, user_uuids).order_by().values("user_uuid")
    facts = {
        row["user_uuid"]: row
        for row in rows.annotate(n=Count("pk"), last=Max("pk"), now=Max("pk", filter=Q(online=True)))
    }
    wanted = [row["now"] or row["last"] for row in facts.values()]
    shown = {row.user_uuid: row for row in _light(Participant.objects.filter(pk__in=wanted))}
    return [FoundPerson(shown[uuid], facts[uuid]["n"]) for uuid in user_uuids if uuid in shown]


def _light(rows: QuerySet[Participant]) -> QuerySet[Participant]:
    names = ("user_uuid", "name", "role", "online", "left_at", "entered_at")
    return rows.select_related("room").only(*names, "room__key", "room__name", "room__started_at")


def find_accounts(scope: Scope, words: str, *, start: int = 0, most: int) -> Found[User]:
    """Return the accounts with a matching name or address, sorted by name. Only people who
    manage accounts find any."""
    if not words or not permissions.may(scope.user, Permission.PEOPLE):
        return Found([], False)
    rows = User.objects.filter(matches(words, field="search")).order_by("search", "pk")
    found = list(rows[start : start + most + 1])
    return Found(found[:most], len(found) > most)


def find_classes(scope: Scope, words: str, *, start: int = 0, most: int) -> Found[Any]:
    """Return classes by the name of the class or of a teacher, newest first.

    They are annotated with `now_state` and `teacher_name`.
    """
    if not words:
        return Found([], False)
    named = Room.objects.filter(matches(words, field="name_search"))
    taught = Participant.objects.filter(matches(words, field="name_search"), was_teacher=True)
    if scope.rooms is not None:
        named, taught = named.filter(pk__in=scope.rooms), taught.filter(room__in=scope.rooms)
    # Without "+ 0", SQLite reads the large rows of the table in the order of their keys, not the small index.
    newest = set(named.order_by((F("pk") + 0).desc()).values_list("pk", flat=True)[: start + most + 1])
    newest |= set(
        taught.order_by((F("room_id") + 0).desc())
        .values_list("room_id", flat=True)
        .distinct()[: start + most + 1]
    )
    keys = sorted(newest, reverse=True)[start : start + most + 1]
    shown = with_state(teacher_name=teacher_name()).filter(pk__in=keys[:most]).order_by("-pk")
    return Found(list(shown) if keys else [], len(keys) > most)


def rooms_between(
    scope: Scope, user_uuids: Collection[str], *, since: datetime | None, until: datetime, most: int
) -> tuple[list[Room], datetime | None]:
    """Return the classes that these people entered before `until` and that have had events since `since`.

    Of these, every class with events after `until` is returned, but only the `most` most recent ones of the
    rest. Also return the time of the newest event in the classes that are left out, or None if there are
    none.
    """
    rows = participations(scope, user_uuids).filter(Q(entered_at__lt=until) | Q(entered_at__isnull=True))
    if since is not None:
        rows = rows.filter(room__last_event_at__gte=since)
    rooms = Room.objects.filter(pk__in=rows.order_by().values("room"))
    rooms = rooms.only("key", "room_uuid", "name", "last_event_at", "started_at").order_by("-last_event_at")
    going_on = list(rooms.filter(last_event_at__gte=until))
    over = list(rooms.filter(last_event_at__lt=until)[: most + 1])
    return going_on + over[:most], over[most].last_event_at if len(over) > most else None
