"""What a change of settings is about, in words that a teacher uses; the keys themselves are in the event.

Pure, and never surprised: a key that nobody knows stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST: Final = 4
"""Names that a sentence tells."""
CONTAINERS: Final = ("widgets", "extApps", "extAppsCommon")
_QUIZ, _POLL = gettext_lazy("quiz"), gettext_lazy("poll")
_BOARD, _CLOCK = gettext_lazy("whiteboard"), gettext_lazy("countdown clock")
_CHAT_RULES, _GROUPS = gettext_lazy("chat permissions"), gettext_lazy("breakout rooms")
TOOLS: Final[dict[str, Promise]] = {
    "popupquiz": _QUIZ,
    "io_agora_answer": _QUIZ,
    "poll": _POLL,
    "io_agora_vote": _POLL,
    "netlessboard": _BOARD,
    "fcrboard": _BOARD,
    "easemobim": gettext_lazy("chat"),
    "countdown": _CLOCK,
    "countdowntimer": _CLOCK,
    "io_agora_countdown": _CLOCK,
    "streamwindow": gettext_lazy("large video windows"),
    "mediaplayer": gettext_lazy("video player"),
    "webview": gettext_lazy("web page"),
    "watermark": gettext_lazy("watermark"),
}
"""Widgets and extensions by their names in small letters."""
RULES: Final[dict[str, Promise]] = {
    "groups": _GROUPS,
    "mute": _CHAT_RULES,
    "muteChat": _CHAT_RULES,
    "processes": gettext_lazy("rules for raised hands and the stage"),
    "record": gettext_lazy("recording"),
    "roleConfig": gettext_lazy("who may join"),
    "roleConfigs": gettext_lazy("who may join"),
    "schedule": gettext_lazy("class times"),
    "stage": gettext_lazy("stage"),
    "carousel": gettext_lazy("stage rotation"),
}


def told(changes: Any) -> str:
    """The whole change as a sentence, where it is one that teachers know by sight; "" for all others."""
    paths = list(_paths(changes))
    if len({(root, name) for root, name, _value in paths}) != 1:
        return ""
    root, name, value = paths[0]
    state = _number(_below(value, "state"))
    if root in CONTAINERS and name.casefold() in TOOLS and state in (0, 1):
        places = {"what": TOOLS[name.casefold()]}
        return (_("Opened in the class: %(what)s") if state else _("Closed in the class: %(what)s")) % places
    if root == "groups":
        return _("The breakout rooms were closed") if state == 0 else _("The breakout rooms changed")
    muted = value if root == "muteChat" else _below(value, "muteChat") if root == "mute" else None
    if muted is not None:
        each = muted.values() if isinstance(muted, Mapping) else (muted,)
        is_muted = any(_number(one) for one in each)
        return _("Students can no longer chat") if is_muted else _("Students can chat again")
    return ""


def names(changes: Any) -> list[str]:
    """What changed: words for what is known, the key itself, isolated, for what is not."""
    found = dict.fromkeys(_name(root, name) for root, name, _value in _paths(changes))
    return list(found)[:MOST]


def _name(root: str, name: str) -> str:
    if root in CONTAINERS and name:
        return str(TOOLS.get(name.casefold()) or isolated(f"{root}.{name}"))
    return str(RULES.get(root) or isolated(root))


def isolated(words: str) -> str:
    """Words of another hand, isolated: a right-to-left name leaves the sentence around it alone."""
    return f"\u2068{words}\u2069"


def _paths(changes: Any) -> Iterable[tuple[str, str, Any]]:
    """(first name, second name where the first is only a container, value); dotted keys as nested ones."""
    for key, value in changes.items() if isinstance(changes, Mapping) else ():
        root, _dot, rest = str(key).partition(".")
        if root not in CONTAINERS:
            yield root, "", {rest: value} if rest else value
        elif rest:
            name, _dot, below = rest.partition(".")
            yield root, name, {below: value} if below else value
        elif isinstance(value, Mapping) and value:
            yield from ((root, *_first(name, inner)) for name, inner in value.items())
        else:
            yield root, "", value


def _first(key: Any, value: Any) -> tuple[str, Any]:
    name, _dot, below = str(key).partition(".")
    return name, {below: value} if below else value


def _below(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
