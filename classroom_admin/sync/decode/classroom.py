"""Events about the classroom: its state, properties, recording, resources."""

from collections.abc import Mapping

from classroom_admin.sync.decode.event import Undecodable
from classroom_admin.sync.decode.kinds import (
    Change,
    ClassState,
    Json,
    Person,
    RecordingChange,
    Resources,
    ResourceState,
    RoomProperties,
    UserProperties,
)
from classroom_admin.sync.decode.people import named
from classroom_admin.sync.decode.values import (
    NAME_LENGTH,
    SMALL,
    Raw,
    each,
    identifier,
    mapping,
    moment,
    plain,
    real,
    split_path,
    text,
    whole,
)

DELETE = 1
BATCH_LISTS = ("changes", "batch", "list", "items", "users", "properties")
EXT_LENGTH = 20
CONTAINERS = ("extApps", "groups")
CONTAINER_DEPTH = 3


def class_state(data: Raw, odd: list[str]) -> ClassState:
    """cmd 1."""
    state = whole(data.get("state"))
    if state is None or not 0 <= state <= 3:
        raise Undecodable("a class state that is none of 0 to 3")
    return ClassState(
        state, moment(data.get("startTime")), moment(data.get("endTime")), moment(data.get("closeTime"))
    )


def room_properties(data: Raw, odd: list[str]) -> RoomProperties:
    """cmd 4 and 5: both carry `changeProperties`; a list of such changes is read too."""
    changes: list[Change] = []
    for one in _batch(data):
        changes += _changes(one, odd)
    return RoomProperties(changes)


def user_properties(data: Raw, odd: list[str]) -> UserProperties:
    """cmd 22 and 23, which may be about several people."""
    found: list[tuple[Person, list[Change]]] = []
    for one in _batch(data):
        who = named(one)
        if who is None:
            odd.append("a user's property without the user")
        else:
            found.append((who, _changes(one, odd)))
    if not found:
        raise Undecodable("a user's property without the user")
    return UserProperties(found)


def _batch(data: Raw) -> list[Raw]:
    """The single changes in an event; what one of a list doesn't say is taken from around it."""
    if data.get("changeProperties") is not None:
        return [data]
    for key in BATCH_LISTS:
        entries = data.get(key)
        if isinstance(entries, list) and entries and all(isinstance(entry, Mapping) for entry in entries):
            around = {name: value for name, value in data.items() if name != key}
            return [{**around, **entry} for entry in entries]
    return [data]


def _changes(data: Raw, odd: list[str]) -> list[Change]:
    raw = data.get("changeProperties")
    delete = whole(data.get("action")) == DELETE
    if isinstance(raw, str):
        raw = mapping(raw)
    if isinstance(raw, list):  # names only, as the calls that delete take them
        raw = {key: None for key in raw if isinstance(key, str)} if delete else None
    if not isinstance(raw, Mapping):
        raise Undecodable("a property change without changeProperties")
    changes = []
    for key, value in raw.items():
        try:
            path = split_path(str(text(key)))
        except Undecodable as problem:
            odd.append(problem.reason)
            continue
        changes += _removed(path, value) if delete else [Change(path, plain(value))]
    return changes


def _removed(path: tuple[str, ...], value: object) -> list[Change]:
    """What action 1 means: delete, except that widgets' documents use it for an update.

    So below `widgets` a property that comes with a value is set. Elsewhere the name is deleted with all that
    it holds, except that the containers of many things are only ways to the names inside
    (`{"extApps": {"countdown": {"state": 1}}}` deletes that state alone).
    """
    if path[0] == "widgets" and value not in (None, "", {}, []):
        return [Change(path, plain(value))]
    if path[0] in CONTAINERS and len(path) < CONTAINER_DEPTH and isinstance(value, Mapping) and value:
        found: list[Change] = []
        for key, inner in value.items():
            found += _removed((*path, str(text(key))), inner)
        return found
    return [Change(path, deleted=True)]


def recording(data: Raw, odd: list[str]) -> RecordingChange:
    """cmd 1001: 1 recording; ended is 0 in one document and 2 in another."""
    state = whole(data.get("state"))
    if state not in (0, 1, 2):
        raise Undecodable("a recording state that is none of 0, 1, 2")
    urls = data.get("streamingUrl")
    return RecordingChange(
        state == 1,
        identifier(data.get("recordId")),
        text(data.get("sid"), NAME_LENGTH),
        moment(data.get("startTime")),
        moment(data.get("endTime")),
        plain(urls) if isinstance(urls, Mapping) else None,
    )


def resources(data: Raw, odd: list[str]) -> Resources:
    """cmd 1003: action 1 added or updated (also where there is none), 2 deleted."""
    action = whole(data.get("action"))
    if action not in (None, 1, 2):
        raise Undecodable("a resource action that is neither 1 nor 2")
    found = data.get("resources")
    if isinstance(found, list):
        found = [{"resourceUuid": item} if isinstance(item, str) else item for item in found]
    return Resources(action == 2, each(found, _resource, odd, "resources"))


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
        text(raw.get("resourceName"), NAME_LENGTH),
        text(raw.get("ext"), EXT_LENGTH),
        whole(raw.get("size")),
        text(raw.get("url")),
        task or None,
        _percent(progress) if task else None,
    )


def _percent(progress: Raw) -> int:
    """How much is converted, 0 to 100; a conversion that has told nothing yet is at 0."""
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
