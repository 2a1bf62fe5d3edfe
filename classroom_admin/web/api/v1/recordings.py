"""Recordings of classes. The files themselves are on the pages, so that access to them can end."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, resolve_url
from ninja import Field, Query, Router, Schema

from classroom_admin.accounts import permissions
from classroom_admin.accounts.permissions import Permission
from classroom_admin.common import clock, public_address
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import (
    Availability,
    availability,
    condition,
    link_ends_at,
    with_over_at,
)
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.schemas import Moment, Page, RowId

router: Final = Router(tags=["Recordings"])


class RecordingOut(Schema):
    id: int
    class_key: str
    state: str = Field(description="`recording`, `ended` or `failed`.")
    availability: Availability
    mode: str | None = Field(description="`web`, `composite` or `single`.")
    started_at: Moment | None
    ended_at: Moment | None
    files: int = Field(description="The number of files.")
    available_until: Moment | None = Field(description="When the dashboard stops serving the files.")
    page: str = Field(description="The address of its page, which plays and downloads the files.")


@router.get("/recordings", response=Page[RecordingOut], url_name="recordings")
def list_recordings(
    request: ApiHttpRequest, paging: Query[Paging], availability: Availability | None = None
) -> Any:
    """List the recordings of the classes that you may see, newest first."""
    permissions.require(request.user, Permission.REPORTS)
    found = _visible(request)
    if availability is not None:
        found = with_over_at(found).filter(condition(availability, clock.cloud_now()))
    return page_of(found, paging, _of_recording)


@router.get("/recordings/{id}", response=RecordingOut, url_name="recording")
def get_recording(request: ApiHttpRequest, id: RowId) -> Any:
    """Return one recording."""
    permissions.require(request.user, Permission.REPORTS)
    return _of_recording(get_object_or_404(_visible(request), pk=id))


@router.get("/classes/{key}/recordings", response=Page[RecordingOut], url_name="class_recordings")
def list_class_recordings(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the recordings of a class, newest first."""
    room = class_access(request, key).room
    return page_of(Recording.objects.filter(room=room).select_related("room"), paging, _of_recording)


def _visible(request: ApiHttpRequest) -> QuerySet[Recording]:
    rooms = visible_rooms(request.user)
    return Recording.objects.filter(room__in=rooms.values("pk")).select_related("room")


def _of_recording(row: Recording) -> dict[str, Any]:
    state = availability(row, clock.cloud_now())
    return {
        "id": row.pk,
        "class_key": row.room.key,
        "state": row.state,
        "availability": state,
        "mode": row.mode or None,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "files": len(row.file_urls) if state == Availability.READY else 0,
        "available_until": link_ends_at(row),
        "page": public_address.absolute(resolve_url("reports:recording", row.pk)),
    }
