"""Class lists: who should attend a class."""

from __future__ import annotations

from typing import Annotated, Any, Final

from ninja import Field, Query, Router, Schema, Status

from classroom_admin.accounts import permissions
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists as actions
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.class_list_files.people import LONGEST, MOST_PEOPLE, Person, problems_of
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, ListedPerson
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import ClassOut, class_access, of_room
from classroom_admin.web.api.v1.classes import listed_for
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.problems import ApiProblem
from classroom_admin.web.api.v1.schemas import MOST_NUMBER, In, Page

router: Final = Router(tags=["Class lists"])
ListName = Annotated[str, Field(min_length=1, max_length=actions.LONGEST_NAME)]
LimitMinutes = Annotated[float | None, Field(ge=0, le=actions.MOST_MINUTES, allow_inf_nan=False)]


class ListOut(Schema):
    """A class list. The limits are null if those of the school apply."""

    key: str
    name: str
    owner: str | None = Field(description="The email address of its owner.")
    size: int
    version: int = Field(description="It changes with the people on the list.")
    late_after_minutes: float | None
    left_early_minutes: float | None


class ListedOut(Schema):
    name: str
    user_id: str
    email: str
    group: str


class NewList(In):
    name: ListName


class ChangedList(In):
    """What to change. Other values stay."""

    name: ListName | None = None
    late_after_minutes: LimitMinutes = None
    left_early_minutes: LimitMinutes = None


class ListedIn(In):
    name: str = Field(min_length=1, max_length=LONGEST["name"])
    user_id: str = Field("", max_length=64)
    email: str = Field("", max_length=LONGEST["email"])
    group: str = Field("", max_length=LONGEST["group"])


class AllPeople(In):
    """All people of a list. `version` is that of the list which you read."""

    version: int = Field(ge=1, le=MOST_NUMBER)
    people: list[ListedIn] = Field(max_length=MOST_PEOPLE)


class ChosenList(In):
    class_list: str | None = Field(max_length=16, description="The key of a class list. Null: none.")


@router.get("/class_lists", response=Page[ListOut], url_name="class_lists")
def list_class_lists(request: ApiHttpRequest, paging: Query[Paging]) -> Any:
    """List the class lists that you may see, newest first."""
    permissions.require(request.user, Permission.CLASS_LISTS)
    return page_of(visible_lists(request.user), paging, _of_list)


@router.post("/class_lists", response={201: ListOut}, auth=WRITE, url_name="class_lists")
def create_class_list(request: ApiHttpRequest, body: NewList) -> Any:
    """Create an empty class list."""
    made = actions.make_list(actor=request.user, name=body.name)
    return Status(201, _of_list(_list(request, made.key)))


@router.get("/class_lists/{key}", response=ListOut, url_name="class_list")
def get_class_list(request: ApiHttpRequest, key: str) -> Any:
    """Return one class list."""
    return _of_list(_list(request, key))


@router.patch("/class_lists/{key}", response=ListOut, auth=WRITE, url_name="class_list")
def change_class_list(request: ApiHttpRequest, key: str, body: ChangedList) -> Any:
    """Rename a class list, or change when its people count as late and as leaving early."""
    found = _list(request, key)
    if body.name is not None:
        actions.rename_list(actor=request.user, class_list=found, name=body.name)
    limits = ("late_after_minutes", "left_early_minutes")
    if body.model_fields_set.intersection(limits):
        given = {name: getattr(body if name in body.model_fields_set else found, name) for name in limits}
        actions.set_thresholds(actor=request.user, class_list=found, **given)
    return _of_list(_list(request, key))


@router.delete("/class_lists/{key}", response={204: None}, auth=WRITE, url_name="class_list")
def delete_class_list(request: ApiHttpRequest, key: str) -> Any:
    """Delete a class list. Closed classes keep the people who were on it."""
    actions.delete_list(actor=request.user, class_list=_list(request, key))
    return Status(204, None)


@router.get("/class_lists/{key}/people", response=Page[ListedOut], url_name="class_list_people")
def list_people(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the people on a class list."""
    return page_of(_list(request, key).people.all(), paging, _of_person, newest_first=False)


@router.put("/class_lists/{key}/people", response=ListOut, auth=WRITE, url_name="class_list_people")
def replace_people(request: ApiHttpRequest, key: str, body: AllPeople) -> Any:
    """Replace the people on a class list. 422 if the list has another version by now."""
    people = [
        Person(name=one.name.strip(), user_uuid=one.user_id, email=one.email, group=one.group)
        for one in body.people
    ]
    errors = [
        {"field": f"people.{number}.{_FIELDS.get(role, role)}", "message": problem}
        for number, one in enumerate(people)
        for role, problem in problems_of(one)
    ]
    if errors:
        raise ApiProblem(422, errors[0]["message"], errors=errors)
    found = _list(request, key)
    actions.set_people(actor=request.user, class_list=found, people=people, version=body.version)
    return _of_list(_list(request, key))


@router.put("/classes/{key}/class_list", response=ClassOut, auth=WRITE, url_name="chosen_list")
def choose_class_list(request: ApiHttpRequest, key: str, body: ChosenList) -> Any:
    """Choose the class list of a class."""
    access = class_access(request, key, to=Permission.CHOOSE_LIST)
    actions.use_list(access, class_list=listed_for(request.user, body.class_list))
    return of_room(class_access(request, key).room)


_FIELDS: Final = {"id": "user_id"}


def _list(request: ApiHttpRequest, key: str) -> Any:
    permissions.require(request.user, Permission.CLASS_LISTS)
    found: ClassList | None = visible_lists(request.user).filter(key=key).first()
    if found is None:
        raise NotYours
    return found


def _of_list(found: Any) -> dict[str, Any]:
    return {
        "key": found.key,
        "name": found.name,
        "owner": found.owner.email if found.owner else None,
        "size": found.size,
        "version": found.version,
        "late_after_minutes": found.late_after_minutes,
        "left_early_minutes": found.left_early_minutes,
    }


def _of_person(one: ListedPerson) -> dict[str, Any]:
    return {"name": one.name, "user_id": one.user_uuid, "email": one.email, "group": one.group}
