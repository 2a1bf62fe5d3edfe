"""Read accounts, and the classes that are or can be assigned to them."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from classroom_admin.accounts.models import User
from classroom_admin.common.search_field import matches
from classroom_admin.rooms import access
from classroom_admin.rooms.models import Room
from classroom_admin.rooms.selectors import HEAVY, named_like

NEWEST_FIRST = ("-known_since", "-pk")


def find_people(*, words: str = "", show: str = "") -> QuerySet[User]:
    """Return people whose name or email contains `words`, annotated with `assigned_count`.

    `show` limits the result: "administrators", "teachers", or "deactivated".
    """
    people = User.objects.annotate(assigned_count=Count("taught_rooms")).prefetch_related("identities")
    if words:
        people = people.filter(matches(words, field="search"))
    if show == "administrators":
        people = people.filter(role=User.Role.ADMINISTRATOR)
    elif show == "teachers":
        people = people.filter(role=User.Role.TEACHER)
    elif show == "deactivated":
        people = people.filter(is_active=False)
    return people.order_by("-is_active", "name", "email")


def rooms_of(person: User) -> QuerySet[Room]:
    """Return the person's own classes, newest first. Annotate `assigned`: whether the class is assigned."""
    rooms = Room.objects.annotate(assigned=access.is_assigned_to(person))
    return access.own_rooms(person, rooms).order_by(*NEWEST_FIRST)


def assignable_rooms(person: User, *, words: str) -> QuerySet[Room]:
    """Return classes that are not assigned to the person and have `words` in their name, newest first."""
    rooms = Room.objects.filter(~access.is_assigned_to(person)).filter(named_like(words))
    return rooms.defer(*HEAVY).order_by(*NEWEST_FIRST)


def unassigned_rooms(*, words: str = "") -> QuerySet[Room]:
    """Return classes that belong to nobody and have `words` in their name, newest first."""
    return access.unassigned_rooms().filter(named_like(words)).defer(*HEAVY).order_by(*NEWEST_FIRST)
