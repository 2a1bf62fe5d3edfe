"""Classes: list, create, change, start, end and cancel them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from ninja import Field, Query, Router, Schema, Status

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists, class_state, people, scheduling
from classroom_admin.actions.class_plans import ClassPlan, plan_of
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to, is_assigned_to
from classroom_admin.rooms.class_lists import visible_lists
from classroom_admin.rooms.models import ClassList, Room, RoomState, RoomTeacher
from classroom_admin.rooms.selectors import COMING, LIVE, PAST, ClassFilters, found_classes
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import (
    ClassOut,
    class_access,
    class_of_series,
    described,
    of_planned,
    of_room,
    one_class,
    planned_class,
)
from classroom_admin.web.api.v1.command_rows import CommandOut, sent
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.problems import ApiProblem, invalid
from classroom_admin.web.api.v1.schemas import In, MomentIn, Page
from classroom_admin.web.api.v1.series_edits import change_planned

router: Final = Router(tags=["Classes"])
WHEN: Final = {"live": LIVE, "upcoming": COMING, "past": PAST}
CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""How far a start may be in the past. The clock of the program may be slow."""
Name = Annotated[str, Field(min_length=1, max_length=64)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
RoomType = Annotated[
    Literal[0, 2, 4, 10],
    Field(description="0: one-to-one. 2: lecture hall. 4: small class. 10: small class (cloud)."),
]


class Filters(Schema):
    when: Literal["live", "upcoming", "past"] | None = Field(None, description="Default: all classes.")
    state: Literal["not_started", "started", "ended", "closed"] | None = None
    q: str = Field("", max_length=100, description="Words in the name of the class or of a teacher.")
    no_teacher: bool = Field(False, description="Only classes without a teacher present.")
    recording: Literal["on", "off"] | None = None
    hands_raised: bool = Field(False, description="Only classes with raised hands.")
    ends_soon: bool = Field(False, description="Only live classes that should end within 10 minutes.")
    starts_from: MomentIn | None = Field(None, description="Only classes scheduled at this time or later.")
    starts_before: MomentIn | None = Field(None, description="Only classes scheduled before this time.")
    teacher: str = Field(
        "", max_length=254, description="The email address of an account to which the classes are assigned."
    )
    class_list: str = Field("", max_length=16, description="The key of a class list.")

    def chosen(self) -> ClassFilters:
        return ClassFilters(
            q=self.q.strip(),
            state=self.state or "",
            no_teacher=self.no_teacher,
            recording=self.recording or "",
            hands=self.hands_raised,
            ends_soon=self.ends_soon,
        )

    def limited(self, rooms: QuerySet[Room]) -> QuerySet[Room]:
        """Return those of the classes that match the filters which pages do not have."""
        if self.starts_from:
            rooms = rooms.filter(planned_start_at__gte=self.starts_from)
        if self.starts_before:
            rooms = rooms.filter(planned_start_at__lt=self.starts_before)
        if self.teacher:
            teacher = User.objects.with_address(self.teacher)
            rooms = rooms.filter(is_assigned_to(teacher)) if teacher else rooms.none()
        return rooms.filter(class_list__key=self.class_list) if self.class_list else rooms


class NewClass(In):
    name: Name
    starts_at: MomentIn | None = Field(None, description="Default: now.")
    minutes: Minutes = 60
    room_type: RoomType = 4
    class_list: str | None = Field(None, max_length=16, description="The key of a class list.")
    teacher: str | None = Field(
        None, max_length=254, description="The email address of the teacher. Only administrators choose one."
    )


class ChangedClass(In):
    """What to change. Other values stay."""

    name: Name | None = None
    starts_at: MomentIn | None = None
    minutes: Minutes | None = None

    def applied_to(self, plan: ClassPlan) -> ClassPlan:
        """Return the plan of a class with the new name and duration."""
        settings = dict(plan.settings)
        if self.minutes is not None:
            settings["duration_s"] = self.minutes * 60
        return replace(plan, name=self.name or plan.name, settings=settings)


class Teachers(In):
    """The accounts to which a class is assigned. Others who joined it as teachers see it, too."""

    emails: list[Annotated[str, Field(max_length=254)]] = Field(max_length=20)


@router.get("/classes", response=Page[ClassOut], url_name="classes")
def list_classes(request: ApiHttpRequest, filters: Query[Filters], paging: Query[Paging]) -> Any:
    """List the classes that you may see, newest first."""
    when = WHEN[filters.when] if filters.when else None
    rooms = filters.limited(found_classes(request.user, when=when, filters=filters.chosen()))
    return page_of(described(rooms), paging, of_room)


@router.post("/classes", response={201: ClassOut}, auth=WRITE, url_name="classes")
def create_class(request: ApiHttpRequest, body: NewClass) -> Any:
    """Create a class. If it starts in several days, it is scheduled, and created in the cloud later.

    The `key` in the response stays valid when a scheduled class has been created.
    """
    person = request.user
    permissions.require(person, Permission.SCHEDULE)
    now = clock.cloud_now()
    starts_at = body.starts_at or now
    if starts_at < now - CLOCKS_DIFFER:
        raise invalid("starts_at", "This time is in the past.")
    starts_at = max(starts_at, now)
    class_list, teacher = listed_for(person, body.class_list), teacher_for(person, body.teacher)
    asked: dict[str, Any] = {"room_type": body.room_type, "duration_s": body.minutes * 60}
    if scheduling.is_far(starts_at):
        series = scheduling.plan(
            actor=person,
            request_id=uuid4().hex,
            name=body.name,
            starts=[starts_at],
            zone="UTC",
            asked=asked,
            taught_by=teacher,
            class_list=class_list,
        )
        return Status(201, of_planned(series.planned.select_related("series").get(), series.key))
    entry = class_state.create_class(person, name=body.name, starts_at=starts_at, **asked)
    sent(entry)
    room = Room.objects.filter(room_uuid=entry.room_uuid).first()
    if room is None:
        words = "The class was requested. It appears in the list when the cloud reports it."
        raise ApiProblem(424, words, code="outcome_unknown")
    _complete(person, room, teacher=teacher, class_list=class_list)
    return Status(201, of_room(described(Room.objects.filter(pk=room.pk)).get()))


@router.get("/classes/{key}", response=ClassOut, url_name="class")
def get_class(request: ApiHttpRequest, key: str) -> Any:
    """Return one class."""
    return one_class(request, key)


@router.patch("/classes/{key}", response=ClassOut, auth=WRITE, url_name="class")
def change_class(request: ApiHttpRequest, key: str, body: ChangedClass) -> Any:
    """Change the name, the start or the duration of a scheduled class of a series.

    The cloud can't change a class that it has created. Then another class replaces it, with a new key.
    """
    planned = planned_class(request.user, key)
    if planned is None:
        access = class_access(request, key, to=Permission.SCHEDULE)
        planned = class_of_series(request.user, access.room)
    if planned is None:
        words = "The cloud can't change a class that it has created. Cancel it, and create another one."
        raise ApiProblem(422, words, code="cannot_change")
    change_planned(request.user, planned, body.applied_to(plan_of(planned)), starts_at=body.starts_at)
    planned.refresh_from_db()
    assert planned.series is not None
    made = Room.objects.filter(room_uuid=planned.key).first()
    return of_room(class_access(request, made.key).room) if made else of_planned(planned, planned.series.key)


@router.put("/classes/{key}/teachers", response=ClassOut, auth=WRITE, url_name="class_teachers")
def assign_teachers(request: ApiHttpRequest, key: str, body: Teachers) -> Any:
    """Replace the teachers to whom a class is assigned. Only administrators may do this."""
    person = request.user
    access = class_access(request, key, to=Permission.PEOPLE)
    wanted = {
        found.pk: found for email in body.emails if (found := teacher_for(person, email, field="emails"))
    }
    with transaction.atomic():
        for one in RoomTeacher.objects.filter(room=access.room).select_related("user"):
            if one.user_id not in wanted:
                people.unassign_room(actor=person, person=one.user, room=access.room)
        for teacher in wanted.values():
            people.assign_room(actor=person, person=teacher, room=access.room)
    return of_room(class_access(request, key).room)


@router.post("/classes/{key}/start", response={202: CommandOut}, auth=WRITE, url_name="start_class")
def start_class(request: ApiHttpRequest, key: str) -> Any:
    """Start a class now, whenever it is scheduled."""
    return sent(class_state.start_class(class_access(request, key, to=Permission.START_END)))


@router.post("/classes/{key}/end", response={202: CommandOut}, auth=WRITE, url_name="end_class")
def end_class(request: ApiHttpRequest, key: str) -> Any:
    """End a class. People can stay until it closes."""
    return sent(class_state.end_class(class_access(request, key, to=Permission.START_END)))


@router.post("/classes/{key}/cancel", response=ClassOut, auth=WRITE, url_name="cancel_class")
def cancel_class(request: ApiHttpRequest, key: str) -> Any:
    """Cancel a class that has not started. A class that exists in the cloud is closed."""
    planned = planned_class(request.user, key)
    if planned is not None:
        assert planned.series is not None
        if not scheduling.cancel(actor=request.user, series=planned.series, planned=planned):
            raise ApiProblem(422, "The class is cancelled already, or is being created.", code="state")
        planned.refresh_from_db()
        return of_planned(planned, key)
    access = class_access(request, key, to=Permission.START_END)
    if access.room.current_state not in (None, RoomState.NOT_STARTED):
        raise ApiProblem(422, "The class has started. End it instead.", code="state")
    sent(class_state.close_class(access))
    return of_room(class_access(request, key).room)


def listed_for(person: User, key: str | None) -> ClassList | None:
    """Return the class list with this key, or None without a key. Raise ``ApiProblem`` 422."""
    if key is None:
        return None
    found = visible_lists(person).filter(key=key).first()
    if found is None:
        raise invalid("class_list", "There is no such list, or it is not one of yours.")
    return found


def teacher_for(person: User, email: str | None, *, field: str = "teacher") -> User | None:
    """Return the teacher with this address, or None without an address. Raise ``ApiProblem`` 422.

    Raise ``NotAllowed`` if the person may not choose teachers. ``field`` is the name of the value.
    """
    if email is None:
        return None
    permissions.require(person, Permission.PEOPLE)
    found = User.objects.with_address(email)
    if found is None or not found.is_active or not permissions.may_teach(found):
        raise invalid(field, "No teacher has this email address.")
    return found


def _complete(person: User, room: Room, *, teacher: User | None, class_list: ClassList | None) -> None:
    if teacher is not None:
        people.assign_room(actor=person, person=teacher, room=room)
    if class_list is not None:
        class_lists.use_list(access_to(person, room), class_list=class_list)
