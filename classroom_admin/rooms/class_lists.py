"""Queries for class lists that a person may see, and for the people on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import (
    Aggregate,
    Count,
    Expression,
    F,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce, JSONObject
from django.http import Http404
from django.utils.translation import gettext as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.rooms.models import ClassList, ClassListFile, ListedPerson, Room, Supervision

FILES_KEPT_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A person on a class list. `user_uuid` is "" if the list has no user id for them."""

    name: str
    user_uuid: str = ""
    group: str = ""


class _JsonList(Aggregate):
    """An aggregate that combines rows into one JSON list."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **more)


def visible_lists(user: User) -> QuerySet[ClassList]:
    """Return the class lists that `user` may see, annotated with `size`.

    A person sees the lists that they own. A person with a set also sees its lists and those of its teachers.
    """
    lists = ClassList.objects.annotate(size=Count("people")).select_related("owner").order_by("name", "pk")
    if permissions.sees_all_classes(user):
        return lists
    found = Q(owner=user)
    if permissions.has_set(user.role):
        rows = Supervision.objects.filter(person=user)
        found |= Q(owner__in=rows.filter(teacher__isnull=False).values("teacher"))
        if permissions.set_has_lists(user.role):
            found |= Q(pk__in=rows.filter(class_list__isnull=False).values("class_list"))
    return lists.filter(found)


def list_for(user: User, key: str) -> ClassList:
    """Return the class list with this `key`. Raise Http404 if `user` may not see the list."""
    found = visible_lists(user).filter(key=key).first()
    if found is None:
        raise Http404("There is no such list, or it is not one of yours.")
    return found


def file_for(user: User, key: str, *, list_key: str = "", of_accounts: bool = False) -> ClassListFile:
    """Return an uploaded file of `user` that has not expired. Raise Http404 if there is none.

    `list_key` is the key of the file's class list. Use "" for OneRoster exports, which have no single list.
    `of_accounts` says that its people sign in here.
    """
    fresh = ClassListFile.objects.filter(
        owner=user, stored_at__gt=clock.now() - FILES_KEPT_FOR, key=key, of_accounts=of_accounts
    )
    of_list = Q(class_list__key=list_key) if list_key else Q(class_list=None)
    found = fresh.filter(of_list).select_related("class_list").first()
    if found is None:
        raise Http404(_("This file is no longer stored. Upload it again."))
    return found


def people_of_list(class_list: str) -> Subquery[Any]:
    """Return an expression for the people on a list, as JSON.

    `class_list` is the column with the list's id.
    """
    people = ListedPerson.objects.filter(class_list=OuterRef(class_list)).order_by()
    facts = JSONObject(name="name", user_uuid="user_uuid", group="group")
    return Subquery(
        people.values("class_list").annotate(all=_JsonList(facts)).values("all"), output_field=JSONField()
    )


def listed_people() -> Expression:
    """Return an expression for the people on a room's class list, for the annotation `listed` of rooms.

    A closed room has the people who were on the list when it closed.
    """
    kept = F("list_version__people")
    return Coalesce(kept, people_of_list("class_list"), output_field=JSONField())


def has_list(room: Room) -> bool:
    """Return whether a room has a class list, or a version of a list that was deleted."""
    return room.class_list_id is not None or room.list_version_id is not None


def listed(room: Room) -> list[Listed]:
    """Return the people on a room's class list, sorted by name.

    A closed room has the people who were on the list when it closed.
    """
    if not has_list(room):
        return []
    rows: Any = getattr(room, "listed", None)
    if rows is None and room.list_version is not None:
        rows = room.list_version.people
    if rows is None:
        rows = ListedPerson.objects.filter(class_list=room.class_list_id).values("name", "user_uuid", "group")
    return sorted((Listed(**row) for row in rows), key=lambda one: (one.name.casefold(), one.user_uuid))
