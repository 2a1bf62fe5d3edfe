"""Recordings of classes, their files, and the links with which people without an account watch them.

The dashboard sends the files itself, and the cloud's addresses stay inside, so that access to them can end.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status

from classroom_admin.accounts import permissions
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import recording_shares
from classroom_admin.actions.models import RecordingShare
from classroom_admin.agora.recording_downloads import FileUnavailable
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
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.problems import ApiProblem
from classroom_admin.web.api.v1.schemas import In, Moment, MomentIn, Page, RowId, of_page
from classroom_admin.web.recordings.files import TYPES, UNKNOWN_TYPE, file_response
from classroom_admin.web.recordings.page import ready_recording, recording_access
from classroom_admin.web.recordings.player import files_of

router: Final = Router(tags=["Recordings"])
FileNumber = Annotated[int, Field(ge=0, le=10_000)]
_BYTES: Final = {
    "responses": {
        status: {"description": words, "content": {kind: {} for kind in (*TYPES.values(), UNKNOWN_TYPE)}}
        for status, words in ((200, "The file."), (206, "The part of the file."), (416, "No such part."))
    }
}


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


class RecordingFileOut(Schema):
    """A file of a recording. Get its bytes from `url`, with your token."""

    number: int
    name: str
    media_type: str
    url: str


class NewLink(In):
    ends_at: MomentIn = Field(description="In at most 366 days, and not after `available_until`.")


class LinkOut(Schema):
    """A link for people without an account."""

    id: int
    created_at: Moment
    created_by: str
    ends_at: Moment
    uses: int = Field(description="How often its page was opened.")


class NewLinkOut(LinkOut):
    url: str = Field(description="The link. It is sent only now, and is not stored.")


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


@router.get("/recordings/{id}/files", response=Page[RecordingFileOut], url_name="recording_files")
def list_recording_files(request: ApiHttpRequest, id: RowId) -> Any:
    """List the files of a recording. 404 if they are not available."""
    permissions.require(request.user, Permission.REPORTS)
    found = ready_recording(request.user, id)

    def address(number: int) -> str:
        return public_address.absolute(reverse("api_v1:recording_file", args=[id, number]))

    items = [
        {"number": one.number, "name": one.title, "media_type": one.media_type, "url": one.address}
        for one in files_of(found, address)
    ]
    return of_page(items, None)


@router.get("/recordings/{id}/files/{number}", url_name="recording_file", openapi_extra=_BYTES)
def get_recording_file(request: ApiHttpRequest, id: RowId, number: FileNumber) -> HttpResponseBase:
    """Download a file of a recording. The header `Range` asks for a part. A playlist becomes one file."""
    permissions.require(request.user, Permission.REPORTS)
    found = ready_recording(request.user, id)
    try:
        return file_response(request, found, number, download=True)
    except FileUnavailable as error:
        if error.gone:
            raise Http404 from error
        words = "The cloud does not send this file at the moment. Try again later."
        raise ApiProblem(424, words) from error


@router.get("/recordings/{id}/links", response=Page[LinkOut], url_name="recording_links")
def list_recording_links(request: ApiHttpRequest, id: RowId, paging: Query[Paging]) -> Any:
    """List the links to a recording that work now, newest first."""
    permissions.require(request.user, Permission.REPORTS)
    _access, found = recording_access(request.user, id)
    return page_of(recording_shares.active_shares(found), paging, _of_link)


@router.post("/recordings/{id}/links", response={201: NewLinkOut}, auth=WRITE, url_name="recording_links")
def create_recording_link(request: ApiHttpRequest, id: RowId, body: NewLink) -> Any:
    """Create a link with which people without an account watch a recording."""
    access, found = recording_access(request.user, id, to=Permission.RECORD)
    made, token = recording_shares.share(access, found, ends_at=body.ends_at)
    address = public_address.absolute(reverse("live:shared_recording", args=[token]))
    return Status(201, {**_of_link(made), "url": address})


@router.delete("/recordings/{id}/links/{link}", response={204: None}, auth=WRITE, url_name="recording_link")
def end_recording_link(request: ApiHttpRequest, id: RowId, link: RowId) -> Any:
    """End a link to a recording now."""
    access, found = recording_access(request.user, id, to=Permission.RECORD)
    if not recording_shares.revoke(access, found, pk=link):
        raise Http404
    return Status(204, None)


def _of_link(row: RecordingShare) -> dict[str, Any]:
    return {
        "id": row.pk,
        "created_at": row.created_at,
        "created_by": str(row.created_by or ""),
        "ends_at": row.ends_at,
        "uses": row.uses,
    }


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
