"""Files that are shared with a class."""

from __future__ import annotations

from typing import Annotated, Any, Final

from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema, Status

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.files import deletions, resources
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Resource
from classroom_admin.web.api.v1.authentication import WRITE, ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.command_rows import CommandOut, of_entry, sent
from classroom_admin.web.api.v1.paging import Paging, page_of
from classroom_admin.web.api.v1.schemas import MOST_NUMBER, In, Moment, Page, RowId

router: Final = Router(tags=["Files"])


class FileOut(Schema):
    id: int
    name: str
    extension: str
    size: int | None = Field(description="Bytes.")
    converted_percent: int | None = Field(description="Null if no conversion was asked for.")
    shared_by: str
    shared_at: Moment | None


class NewFile(In):
    """A file on the web. The cloud's classroom loads it from there."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    url: Annotated[str, Field(min_length=1, max_length=2048)]
    extension: Annotated[str, Field(min_length=1, max_length=20)]
    size: int = Field(ge=1, le=MOST_NUMBER, description="Bytes.")


@router.get("/classes/{key}/files", response=Page[FileOut], url_name="files")
def list_files(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the files that are shared with a class, newest first."""
    return page_of(class_selectors.resources(class_access(request, key).room), paging, _of_file)


@router.post("/classes/{key}/files", response={202: CommandOut}, auth=WRITE, url_name="files")
def share_file(request: ApiHttpRequest, key: str, body: NewFile) -> Any:
    """Share a file on the web with a class."""
    access = class_access(request, key, to=Permission.FILES)
    return sent(
        resources.put_resource_by_url(
            access, name=body.name, url=body.url, ext=body.extension.lower(), size=body.size
        )
    )


@router.delete("/classes/{key}/files/{id}", response={202: CommandOut}, auth=WRITE, url_name="file")
def delete_file(request: ApiHttpRequest, key: str, id: RowId) -> Any:
    """Delete a file of a class, in ten seconds. Until then, the page of the class can undo it."""
    access = class_access(request, key, to=Permission.FILES)
    file = get_object_or_404(Resource, room=access.room, pk=id, removed_at__isnull=True)
    entry = deletions.schedule_deletion(access, resources=[file]).entry
    assert entry is not None
    return Status(202, of_entry(entry))


def _of_file(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "extension": row.ext,
        "size": row.size,
        "converted_percent": row.converted_percent,
        "shared_by": row.sharer,
        "shared_at": row.put_at,
    }
