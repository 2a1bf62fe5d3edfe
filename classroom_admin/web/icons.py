"""The icons as one picture that a browser keeps: a row of 1,000 people then costs a few bytes an icon, not
400.
"""

from __future__ import annotations

import functools
import hashlib
import re
from typing import Final

from lucide.templatetags.lucide import lucide

# fmt: off
NAMES: Final = (
    "activity", "alarm-clock-off", "archive", "award", "ban", "bell", "bell-off", "braces", "calendar",
    "calendar-clock", "chart-bar", "check", "check-check", "chevron-right", "circle", "circle-alert",
    "circle-check", "circle-dot", "circle-play", "circle-stop", "circle-user-round", "circle-x", "clock",
    "copy", "door-closed", "external-link", "file-plus", "file-text", "files", "funnel", "graduation-cap",
    "hand", "history", "hourglass", "images", "info", "key-round", "keyboard", "languages", "layout-grid",
    "link", "list-checks", "list-todo", "loader", "log-in", "log-out", "message-square",
    "message-square-off", "mic", "mic-off", "pause", "play", "plus", "presentation", "radio", "refresh-cw",
    "rotate-cw", "rows-3", "school", "screen-share", "search", "send", "settings", "shuffle", "skip-back",
    "skip-forward", "sliders-horizontal", "square", "star", "timer", "trash-2", "triangle-alert", "undo-2",
    "unplug", "upload", "user-check", "user-minus", "user-round", "users", "video", "video-off", "volume-2",
    "x",
)
# fmt: on
POINTING: Final = frozenset({"chevron-right", "external-link", "log-in", "log-out", "send", "undo-2"})
"""Icons that point along the line of writing: mirrored where one writes from right to left."""
_SVG: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class UnknownIcon(ValueError):
    """Raised for a name that is not in the picture: add it to NAMES."""


@functools.cache
def sprite() -> str:
    """The SVG document that holds every icon as a symbol under its name."""
    symbols = []
    for name in NAMES:
        drawn = _SVG.search(lucide(name))
        if drawn is None:
            raise UnknownIcon(name)
        paths = re.sub(r"\s*\n\s*", "", drawn.group(1))
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


@functools.cache
def fingerprint() -> str:
    """Changes with the picture, so that its address can be kept for ever."""
    return hashlib.sha256(sprite().encode()).hexdigest()[:8]


@functools.cache
def address(name: str) -> str:
    """Where the icon is, for `<use href>`. Raises UnknownIcon."""
    if name not in NAMES:
        raise UnknownIcon(f"{name} is not one of the icons of the pages (web/icons.py).")
    return f"/live/icons.{fingerprint()}.svg#{name}"
