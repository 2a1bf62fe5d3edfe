"""Decode and project the files shared with the room (cmd 1003)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from classroom_admin.events.event import Event, EventKind, EventType, Match, latest_update_time
from classroom_admin.events.people import Person, read_person
from classroom_admin.events.rows import ResourceRow, Rows
from classroom_admin.events.sentences import NAMED, Names, Sentence, isolated
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import (
    SMALL,
    Json,
    Raw,
    Undecodable,
    each,
    identifier,
    mapping,
    name_text,
    plain,
    real,
    text,
    whole,
)

REMOVED = 2
EXT_LENGTH = 20
MOST_PAGES = 100_000


@dataclass(slots=True)
class ResourceState:
    """A shared file. `size` is in bytes. `task` contains the conversion's id and progress, but no token."""

    resource_uuid: str
    name: str | None = None
    ext: str | None = None
    size: int | None = None
    url: str | None = None
    task: dict[str, Json] | None = None
    converted_percent: int | None = None


@dataclass(slots=True)
class Resources:
    """Shared or deleted files. `by` is the person who did this, or None if unknown or if a server did it."""

    removed: bool
    resources: list[ResourceState]
    by: Person | None = None


def decode(data: Raw, odd: list[str]) -> Resources:
    """Decode the files. Action 1 (default) shares files, 2 deletes them. Raise Undecodable for others."""
    action = whole(data.get("action"))
    if action not in (None, 1, REMOVED):
        raise Undecodable("a resource action that is neither 1 nor 2")
    found = data.get("resources")
    if isinstance(found, list):
        found = [{"resourceUuid": item} if isinstance(item, str) else item for item in found]
    by = read_person(data.get("operator"))
    if by is not None and by.role == "server":
        by = None
    return Resources(action == REMOVED, each(found, _resource, odd, "resources"), by)


def _resource(raw: Raw) -> ResourceState | None:
    resource_uuid = identifier(raw.get("resourceUuid"))
    if resource_uuid is None:
        return None
    task: dict[str, Json] = {}
    task_uuid = text(raw.get("taskUuid"))
    if task_uuid:
        task["taskUuid"] = task_uuid
    progress = mapping(raw.get("taskProgress"))
    if progress:
        task["taskProgress"] = _without_tokens(plain(progress))
    return ResourceState(
        resource_uuid,
        name_text(raw.get("resourceName")),
        text(raw.get("ext"), EXT_LENGTH),
        whole(raw.get("size")),
        text(raw.get("url")),
        task or None,
        _percent(progress) if task else None,
    )


def _percent(progress: Raw) -> int:
    """Return how much of the file is converted, in percent. Return 0 if the cloud has not reported it yet."""
    percent = real(progress.get("convertedPercentage"))
    if percent is None:
        done, total = (whole(progress.get(f"{name}PageSize"), SMALL) for name in ("converted", "total"))
        percent = 100 * done / total if done is not None and total else 0
    return int(max(0, min(100, percent)))


def _without_tokens(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_tokens(item) for key, item in value.items() if "token" not in key.lower()}
    if isinstance(value, list):
        return [_without_tokens(item) for item in value]
    return value


def apply(event: Event[Resources], time: EventTime, rows: Rows) -> None:
    """Update each file with the event's values. Other columns do not change.

    Set `put_at`, `put_sequence` and `put_by` if the event shares a file: a new one, one that was deleted
    before, or one with another URL or conversion. Do not set them if a conversion only progresses.
    """
    by = event.data.by
    for resource in event.data.resources:
        row = rows.resources.get(resource.resource_uuid)
        if row is None:
            row = rows.resources[resource.resource_uuid] = ResourceRow(resource.resource_uuid)
        if event.data.removed:
            _set(row, resource)
            row.removed_at = row.removed_at or time.at
        else:
            if row.put_sequence is None or row.removed_at is not None or _another(row, resource):
                row.put_sequence, row.put_at, row.removed_at = event.sequence, time.at, None
                row.task, row.converted_percent = {}, None
                row.put_by = by.name or "" if by is not None else ""
            _set(row, resource)
        rows.dirty.add(("resource", row.resource_uuid))


def _another(row: ResourceRow, resource: ResourceState) -> bool:
    """Return whether the URL or the conversion differs. If so, the id now belongs to another file."""
    task_uuid, known = (resource.task or {}).get("taskUuid"), row.task.get("taskUuid")
    return bool(resource.url and row.url and resource.url != row.url) or bool(
        task_uuid and known and task_uuid != known
    )


def _set(row: ResourceRow, resource: ResourceState) -> None:
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


def sentence(data: Resources, names: Names) -> Sentence:
    files = data.resources
    named = [isolated(file.name) if file.name else _("a file") for file in files[:NAMED]]
    places = {"files": ", ".join(named) or _("Files")}
    count = len(files) or 2
    if data.removed:
        words = ngettext("%(files)s was deleted", "%(files)s were deleted", count)
    elif any(file.converted_percent is not None for file in files):
        if len(files) == 1:
            return "files", _conversion(files[0], places["files"])
        words = ngettext("%(files)s was shared or changed", "%(files)s were shared or changed", count)
    else:
        words = ngettext("%(files)s was shared", "%(files)s were shared", count)
    return "files", words % places


def _conversion(file: ResourceState, name: str) -> str:
    """Return a sentence about the progress of a file's conversion."""
    percent = file.converted_percent
    if percent == 0:
        return _("%(files)s was shared and is being converted") % {"files": name}
    if percent != 100:
        return _("%(files)s is %(percent)s %% converted") % {"files": name, "percent": percent}
    total = real(mapping((file.task or {}).get("taskProgress")).get("totalPageSize"))
    pages = int(total) if total is not None and 1 <= total <= MOST_PAGES else None
    if pages is None:
        return _("%(files)s has been converted") % {"files": name}
    words = ngettext(
        "%(files)s has been converted: %(pages)s page", "%(files)s has been converted: %(pages)s pages", pages
    )
    return words % {"files": name, "pages": pages}


def confirms(data: Resources, match: Match) -> bool:
    """Return whether the event shared or deleted all files in `match`.

    `match` is {"action": 1 shared | 2 deleted, "resource_uuids": [..]}.
    """
    return data.removed == (match.get("action") == REMOVED) and set(match.get("resource_uuids", ())) <= {
        resource.resource_uuid for resource in data.resources
    }


TYPES = (
    EventType(
        kinds=(EventKind.FILES,),
        decode=decode,
        own_time=lambda data, fields: latest_update_time(fields, "resources"),
        needs=lambda event, needed: needed.resources.update(
            file.resource_uuid for file in event.data.resources
        ),
        apply=apply,
        sentence=sentence,
        name="files",
        label=gettext_lazy("Files"),
        confirms=confirms,
    ),
)
