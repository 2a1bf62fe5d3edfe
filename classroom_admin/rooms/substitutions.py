"""Queries about substitutions, and about the teacher who is expected in a class."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, DateTimeField, Expression, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from classroom_admin.common import clock
from classroom_admin.rooms.access import covers_room
from classroom_admin.rooms.models import Room, RoomTeacher, Substitution


def of_room(room: Room, *, after: datetime) -> QuerySet[Substitution]:
    """Return the substitutions of the class and of its series that end after `after`, sorted by start."""
    of_it = Q(room=room) | Q(series__planned__key=room.room_uuid)
    found = Substitution.objects.filter(of_it, ends_at__gt=after).select_related("teacher", "series")
    return found.order_by("starts_at", "pk")


class OurNow(Expression):
    """The time of our clock when the query runs. So a query can be built once and run later."""

    output_field = DateTimeField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (connection.ops.adapt_datetimefield_value(clock.now()),)


def expected_name(at: Any = None) -> Expression:
    """Return an expression for the name of the person who is expected to teach a room.

    This is the substitute at the time `at` (default: now). If there is none, it is the teacher to whom the
    room was assigned first, or "".
    """
    at = OurNow() if at is None else at
    period = Q(starts_at__lte=at, ends_at__gt=at)
    substitutes = Substitution.objects.filter(covers_room()).filter(period).order_by("-pk")
    assigned = RoomTeacher.objects.filter(room=OuterRef("pk")).order_by("pk")
    return Coalesce(
        Subquery(substitutes.annotate(one=_name("teacher")).values("one")[:1]),
        Subquery(assigned.annotate(one=_name("user")).values("one")[:1]),
        Value(""),
        output_field=CharField(),
    )


def _name(of: str) -> Expression:
    return Coalesce(NullIf(F(f"{of}__name"), Value("")), F(f"{of}__email"), output_field=CharField())
