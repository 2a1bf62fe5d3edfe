"""Reads of class lists: whose they are, who is on them, and a list brought along with its room."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    Expression,
    JSONField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import JSONObject
from django.http import Http404

from classroom_admin.accounts.models import User
from classroom_admin.rooms.attendance import Listed
from classroom_admin.rooms.models import ClassList, ListedPerson, Room


class _Together(Aggregate):
    """Rows as one JSON list."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **more)


def visible_lists(user: User) -> QuerySet[ClassList]:
    """The lists that `user` may see, each with `size`: an administrator all, a teacher their own."""
    lists = ClassList.objects.annotate(size=Count("people")).select_related("owner").order_by("name", "pk")
    return lists if user.is_administrator else lists.filter(owner=user)


def list_for(user: User, key: str) -> ClassList:
    """The list under `key`, loaded and authorised. Http404: unknown, or somebody else's."""
    found = visible_lists(user).filter(key=key).first()
    if found is None:
        raise Http404("There is no such list, or it is not one of yours.")
    return found


def brought_along() -> Expression:
    """Who is on the list of a room, as an expression to bring along as `listed`: no query of its own."""
    people = ListedPerson.objects.filter(class_list=OuterRef("class_list")).order_by()
    facts = JSONObject(name="name", user_uuid="user_uuid", group="group")
    return Subquery(
        people.values("class_list").annotate(all=_Together(facts)).values("all"), output_field=JSONField()
    )


def listed(room: Room) -> list[Listed]:
    """Who is on the list of a room, by name; without a query where they were brought along."""
    if not room.class_list_id:
        return []
    rows: Any = getattr(room, "listed", None)
    if rows is None:
        rows = ListedPerson.objects.filter(class_list=room.class_list_id).values("name", "user_uuid", "group")
    return sorted((Listed(**row) for row in rows), key=lambda one: (one.name.casefold(), one.user_uuid))
