"""Convert between the fields of the form for a new class and the arguments of `create_class`."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from classroom_admin.web.wording import ROOM_TYPES

KINDS: Final = (
    (4, ROOM_TYPES[4], _("Up to a few dozen students; everyone is visible.")),
    (0, ROOM_TYPES[0], _("One teacher and one student.")),
    (2, ROOM_TYPES[2], _("Many students; the teacher is on stage.")),
    (10, ROOM_TYPES[10], _("Like “Small class”, but with the cloud's newer classroom.")),
)
# Names of the roles by the cloud's numbers.
ROLES: Final = (("2", _("Students")), ("1", _("Teachers")), ("3", _("Assistants")), ("4", _("Observers")))
# The cloud's `defaultStream` for each choice of streams that people send when they join.
STREAMS: Final[dict[str, dict[str, int]]] = {
    "both": {"state": 1, "videoState": 1, "audioState": 1},
    "camera": {"state": 1, "videoState": 1, "audioState": 0},
    "microphone": {"state": 1, "videoState": 0, "audioState": 1},
    "nothing": {"state": 0, "videoState": 0, "audioState": 0},
}
STREAM_WORDS: Final = (
    ("", _("Default")),
    ("both", _("Camera and microphone on")),
    ("camera", _("Camera on")),
    ("microphone", _("Microphone on")),
    ("nothing", _("Camera and microphone off")),
)
WIDGETS: Final = {"board": "netlessBoard", "chat": "easemobIM"}
DAYS: Final = (
    ("0", _("Mon")), ("1", _("Tue")), ("2", _("Wed")), ("3", _("Thu")), ("4", _("Fri")), ("5", _("Sat")),
    ("6", _("Sun")),
)  # fmt: skip
EVERY: Final = (
    (1, _("Every week")),
    (2, _("Every other week")),
    (3, _("Every third week")),
    (4, _("Every fourth week")),
)
# Form fields by the cloud's names of settings.
_FIELDS: Final = {
    "roomName": "name",
    "roomType": "room_type",
    "schedule.startTime": "starts_at",
    "schedule.duration": "minutes",
    "schedule.closeDelay": "close_delay",
    "handsUp.maxAccept": "max_on_stage",
    "handsUp.defaultAcceptRole": "stage_role",
    "flexProps": "flex",
    "widgets": "widgets",
}
# Messages for fields with other units than the cloud's. The client's messages would state wrong numbers.
IN_OUR_UNITS: Final = {
    "minutes": _("A class must last from 1 minute to 24 hours (1440 minutes)."),
    "close_delay": _("After its end, a class can stay open for 0 minutes to 24 hours (1440 minutes)."),
    "starts_at": _("This time is too far in the future. Choose an earlier time."),
}
# Arguments of `create_class` by form field.
_ARGUMENTS: Final = {
    "starts_at": "starts_at",
    "minutes": "duration_s",
    "close_delay": "close_delay_s",
    "max_on_stage": "max_on_stage",
    "stage_role": "stage_role",
    "flex": "flex_properties",
    "widgets": "widgets",
}


def field_of(upstream: str | None) -> str | None:
    """Return the form field for the cloud's name of a setting, or None if there is no such field."""
    name = upstream or ""
    if name.startswith("roleConfig."):
        _start, role, *rest = name.split(".")
        return f"stream_{role}" if rest[:1] == ["defaultStream"] else f"limit_{role}"
    return _FIELDS.get(name)


def without(wanted: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the arguments except those from ``field``, so that the others can be checked."""
    role = field.rpartition("_")[2]
    if field.startswith(("limit_", "stream_")):
        return {**wanted, "roles": {name: rules for name, rules in wanted["roles"].items() if name != role}}
    removed = _ARGUMENTS.get(field)
    return {name: value for name, value in wanted.items() if name != removed}


def arguments(filled: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments for ``create_class`` without the name and the start.

    Settings without a value are omitted.
    """
    minutes, delay = filled.get("minutes"), filled.get("close_delay")
    wanted = {
        "room_type": filled.get("room_type"),
        "duration_s": None if minutes is None else minutes * 60,
        "close_delay_s": None if delay is None else delay * 60,
        "max_on_stage": filled.get("max_on_stage"),
        "stage_role": filled.get("stage_role") or None,
        "widgets": _widgets(filled) or None,
        "flex_properties": filled.get("flex") or None,
        "roles": _roles(filled) or None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def initial(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return initial values of the form for a class with these ``settings``."""
    widgets = dict(settings.get("widgets") or {})
    found: dict[str, Any] = {
        "room_type": settings.get("room_type"),
        "minutes": _in_minutes(settings.get("duration_s")),
        "close_delay": _in_minutes(settings.get("close_delay_s")),
        "max_on_stage": settings.get("max_on_stage"),
        "stage_role": settings.get("stage_role") or "",
    }
    for field, widget in WIDGETS.items():
        if set(widgets.get(widget) or ()) == {"state"}:
            found[field] = "on" if widgets.pop(widget)["state"] else "off"
    roles = dict(settings.get("roles") or {})
    if settings.get("pupil_limit") is not None:
        roles["2"] = {**roles.get("2", {}), "limit": settings["pupil_limit"]}
    for role, rules in roles.items():
        found[f"limit_{role}"] = rules.get("limit")
        stream = rules.get("defaultStream")
        found[f"stream_{role}"] = next((word for word, one in STREAMS.items() if one == stream), "")
    return {name: value for name, value in found.items() if value is not None} | {
        "widgets": widgets,
        "flex": settings.get("flex_properties") or {},
    }


def _in_minutes(seconds: int | None) -> int | None:
    return None if seconds is None else max(1, round(seconds / 60)) if seconds else 0


def _widgets(filled: Mapping[str, Any]) -> dict[str, Any]:
    widgets = dict(filled.get("widgets") or {})
    for field, widget in WIDGETS.items():
        if filled.get(field):
            own = widgets.get(widget)
            widgets[widget] = {**(own if isinstance(own, dict) else {}), "state": int(filled[field] == "on")}
    return widgets


def _roles(filled: Mapping[str, Any]) -> dict[str, Any]:
    roles: dict[str, Any] = {}
    for role, _words in ROLES:
        rules: dict[str, Any] = {}
        if filled.get(f"limit_{role}") is not None:
            rules["limit"] = filled[f"limit_{role}"]
        if filled.get(f"stream_{role}"):
            rules["defaultStream"] = STREAMS[filled[f"stream_{role}"]]
        if rules:
            roles[role] = rules
    return roles
