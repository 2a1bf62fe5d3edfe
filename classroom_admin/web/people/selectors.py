"""Reading people and whose the classes are."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.rooms.models import Participant, Room, RoomTeacher


def find_people(*, words: str = "", show: str = "") -> QuerySet[User]:
    """People whose name or email holds `words`. `show`: administrators, teachers, deactivated; else all.

    Each carries `assigned_count`, the number of classes given to them.
    """
    people = User.objects.annotate(assigned_count=Count("taught_rooms")).prefetch_related("identities")
    if words:
        people = people.filter(Q(name__icontains=words) | Q(email__icontains=words))
    if show == "administrators":
        people = people.filter(role=User.Role.ADMINISTRATOR)
    elif show == "teachers":
        people = people.filter(role=User.Role.TEACHER)
    elif show == "deactivated":
        people = people.filter(is_active=False)
    return people.order_by("-is_active", "name", "email")


def rooms_of(person: User) -> QuerySet[Room]:
    """The classes that are the person's own, newest first, each with `assigned`: given by hand.

    Those without were entered as teacher by one of the person's cloud user ids.
    """
    given = RoomTeacher.objects.filter(room=OuterRef("pk"), user=person)
    taught = Participant.objects.filter(
        room=OuterRef("pk"), was_teacher=True, user_uuid__in=person.identities.values("user_uuid")
    )
    rooms = Room.objects.annotate(assigned=Exists(given)).filter(Q(assigned=True) | Q(Exists(taught)))
    return rooms.order_by("-known_since", "-pk")


def rooms_to_give(person: User, *, words: str) -> QuerySet[Room]:
    """Classes with `words` in their name that were not given to the person yet, newest first."""
    given = RoomTeacher.objects.filter(room=OuterRef("pk"), user=person)
    rooms = Room.objects.filter(~Exists(given), name__icontains=words)
    return rooms.order_by("-known_since", "-pk")


def nobodys_rooms(*, words: str = "") -> QuerySet[Room]:
    """Classes that nobody was given and that no known cloud user id entered as teacher, newest first."""
    given = RoomTeacher.objects.filter(room=OuterRef("pk"))
    taught = Participant.objects.filter(
        room=OuterRef("pk"), was_teacher=True, user_uuid__in=CloudIdentity.objects.values("user_uuid")
    )
    rooms = Room.objects.filter(~Exists(given), ~Exists(taught))
    if words:
        rooms = rooms.filter(name__icontains=words)
    return rooms.order_by("-known_since", "-pk")
