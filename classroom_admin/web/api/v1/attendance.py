"""The attendance of a class, with the same values as `manage.py report attendance`."""

from __future__ import annotations

from typing import Any, Final

from ninja import Field, Router, Schema
from pydantic import ConfigDict

from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.schemas import Moment

router: Final = Router(tags=["Reports"])


class OfClass(Schema):
    key: str
    room_uuid: str
    name: str
    starts_at: Moment | None
    ends_at: Moment | None


class GapOut(Schema):
    """A period with missing events. An unknown limit is null."""

    model_config = ConfigDict(populate_by_name=True)

    start: Moment | None = Field(alias="from")
    stop: Moment | None = Field(alias="to")


class EvidenceOut(Schema):
    """How complete the events of the class are."""

    model_config = ConfigDict(extra="allow")

    complete: bool
    events: int
    gaps: list[GapOut]


class CorrectionOut(Schema):
    status: str
    measured: str
    note: str
    by: str
    at: Moment


class AttendanceRow(Schema):
    """The attendance of a person. `share` is from 0 to 1."""

    user_id: str | None
    name: str
    list_name: str | None
    group: str | None
    status: str = Field(
        description="`present`, `late`, `left_early`, `late_and_left_early`, `partly`, `absent` or `excused`."
    )
    first_in: Moment | None
    last_out: Moment | None
    minutes_present: float | None
    share: float | None
    late_minutes: float | None
    left_early_minutes: float | None
    reconnects: int
    corrected: CorrectionOut | None


class AttendanceOut(Schema):
    of_class: OfClass = Field(alias="class")
    evidence: EvidenceOut
    rows: list[AttendanceRow]


@router.get("/classes/{key}/attendance", response=AttendanceOut, by_alias=True, url_name="attendance")
def get_attendance(request: ApiHttpRequest, key: str) -> Any:
    """Return who attended a class: the people on its class list, or all students."""
    room = class_access(request, key, to=Permission.REPORTS).room
    found = attendance_as_json(room)
    return {**found, "class": {"key": room.key, **found["class"]}}
