"""Commands that share files with a class by URL, and that delete files."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from classroom_admin.actions import runner
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.agora.recording_and_file_calls import ConvertResource, DeleteResources, PutResource
from classroom_admin.audit.models import Entry
from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import shown_address
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Resource

PUT: Final = 1
DELETED: Final = 2


def put_resource_by_url(
    access: ClassAccess,
    *,
    name: str,
    url: str,
    ext: str,
    size: int,
    conversion: Mapping[str, Any] | None = None,
    resource_uuid: str | None = None,
    shown_url: str | None = None,
) -> Entry:
    """Share the file at ``url`` with the class. Event 1003 confirms the command.

    ``size`` is in bytes. ``conversion`` is ``{"type": "static"|"dynamic", "preview", "scale",
    "outputFormat"}`` or None. ``resource_uuid`` is the id of the new file (default: a random id).
    ``shown_url`` is written to the audit log instead of ``url`` if the path of ``url`` is secret.
    """
    resource_uuid = resource_uuid or uuid4().hex
    asked = {"name": name, "url": url, "ext": ext, "size": size, "conversion": conversion}
    file = {"resource_name": name, "size": size, "ext": ext, "url": url}
    put = valid(
        _put, room_uuid=access.room.room_uuid, resource_uuid=resource_uuid, conversion=conversion, **file
    )

    command = Command(
        action="resource.put",
        target=resource_uuid,
        target_name=name,
        params={
            **{key: value for key, value in asked.items() if value is not None},
            "url": shown_url or shown_address(url),
        },
        same_as=asked,
        call=put,
        confirmed_by=Confirms(
            event=EventKind.FILES, match={"action": PUT, "resource_uuids": [resource_uuid]}
        ),
    )
    return runner.run(access, command)


def delete_resources(access: ClassAccess, *, resources: Sequence[Resource], hold: int | None = None) -> Entry:
    """Delete files from the class with one call. Event 1003 confirms the command.

    ``hold`` is the id of the audit entry of a scheduled deletion. Raise ``ActionRefused`` if a file belongs
    to another class.
    """
    if any(resource.room_id != access.room.pk for resource in resources):
        raise ActionRefused(Problem("file_not_in_class"), field="resourceUuids")
    chosen = sorted({resource.resource_uuid: resource.name for resource in resources}.items())
    ids = [resource_uuid for resource_uuid, _ in chosen]
    delete = valid(DeleteResources, room_uuid=access.room.room_uuid, resource_uuids=ids)

    command = Command(
        action="resource.delete",
        target=ids[0] if len(ids) == 1 else "",
        target_name=", ".join(name or resource_uuid for resource_uuid, name in chosen),
        params={"resource_uuids": ids} | ({} if hold is None else {"hold": hold}),
        call=delete,
        confirmed_by=Confirms(event=EventKind.FILES, match={"action": DELETED, "resource_uuids": ids}),
    )
    return runner.run(access, command)


def _put(*, conversion: Mapping[str, Any] | None, **file: Any) -> PutResource:
    return PutResource(**file) if conversion is None else ConvertResource(conversion=conversion, **file)
