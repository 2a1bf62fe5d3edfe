"""Files that are shared with a class."""

from __future__ import annotations

from typing import Annotated, Any, Final

from django.shortcuts import get_object_or_404
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.files import deletions, kinds, resources, uploads
from classroom_admin.common.addresses import is_web_address
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Resource
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.command_rows import CommandOut, of_entry, sent
from classroom_admin.web.api.v1.idempotency import UPLOAD
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.problems import invalid
from classroom_admin.web.api.v1.schemas import MOST_NUMBER, In, Moment, Page, RowId

router: Final = Router(tags=["Files"])
_CONVERT: Final = "Convert documents into pages for the whiteboard. Other types are not converted."


class FileOut(Schema):
    id: int
    name: str
    extension: str
    size: int | None = Field(description="Bytes.")
    url: str | None = Field(
        description="The address of its bytes. It needs no token, and works until the file is deleted."
    )
    converted_percent: int | None = Field(description="Null if no conversion was asked for.")
    shared_by: str
    shared_at: Moment | None


class NewFile(In):
    """A file on the web. The cloud's classroom loads it from there."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    url: Annotated[str, Field(min_length=1, max_length=2048)]
    extension: Annotated[str, Field(min_length=1, max_length=20)]
    size: int = Field(ge=1, le=MOST_NUMBER, description="Bytes.")
    convert: bool = Field(True, description=_CONVERT)


class UploadedAs(Schema):
    """How an uploaded file is shared."""

    name: str = Field("", max_length=255, description="Default: the name of the file.")
    convert: bool = Field(True, description=_CONVERT)


@router.get("/classes/{key}/files", response=Page[FileOut], url_name="files")
def list_files(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the files that are shared with a class, newest first."""
    return page_of(class_selectors.resources(class_access(request, key).room), paging, _of_file)


@router.post("/classes/{key}/files", response={202: CommandOut}, auth=WRITE, url_name="files")
def share_file(request: ApiHttpRequest, key: str, body: NewFile) -> Any:
    """Share a file on the web with a class."""
    access = class_access(request, key, to=Permission.FILES)
    ext = body.extension.lower()
    return sent(
        resources.put_resource_by_url(
            access,
            name=body.name,
            url=body.url,
            ext=ext,
            size=body.size,
            conversion=_conversion(ext, asked=body.convert),
        )
    )


@router.post("/classes/{key}/uploads", response={202: CommandOut}, auth=WRITE, url_name=UPLOAD)
def upload_file(
    request: ApiHttpRequest, key: str, file: File[UploadedFile], shared_as: Form[UploadedAs]
) -> Any:
    """Upload a file, and share it with a class. Send a form (`multipart/form-data`).

    The dashboard stores the file. When the command is confirmed, the list of files has its `url`.
    """
    access = class_access(request, key, to=Permission.FILES)
    unknown = {*request.POST, *request.FILES} - {"file", *UploadedAs.model_fields}
    if unknown:
        raise invalid(min(unknown), "The form has no such field.")
    upload = uploads.take(access, file=file)
    conversion = _conversion(upload.ext, asked=shared_as.convert)
    name = shared_as.name or upload.name
    return sent(uploads.share(access, upload=upload, name=name, conversion=conversion))


@router.delete("/classes/{key}/files/{id}", response={202: CommandOut}, auth=WRITE, url_name="file")
def delete_file(request: ApiHttpRequest, key: str, id: RowId) -> Any:
    """Delete a file of a class, in ten seconds. Until then, the page of the class can undo it."""
    access = class_access(request, key, to=Permission.FILES)
    file = get_object_or_404(Resource, room=access.room, pk=id, removed_at__isnull=True)
    entry = deletions.schedule_deletion(access, resources=[file]).entry
    assert entry is not None
    return Status(202, of_entry(entry))


def _conversion(ext: str, *, asked: bool) -> dict[str, Any] | None:
    kind = kinds.conversion_type(ext)
    return {"type": kind} if asked and kind else None


def _of_file(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "extension": row.ext,
        "size": row.size,
        "url": row.url if is_web_address(row.url) else None,
        "converted_percent": row.converted_percent,
        "shared_by": row.sharer,
        "shared_at": row.put_at,
    }
