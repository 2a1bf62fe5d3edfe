"""Files shared with a class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from classroom_admin.agora import calls, checks, settings_checks
from classroom_admin.agora.base import Calls
from classroom_admin.agora.models import Conversion, Envelope, ResourceItem, read_list


class ResourceCalls(Calls):
    """Contract, section A: put, delete and list resources (these alone are under /v1)."""

    def put_resource(
        self,
        *,
        room_uuid: str,
        resource_uuid: str,
        resource_name: str,
        size: int,
        ext: str,
        url: str,
        conversion: Conversion | Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> list[ResourceItem]:
        """Share a file by its address; ``size`` in bytes. Gives the room's resources. Event 1003 confirms it.

        Which ``conversion`` goes with which ``ext``: ``settings_checks.conversion``.
        """
        parts = {"roomUuid": checks.room_id(room_uuid), "resourceUuid": checks.resource_id(resource_uuid)}
        body = settings_checks.resource(
            resource_name=resource_name, size=size, ext=ext, url=url, conversion_=conversion
        )
        call = calls.PUT_RESOURCE if conversion is None else calls.CONVERT_RESOURCE
        return _items(self._ask(call, parts=parts, body=body, deadline_s=deadline_s))

    def delete_resources(
        self, *, room_uuid: str, resource_uuids: Iterable[str], deadline_s: float | None = None
    ) -> Envelope:
        """Take files away from a class. Event 1003 confirms it."""
        parts = {"roomUuid": checks.room_id(room_uuid)}
        body = {"resourceUuids": checks.resource_ids(resource_uuids)}
        return self._ask(calls.DELETE_RESOURCES, parts=parts, body=body, deadline_s=deadline_s)

    def list_resources(self, *, room_uuid: str, deadline_s: float | None = None) -> list[ResourceItem]:
        """List a room's files and how far their conversion is; items that are no objects are left out."""
        parts = {"roomUuid": checks.room_id(room_uuid)}
        return _items(self._ask(calls.LIST_RESOURCES, parts=parts, deadline_s=deadline_s))


def _items(envelope: Envelope) -> list[ResourceItem]:
    data = envelope.data
    if isinstance(data, dict):
        data = data.get("list", [data] if "resourceUuid" in data else [])
    items, _unreadable = read_list(ResourceItem, data)
    return items
