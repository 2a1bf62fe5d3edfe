"""Files of a room, and their conversion for the whiteboard."""

from typing import Any

from classroom_admin.simulator.errors import conflict
from classroom_admin.simulator.world.model import Resource, Room
from classroom_admin.simulator.world.world import World

ADDED, DELETED = 1, 2
STEP_MS = 2_000
MEDIA = ("mp3", "mp4")


def put(
    world: World,
    room: Room,
    *,
    uuid: str,
    name: str,
    ext: str,
    size: int,
    url: str,
    conversion: dict[str, Any] | None,
    operator: str | None,
) -> Resource:
    """Add or replace a file. Raise CloudError 409 if the room is closed."""
    if room.is_closed:
        raise conflict("the room is closed")
    resource = Resource(
        uuid=uuid, name=name, ext=ext, size=size, url=url, updated_ms=world.now, conversion=conversion
    )
    room.resources[uuid] = resource
    if conversion is not None:
        resource.task_uuid, resource.task_token = room.shapes.hex(), f"NETLESSTASK_{room.shapes.hex(24)}"
        resource.pages = 4 + size % 9
        resource.step = "Extracting"
        resource.pages_url = f"{world.pages_url}/{resource.task_uuid}"
        world.after(STEP_MS, lambda: _convert(world, room, resource))
    _changed(world, room, [resource], ADDED, operator)
    return resource


def _convert(world: World, room: Room, resource: Resource) -> None:
    """Convert a few pages and emit an event about it. Schedule this again until no page is left."""
    if room.destroyed_ms is not None or room.resources.get(resource.uuid) is not resource:
        return
    resource.converted = min(resource.pages, resource.converted + max(1, resource.pages // 4))
    resource.updated_ms = world.now
    share = resource.converted / resource.pages
    preview = bool((resource.conversion or {}).get("preview"))
    resource.step = "Packaging" if share < 0.7 else "GeneratingPreview" if preview else "Packaging"
    if resource.converted < resource.pages:
        world.after(STEP_MS, lambda: _convert(world, room, resource))
    _changed(world, room, [resource], ADDED, None)


def delete(world: World, room: Room, uuids: list[str], *, operator: str | None) -> None:
    """Delete files of the room. Ignore unknown ids."""
    gone = [room.resources.pop(uuid) for uuid in uuids if uuid in room.resources]
    if gone:
        _changed(world, room, gone, DELETED, operator)


def _changed(world: World, room: Room, rows: list[Resource], action: int, operator: str | None) -> None:
    data: dict[str, Any] = {
        "resources": [describe(row) for row in rows],
        "action": room.shapes.number(action),
    }
    if operator is not None or not room.shapes.chance(0.5):
        data["operator"] = world.operator(room, operator)
    world.emit(room, 1003, data)


def describe(resource: Resource) -> dict[str, Any]:
    """Return a file as the cloud's list of files shows it."""
    row: dict[str, Any] = {
        "resourceUuid": resource.uuid,
        "resourceName": resource.name,
        "ext": resource.ext,
        "size": resource.size,
        "url": resource.url,
        "updateTime": resource.updated_ms,
    }
    if resource.conversion is None:
        return row
    percentage = round(100 * resource.converted / resource.pages)
    files = [_page(resource, number) for number in range(1, resource.converted + 1)]
    row |= {"convert": True, "taskUuid": resource.task_uuid, "taskToken": resource.task_token}
    row["conversion"] = resource.conversion
    row["taskProgress"] = {
        "totalPageSize": resource.pages,
        "convertedPageSize": resource.converted,
        "convertedPercentage": percentage,
        "convertedFileList": files,
        "currentStep": resource.step,
    }
    return row


def _page(resource: Resource, number: int) -> dict[str, Any]:
    base = f"{resource.pages_url}/{number}"
    return {
        "name": str(number),
        "ppt": {"width": 1280, "height": 720, "src": f"{base}.png", "preview": f"{base}_s.png"},
    }
