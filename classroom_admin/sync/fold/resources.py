"""Files shared with the room (cmd 1003)."""

from classroom_admin.sync.decode.kinds import Resources, ResourceState
from classroom_admin.sync.fold.rows import ResourceRow, Rows
from classroom_admin.sync.fold.times import EventTime


def fold_resources(data: Resources, sequence: int, time: EventTime, rows: Rows) -> None:
    """Take what the event says of each; what it doesn't say stays.

    `put_at` and `put_sequence` are of the event that brought the file: the first one, one after a removal,
    and one with another address or conversion. News of a conversion leave them.
    """
    for resource in data.resources:
        row = rows.resources.get(resource.resource_uuid)
        if row is None:
            row = rows.resources[resource.resource_uuid] = ResourceRow(resource.resource_uuid)
        if data.removed:
            _take(row, resource)
            row.removed_at = row.removed_at or time.at
        else:
            if row.put_sequence is None or row.removed_at is not None or _another(row, resource):
                row.put_sequence, row.put_at, row.removed_at = sequence, time.at, None
                row.task, row.converted_percent = {}, None
            _take(row, resource)
        rows.dirty.add(("resource", row.resource_uuid))


def _another(row: ResourceRow, resource: ResourceState) -> bool:
    """Whether another file was put under the same id: another address, or another conversion."""
    task_uuid, known = (resource.task or {}).get("taskUuid"), row.task.get("taskUuid")
    return bool(resource.url and row.url and resource.url != row.url) or bool(
        task_uuid and known and task_uuid != known
    )


def _take(row: ResourceRow, resource: ResourceState) -> None:
    row.name = resource.name or row.name
    row.ext = resource.ext or row.ext
    row.url = resource.url or row.url
    if resource.size is not None:
        row.size = resource.size
    if resource.task is not None:
        row.task = {**row.task, **resource.task}
        if resource.converted_percent is not None and (
            "taskProgress" in resource.task or row.converted_percent is None
        ):
            row.converted_percent = resource.converted_percent
