"""Commands about the files shared with a class."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from classroom_admin.accounts.models import User
from classroom_admin.actions import flow
from classroom_admin.actions.cloud import COMMAND_S
from classroom_admin.actions.command import Command, Confirms, Detail
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.on_record import shown_address
from classroom_admin.agora.client import Client
from classroom_admin.audit.models import Entry
from classroom_admin.common.sentence import Sentence
from classroom_admin.rooms.models import Resource, Room

RESOURCE_EVENT: Final = 1003
PUT: Final = 1
DELETED: Final = 2


def put_resource_by_url(
    *,
    actor: User,
    room: Room,
    name: str,
    url: str,
    ext: str,
    size: int,
    conversion: Mapping[str, Any] | None = None,
    resource_uuid: str | None = None,
    shown_url: str | None = None,
) -> Entry:
    """Share a file that lies at ``url`` (``size`` in bytes) under an id made here; ``entry.target`` names it.

    ``conversion``: ``{"type": "static"|"dynamic", "preview", "scale", "outputFormat"}``, None for none.
    ``resource_uuid``: an id that is known already. ``shown_url``: the address for the record, where its path
    is a secret. Confirmed by event 1003.
    """
    resource_uuid = resource_uuid or uuid4().hex
    asked = {"name": name, "url": url, "ext": ext, "size": size, "conversion": conversion}

    def call(cloud: Client) -> Detail | None:
        cloud.put_resource(
            room_uuid=room.room_uuid,
            resource_uuid=resource_uuid,
            resource_name=name,
            size=size,
            ext=ext,
            url=url,
            conversion=conversion,
            deadline_s=COMMAND_S,
        )
        return None

    command = Command(
        action="resource.put",
        room_uuid=room.room_uuid,
        target=resource_uuid,
        target_name=name,
        params={
            **{key: value for key, value in asked.items() if value is not None},
            "url": shown_url or shown_address(url),
        },
        same_as=asked,
        call=call,
        confirmed_by=Confirms(cmd=RESOURCE_EVENT, match={"action": PUT, "resource_uuids": [resource_uuid]}),
    )
    return flow.run(actor=actor, room=room, command=command)


def delete_resources(
    *, actor: User, room: Room, resources: Sequence[Resource], hold: int | None = None
) -> Entry:
    """Take files away from the class, all by one call. Confirmed by event 1003.

    ``hold``: the id of the entry that asked for this with time to take it back.
    """
    if any(resource.room_id != room.pk for resource in resources):
        raise ActionRefused(
            Sentence("A selected file is not in this class. Reload the page."), field="resourceUuids"
        )
    chosen = sorted({resource.resource_uuid: resource.name for resource in resources}.items())
    ids = [resource_uuid for resource_uuid, _ in chosen]

    def call(cloud: Client) -> Detail | None:
        cloud.delete_resources(room_uuid=room.room_uuid, resource_uuids=ids, deadline_s=COMMAND_S)
        return None

    command = Command(
        action="resource.delete",
        room_uuid=room.room_uuid,
        target=ids[0] if len(ids) == 1 else "",
        target_name=", ".join(name or resource_uuid for resource_uuid, name in chosen),
        params={"resource_uuids": ids} | ({} if hold is None else {"hold": hold}),
        call=call,
        confirmed_by=Confirms(cmd=RESOURCE_EVENT, match={"action": DELETED, "resource_uuids": ids}),
    )
    return flow.run(actor=actor, room=room, command=command)
