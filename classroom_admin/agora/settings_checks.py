"""Pure checks of composite settings: web recording, conversion of a resource, schedule, roles, breakout
rooms.

Each takes a model of ``models`` or a mapping with the upstream (camelCase) names, and returns the object as
it goes on the wire, or raises ``InvalidArgument`` naming the field (``webRecordConfig.videoBitrate``). A name
that the contract doesn't have is refused: it is a slip of the pen more often than a new feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from classroom_admin.agora import checks
from classroom_admin.agora.errors import InvalidArgument

STATIC_EXTS: Final = ("ppt", "doc", "docx", "pdf")
DYNAMIC_EXTS: Final = ("pptx",)
RESOURCE_EXTS: Final = (
    *("ppt", "pptx", "pptm", "docx", "doc", "xlsx", "xls", "csv", "pdf"),
    *("mp3", "mp4", "png", "jpg", "gif"),
)
OUTPUT_FORMATS: Final = ("png", "jpg", "jpeg", "webp")
MOST_PIXELS: Final = 921_600
DEFAULT_WIDTH: Final = 1280
DEFAULT_HEIGHT: Final = 720
LONGEST_CLASS_S: Final = 86_400
LATEST_MS: Final = 253_402_300_799_999  # the last of the year 9999

_WHOLE_WEB_SETTINGS: Final = {
    "videoBitrate": (50, 8000),  # kbit/s
    "videoFps": (5, 60),
    "videoWidth": (480, 1280),  # pixels
    "videoHeight": (480, 1280),
    "maxRecordingHour": (1, 720),
}
_WEB_SETTINGS: Final = (*_WHOLE_WEB_SETTINGS, "url", "rootUrl", "publishRtmp", "onhold", "audioProfile")


def web_record_config(value: object, *, starts: bool) -> dict[str, Any]:
    """Settings of a web recording; ``starts`` asks for the page's address as well (url, else rootUrl)."""
    field = "webRecordConfig"
    given = _as_object(value, field=field, known=_WEB_SETTINGS)
    if not given:
        raise InvalidArgument(field, "is empty; enter at least one setting.")
    for name, item in given.items():
        given[name] = _web_setting(name, item, field=f"{field}.{name}")
    width = given.get("videoWidth", DEFAULT_WIDTH)
    height = given.get("videoHeight", DEFAULT_HEIGHT)
    if width * height > MOST_PIXELS:
        raise InvalidArgument(
            f"{field}.{'videoHeight' if 'videoHeight' in given else 'videoWidth'}",
            "times the other side must be at most {most} pixels; {width} × {height} is {pixels} "
            "(default: {usual_width} wide, {usual_height} high).",
            most=MOST_PIXELS,
            width=width,
            height=height,
            pixels=width * height,
            usual_width=DEFAULT_WIDTH,
            usual_height=DEFAULT_HEIGHT,
        )
    if starts and "url" not in given and "rootUrl" not in given:
        raise InvalidArgument(
            f"{field}.rootUrl", "is missing; a web recording needs the page's url or rootUrl."
        )
    return given


def _web_setting(name: str, item: object, *, field: str) -> object:
    if name in _WHOLE_WEB_SETTINGS:
        least, most = _WHOLE_WEB_SETTINGS[name]
        return checks.whole_number(item, field=field, least=least, most=most)
    if name in ("url", "rootUrl"):
        return checks.web_address(item, field=field)
    if name == "audioProfile":
        return checks.one_of(item, (0, 1, 2), field=field)
    if name == "publishRtmp":
        # The documents print the text "true", not the JSON value.
        if item in ("true", "false"):
            return item
        return "true" if checks.yes_or_no(item, field=field) else "false"
    return checks.yes_or_no(item, field=field)


def conversion(value: object, *, ext: str) -> dict[str, Any]:
    """How a file becomes pages: which type goes with which ``ext``, and which options with which type."""
    given = _as_object(value, field="conversion", known=("type", "preview", "scale", "outputFormat"))
    if "type" not in given:
        raise InvalidArgument("conversion.type", "is missing; it must be static or dynamic.")
    kind = checks.one_of(given["type"], ("static", "dynamic"), field="conversion.type")
    fitting = STATIC_EXTS if kind == "static" else DYNAMIC_EXTS
    if ext not in fitting:
        raise InvalidArgument(
            "conversion.type",
            "can't be {kind} for a {ext} file; {kind} is for {fitting}.",
            kind=kind,
            ext=ext,
            fitting=", ".join(fitting),
        )
    if "preview" in given:
        if kind != "dynamic":
            raise InvalidArgument("conversion.preview", "is allowed only with type dynamic.")
        checks.yes_or_no(given["preview"], field="conversion.preview")
    for name in ("scale", "outputFormat"):
        if name in given and kind != "static":
            raise InvalidArgument(f"conversion.{name}", "is allowed only with type static.")
    if "scale" in given:
        checks.number(given["scale"], field="conversion.scale", least=0.1, most=3)
    if "outputFormat" in given:
        checks.one_of(given["outputFormat"], OUTPUT_FORMATS, field="conversion.outputFormat")
    return given


def resource(
    *, resource_name: object, size: object, ext: object, url: object, conversion_: object
) -> dict[str, Any]:
    """The body of "put a resource": name under 64 bytes, size in bytes, a known ext, a web address,
    conversion.
    """
    body: dict[str, Any] = {
        "resourceName": checks.name(resource_name, field="resourceName"),
        "size": checks.whole_number(size, field="size", least=1),
        "ext": checks.one_of(ext, RESOURCE_EXTS, field="ext"),
        "url": checks.web_address(url, field="url"),
    }
    if conversion_ is not None:
        body["conversion"] = conversion(conversion_, ext=body["ext"])
    return body


def schedule(value: object) -> dict[str, Any]:
    """When a class is: startTime (ms UTC), duration (s, at most a day), closeDelay (s)."""
    given = _as_object(value, field="schedule", known=("startTime", "duration", "closeDelay"))
    bounds = {
        "startTime": (1, LATEST_MS),
        "duration": (1, LONGEST_CLASS_S),
        "closeDelay": (0, LONGEST_CLASS_S),
    }
    for name, item in given.items():
        least, most = bounds[name]
        checks.whole_number(item, field=f"schedule.{name}", least=least, most=most)
    return given


def role_config(value: object) -> dict[str, Any]:
    """Bounds for each role, by the role's number as text: ``{"2": {"limit": 30, "defaultStream": {"state":
    1}}}``.
    """
    given = checks.properties(value, field="roleConfig")
    for role, settings in given.items():
        if role not in ("0", "1", "2", "3", "4"):
            raise InvalidArgument(
                "roleConfig", "has no role {role}; roles are the numbers 0 to 4 as text.", role=repr(role)
            )
        field = f"roleConfig.{role}"
        each = _as_object(settings, field=field, known=("limit", "defaultStream"))
        if "limit" in each:
            checks.whole_number(each["limit"], field=f"{field}.limit", least=-1)
        stream = each.get("defaultStream")
        if stream is not None:
            known = ("state", "videoState", "audioState")
            for name, item in _as_object(stream, field=f"{field}.defaultStream", known=known).items():
                checks.one_of(item, (0, 1), field=f"{field}.defaultStream.{name}")
    return given


def groups(value: object) -> list[dict[str, Any]]:
    """Breakout rooms: each with a name, perhaps an id, and its users; nobody is in two of them."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidArgument("groups", "must be a list.")
    checked = [_group(item) for item in value]
    if not checked:
        raise InvalidArgument("groups", "is empty; add at least one.")
    seen: set[str] = set()
    for group in checked:
        for user in group["users"]:
            if user["userUuid"] in seen:
                raise InvalidArgument(
                    "groups.users", "puts {user} in two groups.", user=repr(user["userUuid"])
                )
            seen.add(user["userUuid"])
    return checked


def _group(value: object) -> dict[str, Any]:
    given = _as_object(value, field="groups", known=("groupUuid", "groupName", "users"))
    group: dict[str, Any] = {}
    if "groupUuid" in given:
        group["groupUuid"] = checks.identifier(given["groupUuid"], field="groups.groupUuid")
    group["groupName"] = checks.name(given.get("groupName"), field="groups.groupName")
    users = given.get("users", [])
    if isinstance(users, str | bytes | Mapping) or not isinstance(users, Iterable):
        raise InvalidArgument("groups.users", "must be a list.")
    group["users"] = [{"userUuid": _member(user)} for user in users]
    return group


def _member(value: object) -> str:
    if isinstance(value, Mapping):
        value = value.get("userUuid")
    return checks.user_id(value, field="groups.users.userUuid")


def _as_object(value: object, *, field: str, known: Iterable[str]) -> dict[str, Any]:
    if isinstance(value, BaseModel):
        value = value.model_dump(by_alias=True, exclude_none=True)
    if not isinstance(value, Mapping):
        raise InvalidArgument(field, "must be an object of names and values.")
    for name in value:
        if name not in known:
            raise InvalidArgument(
                field,
                "has no setting {name}; known settings: {known}.",
                name=repr(name),
                known=", ".join(known),
            )
    return dict(value)
