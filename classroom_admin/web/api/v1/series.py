"""Series: several scheduled classes with the same settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status
from pydantic import AfterValidator

from classroom_admin.accounts import permissions
from classroom_admin.accounts.middleware import zone_named
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import recurrence, scheduling
from classroom_admin.actions.class_plans import plan_of
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.recurrence import MOST_CLASSES, Weekly
from classroom_admin.actions.rescheduling import Scope
from classroom_admin.actions.series_selectors import scheduled_classes, visible_series
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import CANCELLED, FAILED, SCHEDULED
from classroom_admin.web.api.v1.classes import (
    ChangedClass,
    Minutes,
    Name,
    RoomType,
    listed_for,
    teacher_for,
)
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.problems import ApiProblem, invalid
from classroom_admin.web.api.v1.schemas import In, Moment, MomentIn, Page, RowId
from classroom_admin.web.api.v1.series_edits import change_planned

router: Final = Router(tags=["Scheduling"])
State = ScheduledCommand.State
_STATES: Final = {State.DONE: "created", State.CANCELLED: CANCELLED, State.FAILED: FAILED}


def _zone(name: str) -> str:
    if zone_named(name) is None:
        raise ValueError("This is not a known time zone. Send one like Europe/Madrid.")
    return name


class SeriesOut(Schema):
    key: str
    name: str
    zone: str
    weekdays: list[int] = Field(description="0 is Monday. Empty for a single class.")
    every: int | None = Field(description="Weeks from one week with classes to the next.")
    room_type: int | None
    minutes: int | None
    teacher: str | None = Field(description="The email address of the teacher.")
    class_list: str | None
    created_at: Moment


class SeriesClass(Schema):
    """A class of a series. `class_key` is null until it is created in the cloud."""

    id: int
    name: str
    state: str = Field(description="`scheduled`, `created`, `failed` or `cancelled`.")
    starts_at: Moment
    class_key: str | None
    reason: str | None = Field(description="Why it could not be created.")


class NewSeries(In):
    """Weekly classes. Send `until` or `times`."""

    name: Name
    starts_at: MomentIn = Field(description="The first class. Later ones start at the same local time.")
    zone: Annotated[str, AfterValidator(_zone)] = Field("UTC", max_length=64)
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = Field(
        default_factory=list, max_length=7, description="0 is Monday. Default: the day of the first class."
    )
    every: int = Field(1, ge=1, le=4, description="1: every week. 2: every other week.")
    until: MomentIn | None = Field(None, description="The last day on which a class can start.")
    times: int | None = Field(None, ge=1, le=MOST_CLASSES, description="The number of classes.")
    minutes: Minutes = 60
    room_type: RoomType = 4
    class_list: str | None = Field(None, max_length=16)
    teacher: str | None = Field(None, max_length=254)


class Changed(Schema):
    changed: int = Field(description="How many classes were changed.")


class ChangedOfSeries(ChangedClass):
    """What to change. Other values stay. If `scope` is not `this`, `starts_at` changes the time of day."""

    scope: Literal["this", "following", "all"] = "this"
    teacher: str | None = Field(None, max_length=254, description="Null: none.")
    class_list: str | None = Field(None, max_length=16, description="Null: none.")


@router.get("/series", response=Page[SeriesOut], url_name="series")
def list_series(request: ApiHttpRequest, paging: Query[Paging]) -> Any:
    """List the series that you may see, newest first."""
    permissions.require(request.user, Permission.SCHEDULE)
    found = Series.objects.filter(pk__in=visible_series(request.user).values("pk"))
    return page_of(found.select_related("taught_by", "class_list"), paging, _of_series)


@router.post("/series", response={201: SeriesOut}, auth=WRITE, url_name="series")
def create_series(request: ApiHttpRequest, body: NewSeries) -> Any:
    """Schedule weekly classes. Each is created in the cloud a few days before it starts."""
    person = request.user
    permissions.require(person, Permission.SCHEDULE)
    if body.until is None and body.times is None:
        raise invalid("until", "Send “until” or “times”.")
    zone = ZoneInfo(body.zone)
    starts = _starts(body, zone)
    if starts and starts[0] < clock.cloud_now():
        raise invalid("starts_at", "This time is in the past.")
    made = scheduling.plan(
        actor=person,
        request_id=uuid4().hex,
        name=body.name,
        starts=starts,
        zone=body.zone,
        asked={"room_type": body.room_type, "duration_s": body.minutes * 60},
        weekdays=sorted({one.astimezone(zone).weekday() for one in starts}),
        every=body.every,
        taught_by=teacher_for(person, body.teacher),
        class_list=listed_for(person, body.class_list),
    )
    return Status(201, _of_series(made))


@router.get("/series/{key}", response=SeriesOut, url_name="one_series")
def get_series(request: ApiHttpRequest, key: str) -> Any:
    """Return one series."""
    return _of_series(_series(request, key))


@router.get("/series/{key}/classes", response=Page[SeriesClass], url_name="series_classes")
def list_series_classes(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the classes of a series, created or not."""
    series = _series(request, key)
    classes = scheduled_classes().filter(series=series).select_related("series")
    keys = dict(Room.objects.filter(room_uuid__in=classes.values("key")).values_list("room_uuid", "key"))
    return page_of(classes, paging, lambda one: _of_class(one, keys.get(one.key)), newest_first=False)


@router.patch("/series/{key}/classes/{id}", response=Changed, auth=WRITE, url_name="one_series_class")
def change_series_class(request: ApiHttpRequest, key: str, id: RowId, body: ChangedOfSeries) -> Any:
    """Change a class of a series, and with another `scope` the following or all classes, too.

    A class that the cloud has created already is replaced by a new one, with a new key.
    """
    planned = _planned(_series(request, key), id)
    plan = body.applied_to(plan_of(planned))
    if "teacher" in body.model_fields_set:
        permissions.require(request.user, Permission.PEOPLE)
        teacher = teacher_for(request.user, body.teacher)
        plan = replace(plan, taught_by=teacher.pk if teacher else None)
    if "class_list" in body.model_fields_set:
        class_list = listed_for(request.user, body.class_list)
        plan = replace(plan, class_list=class_list.pk if class_list else None)
    scope = Scope(body.scope)
    return {"changed": change_planned(request.user, planned, plan, starts_at=body.starts_at, scope=scope)}


@router.post("/series/{key}/cancel", response=Changed, auth=WRITE, url_name="cancel_series")
def cancel_series(request: ApiHttpRequest, key: str) -> Any:
    """Cancel all classes of a series that are not created yet."""
    return {"changed": scheduling.cancel(actor=request.user, series=_series(request, key))}


@router.post("/series/{key}/retry", response=Changed, auth=WRITE, url_name="retry_series")
def retry_series(request: ApiHttpRequest, key: str) -> Any:
    """Try again to create the classes of a series that failed."""
    return {"changed": scheduling.try_again(actor=request.user, series=_series(request, key))}


@router.post("/series/{key}/classes/{id}/cancel", response=SeriesClass, auth=WRITE, url_name="cancel_one")
def cancel_series_class(request: ApiHttpRequest, key: str, id: RowId) -> Any:
    """Cancel one class of a series that is not created yet."""
    return _changed(request, key, id, scheduling.cancel, "The class is created or cancelled already.")


@router.post("/series/{key}/classes/{id}/restore", response=SeriesClass, auth=WRITE, url_name="restore_one")
def restore_series_class(request: ApiHttpRequest, key: str, id: RowId) -> Any:
    """Schedule a cancelled class of a series again, at its old time."""
    return _changed(request, key, id, scheduling.restore, "The class is not cancelled, or its time is past.")


def _changed(request: ApiHttpRequest, key: str, pk: int, change: Any, problem: str) -> dict[str, Any]:
    series = _series(request, key)
    planned = _planned(series, pk)
    if not change(actor=request.user, series=series, planned=planned):
        raise ApiProblem(422, problem, code="state")
    planned.refresh_from_db()
    made = Room.objects.filter(room_uuid=planned.key).values_list("key", flat=True).first()
    return _of_class(planned, made)


def _planned(series: Series, pk: int) -> ScheduledCommand:
    found: ScheduledCommand = get_object_or_404(
        scheduled_classes().select_related("series"), series=series, pk=pk
    )
    return found


def _series(request: ApiHttpRequest, key: str) -> Series:
    permissions.require(request.user, Permission.SCHEDULE)
    visible = Series.objects.filter(pk__in=visible_series(request.user).values("pk"))
    found = visible.filter(key=key).select_related("taught_by", "class_list").first()
    if found is None:
        raise NotYours
    return found


def _starts(body: NewSeries, zone: ZoneInfo) -> list[datetime]:
    first = body.starts_at.astimezone(zone).replace(tzinfo=None)
    until = body.until.astimezone(zone).date() if body.until else None
    if until is not None and until > first.date() + timedelta(days=_LONGEST_DAYS):
        raise invalid("until", "This day is too far in the future.")
    rule = Weekly(
        first=first,
        zone=zone,
        weekdays=sorted(set(body.weekdays)),
        every=body.every,
        until=until,
        times=body.times,
    )
    return [one.at for one in recurrence.starts(rule)]


_LONGEST_DAYS: Final = 10 * 366


def _of_series(found: Series) -> dict[str, Any]:
    class_list: ClassList | None = found.class_list
    duration_s = found.settings.get("duration_s")
    return {
        "key": found.key,
        "name": found.name,
        "zone": found.zone,
        "weekdays": found.weekdays,
        "every": found.every,
        "room_type": found.settings.get("room_type"),
        "minutes": None if duration_s is None else round(duration_s / 60),
        "teacher": found.taught_by.email if found.taught_by else None,
        "class_list": class_list.key if class_list else None,
        "created_at": found.created_at,
    }


def _of_class(planned: ScheduledCommand, class_key: str | None) -> dict[str, Any]:
    return {
        "id": planned.pk,
        "name": plan_of(planned).name,
        "state": _STATES.get(State(planned.state), SCHEDULED),
        "starts_at": planned.starts_at,
        "class_key": class_key,
        "reason": stored_in_words(planned.problem) or None,
    }
