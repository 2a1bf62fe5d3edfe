"""The attendance of a class, with the same values as `manage.py report attendance`, and its corrections."""

from __future__ import annotations

from typing import Any, Final, Literal

from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from classroom_admin.accounts.permissions import Permission
from classroom_admin.reports import corrections
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.student_rows import STUDENTS
from classroom_admin.rooms.models import Room
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.problems import invalid
from classroom_admin.web.api.v1.schemas import In, Moment

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


CorrectStatus = Literal["present", "late", "left_early", "late_and_left_early", "partly", "absent", "excused"]


class AttendanceOut(Schema):
    of_class: OfClass = Field(alias="class")
    evidence: EvidenceOut
    rows: list[AttendanceRow]


class NewCorrection(In):
    """A correction of one person, named by `user_id` or by `list_name`, as in the rows of the attendance."""

    user_id: str | None = Field(None, min_length=1, max_length=255)
    list_name: str | None = Field(None, min_length=1, max_length=255)
    status: CorrectStatus | None = Field(description="Null: the measured status counts again.")
    note: str = Field("", max_length=corrections.LONGEST_NOTE)


@router.get("/classes/{key}/attendance", response=AttendanceOut, by_alias=True, url_name="attendance")
def get_attendance(request: ApiHttpRequest, key: str) -> Any:
    """Return who attended a class: the people on its class list, or all students."""
    room = class_access(request, key, to=Permission.REPORTS).room
    found = attendance_as_json(room)
    return {**found, "class": {"key": room.key, **found["class"]}}


@router.post(
    "/classes/{key}/attendance/corrections",
    response={200: CorrectionOut, 204: None},
    auth=WRITE,
    url_name="corrections",
)
def correct_attendance(request: ApiHttpRequest, key: str, body: NewCorrection) -> Any:
    """Correct the attendance of a person in a class that is over, or withdraw the correction (204)."""
    access = class_access(request, key, to=Permission.ATTENDANCE)
    person = _person(access.room, body)
    if body.status is None:
        corrections.withdraw(access, person, note=body.note)
        return Status(204, None)
    made = corrections.correct(access, person, status=body.status, note=body.note)
    values = {"status": made.status, "note": made.note, "by": str(made.by), "at": made.at}
    return Status(200, {**values, "measured": person.status})


def _person(room: Room, body: NewCorrection) -> PersonSummary:
    """Return the row of the person. Raise ``ApiProblem`` 422 if there is none, or more than one."""
    if (body.user_id is None) == (body.list_name is None):
        raise invalid("user_id", "Send either “user_id” or “list_name”.")
    field, wanted = ("user_id", body.user_id) if body.user_id else ("list_name", body.list_name)
    named = {"user_uuid": wanted} if body.user_id else {"list_name": wanted}
    found = list(PersonSummary.objects.filter(room=room, role__in=STUDENTS, **named)[:2])
    if not found:
        words = "Nobody in the attendance is like that. It is ready a few minutes after the class."
        raise invalid(field, words)
    if len(found) > 1:
        raise invalid(field, "Several people have this name. Send “user_id”.")
    return found[0]
