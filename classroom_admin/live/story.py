"""An event of the cloud as a sentence that a teacher can read. Pure, and never surprised: odd events get
plain words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

Data = dict[str, Any]
_SOMEBODY: Final = "Somebody"
_QUIZ_ACTIONS: Final = {1: "started", 2: "ended", 3: "was answered", 4: "has new results"}


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
        return "triangle-alert", "An event that could not be read"
    data = read_raw(raw).get("data")
    data = data if isinstance(data, dict) else {}
    if stream in ("popupQuiz", "poll"):
        return "chart-bar", _question(stream, data)
    tell = _TELL.get(cmd)
    return tell(data) if tell else ("activity", f"An event of kind {cmd}")


def _people(value: Any) -> list[Data]:
    return [person for person in value if isinstance(person, dict)] if isinstance(value, list) else []


def _name(person: Any) -> str:
    name = person.get("userName") if isinstance(person, dict) else None
    # Isolates, so that a right-to-left name leaves the sentence around it alone.
    return f"\u2068{name}\u2069" if name else _SOMEBODY


def _names(people: list[Data]) -> str:
    names = [_name(person) for person in people[:3]]
    more = len(people) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _state(data: Data) -> tuple[str, str]:
    words = {0: "is not started", 1: "started", 2: "ended", 3: "was closed"}
    return "play", f"The class {words.get(_number(data.get('state')), 'changed its state')}"


def _chat(data: Data) -> tuple[str, str]:
    return "message-square", f"{_name(data.get('fromUser'))} wrote in the chat"


def _comings(data: Data) -> tuple[str, str]:
    came, left = _people(data.get("onlineUsers")), _people(data.get("offlineUsers"))
    kicked = [person for person in left if _number(person.get("type")) == 2]
    gone = [person for person in left if _number(person.get("type")) != 2]
    said = [
        f"{_names(people)} {words}"
        for people, words in ((came, "entered"), (gone, "left"), (kicked, "removed from the class"))
        if people
    ]
    return ("log-in" if came else "log-out"), "; ".join(said) or "People came or left"


def _user(data: Data) -> tuple[str, str]:
    if "message" in data:
        return _custom(data)
    muted = _number(data.get("muteChat"))
    words = {0: "may chat again", 1: "may not chat"}.get(muted, "changed")
    return "message-square-off" if muted else "user-round", f"{_name(data)} {words}"


def _stream(data: Data) -> tuple[str, str]:
    who = _name(data.get("fromUser"))
    action = {0: "opened", 1: "changed", 2: "closed"}.get(_number(data.get("action")), "changed")
    screen = _number(data.get("videoSourceType")) == 2
    what = "a shared screen" if screen else "camera or microphone"
    return "screen-share" if screen else "video", f"{who} {action} {what}"


def _custom(data: Data) -> tuple[str, str]:
    return "send", f"A message from {_name(data.get('fromUser'))} to the class's apps"


def _recording(data: Data) -> tuple[str, str]:
    started = _number(data.get("state")) == 1
    return "circle-dot", "The recording started" if started else "The recording stopped"


def _files(data: Data) -> tuple[str, str]:
    files = [str(file.get("resourceName") or "a file") for file in _people(data.get("resources"))]
    deleted = _number(data.get("action")) == 2
    words = "taken away" if deleted else "shared or changed"
    return "files", f"{', '.join(files[:3]) or 'Files'} {'were' if len(files) != 1 else 'was'} {words}"


def _rewards(data: Data) -> tuple[str, str]:
    people = _people(data.get("rewardDetails"))
    return "award", f"{_names(people)} got a reward" if people else "Rewards were given"


def _stage(data: Data) -> tuple[str, str]:
    up, down = _people(data.get("addAcceptedUsers")), _people(data.get("removeAcceptedUsers"))
    if up:
        return "presentation", f"{len(up)} went on stage"
    return "presentation", f"{len(down)} left the stage" if down else "The stage changed"


def _hands(data: Data) -> tuple[str, str]:
    up, down = _people(data.get("addProgressUsers")), _people(data.get("removeProgressUsers"))
    if up:
        return "hand", f"{len(up)} raised a hand" if len(up) == 1 else f"{len(up)} raised their hands"
    return "hand", "A hand went down" if down else "Raised hands changed"


def _fixed(icon: str, words: str) -> Callable[[Data], tuple[str, str]]:
    return lambda data: (icon, words)


def _question(stream: str, data: Data) -> str:
    cause = data.get("cause")
    cause = read_raw(cause) if isinstance(cause, str) else cause
    action = _number(cause.get("action")) if isinstance(cause, dict) else None
    what = "The quiz" if stream == "popupQuiz" else "The poll"
    return f"{what} {_QUIZ_ACTIONS.get(action, 'changed')}"


_TELL: Final[dict[int | None, Callable[[Data], tuple[str, str]]]] = {
    1: _state,
    3: _chat,
    4: _fixed("settings", "A setting of the class changed"),
    5: _fixed("settings", "Settings of the class changed"),
    20: _comings,
    21: _user,
    22: _fixed("user-round", "A setting of a participant changed"),
    23: _fixed("users", "Settings of participants changed"),
    40: _stream,
    41: _fixed("video", "Cameras or microphones changed"),
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
