"""An event of the cloud as a sentence that a teacher can read. Pure, and never surprised: odd events get
plain words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

StrOrPromise = str | Promise

Data = dict[str, Any]
_QUIZ: Final = {
    1: _("The quiz started"),
    2: _("The quiz ended"),
    3: _("The quiz was answered"),
    4: _("The quiz has new results"),
    None: _("The quiz changed"),
}
_POLL: Final = {
    1: _("The poll started"),
    2: _("The poll ended"),
    3: _("The poll was answered"),
    4: _("The poll has new results"),
    None: _("The poll changed"),
}
_STATES: Final = {
    0: _("The class is not started"),
    1: _("The class started"),
    2: _("The class ended"),
    3: _("The class was closed"),
    None: _("The class changed its state"),
}
_MUTES: Final = {0: _("%(who)s may chat again"), 1: _("%(who)s may not chat"), None: _("%(who)s changed")}
_SCREEN: Final = {
    0: _("%(who)s opened a shared screen"),
    1: _("%(who)s changed a shared screen"),
    2: _("%(who)s closed a shared screen"),
}
_CAMERA: Final = {
    0: _("%(who)s opened camera or microphone"),
    1: _("%(who)s changed camera or microphone"),
    2: _("%(who)s closed camera or microphone"),
}


def read_raw(raw: str) -> Data:
    """The event's JSON as an object; {} for what is none."""
    try:
        event = json.loads(raw)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def sentence(*, stream: str, cmd: int | None, raw: str, unreadable: str = "") -> tuple[str, str]:
    """(icon, sentence) for one stored event."""
    if unreadable:
        return "triangle-alert", gettext("An event that could not be read")
    data = read_raw(raw).get("data")
    data = data if isinstance(data, dict) else {}
    if stream in ("popupQuiz", "poll"):
        return "chart-bar", _question(stream, data)
    tell = _TELL.get(cmd)
    return tell(data) if tell else ("activity", gettext("An event of kind %(kind)s") % {"kind": cmd})


def _people(value: Any) -> list[Data]:
    return [person for person in value if isinstance(person, dict)] if isinstance(value, list) else []


def _name(person: Any) -> str:
    name = person.get("userName") if isinstance(person, dict) else None
    # Isolates, so that a right-to-left name leaves the sentence around it alone.
    return f"\u2068{name}\u2069" if name else gettext("Somebody")


def _names(people: list[Data]) -> str:
    names = [_name(person) for person in people[:3]]
    more = len(people) - len(names)
    listed = gettext(", ").join(names)
    if more <= 0:
        return listed
    return ngettext("%(names)s and %(count)s more", "%(names)s and %(count)s more", more) % {
        "names": listed,
        "count": more,
    }


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _state(data: Data) -> tuple[str, str]:
    return "play", str(_STATES.get(_number(data.get("state"))) or _STATES[None])


def _chat(data: Data) -> tuple[str, str]:
    return "message-square", gettext("%(who)s wrote in the chat") % {"who": _name(data.get("fromUser"))}


def _comings(data: Data) -> tuple[str, str]:
    came, left = _people(data.get("onlineUsers")), _people(data.get("offlineUsers"))
    kicked = [person for person in left if _number(person.get("type")) == 2]
    gone = [person for person in left if _number(person.get("type")) != 2]
    said = [
        words % {"who": _names(people)}
        for people, words in (
            (came, gettext("%(who)s entered")),
            (gone, gettext("%(who)s left")),
            (kicked, gettext("%(who)s removed from the class")),
        )
        if people
    ]
    return ("log-in" if came else "log-out"), gettext("; ").join(said) or gettext("People came or left")


def _user(data: Data) -> tuple[str, str]:
    if "message" in data:
        return _custom(data)
    muted = _number(data.get("muteChat"))
    words = str(_MUTES.get(muted) or _MUTES[None]) % {"who": _name(data)}
    return "message-square-off" if muted else "user-round", words


def _stream(data: Data) -> tuple[str, str]:
    who = _name(data.get("fromUser"))
    screen = _number(data.get("videoSourceType")) == 2
    told = _SCREEN if screen else _CAMERA
    words = str(told.get(_number(data.get("action"))) or told[1]) % {"who": who}
    return "screen-share" if screen else "video", words


def _custom(data: Data) -> tuple[str, str]:
    who = _name(data.get("fromUser"))
    return "send", gettext("A message from %(who)s to the class's apps") % {"who": who}


def _recording(data: Data) -> tuple[str, str]:
    started = _number(data.get("state")) == 1
    return "circle-dot", gettext("The recording started") if started else gettext("The recording stopped")


def _files(data: Data) -> tuple[str, str]:
    files = [str(file.get("resourceName") or gettext("a file")) for file in _people(data.get("resources"))]
    deleted = _number(data.get("action")) == 2
    count = len(files) or 2
    words = (
        ngettext("%(files)s was taken away", "%(files)s were taken away", count)
        if deleted
        else ngettext("%(files)s was shared or changed", "%(files)s were shared or changed", count)
    )
    return "files", words % {"files": gettext(", ").join(files[:3]) or gettext("Files")}


def _rewards(data: Data) -> tuple[str, str]:
    people = _people(data.get("rewardDetails"))
    if not people:
        return "award", gettext("Rewards were given")
    return "award", gettext("%(who)s got a reward") % {"who": _names(people)}


def _stage(data: Data) -> tuple[str, str]:
    up, down = _people(data.get("addAcceptedUsers")), _people(data.get("removeAcceptedUsers"))
    if up:
        words = ngettext("%(count)s went on stage", "%(count)s went on stage", len(up))
        return "presentation", words % {"count": len(up)}
    if down:
        words = ngettext("%(count)s left the stage", "%(count)s left the stage", len(down))
        return "presentation", words % {"count": len(down)}
    return "presentation", gettext("The stage changed")


def _hands(data: Data) -> tuple[str, str]:
    up, down = _people(data.get("addProgressUsers")), _people(data.get("removeProgressUsers"))
    if up:
        words = ngettext("%(count)s raised a hand", "%(count)s raised their hands", len(up))
        return "hand", words % {"count": len(up)}
    return "hand", gettext("A hand went down") if down else gettext("Raised hands changed")


def _fixed(icon: str, words: StrOrPromise) -> Callable[[Data], tuple[str, str]]:
    return lambda data: (icon, str(words))


def _question(stream: str, data: Data) -> str:
    cause = data.get("cause")
    cause = read_raw(cause) if isinstance(cause, str) else cause
    action = _number(cause.get("action")) if isinstance(cause, dict) else None
    told = _QUIZ if stream == "popupQuiz" else _POLL
    return str(told.get(action) or told[None])


_TELL: Final[dict[int | None, Callable[[Data], tuple[str, str]]]] = {
    1: _state,
    3: _chat,
    4: _fixed("settings", _("A setting of the class changed")),
    5: _fixed("settings", _("Settings of the class changed")),
    20: _comings,
    21: _user,
    22: _fixed("user-round", _("A setting of a participant changed")),
    23: _fixed("users", _("Settings of participants changed")),
    40: _stream,
    41: _fixed("video", _("Cameras or microphones changed")),
    99: _custom,
    1001: _recording,
    1003: _files,
    1101: _rewards,
    1501: _stage,
    1502: _hands,
}


def pretty(raw: str) -> str:
    """The event's JSON, indented; as it came where it can't be read."""
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        return raw
