"""Serve all icons as one SVG file that the browser caches. Each use then costs a few bytes instead of 400."""

import functools
import hashlib
import re
from importlib import resources
from typing import Final
from zipfile import ZipFile

import lucide
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

# fmt: off
NAMES: Final = (
    "activity", "alarm-clock-off", "archive", "arrow-down", "arrow-left", "award", "ban", "bell", "bell-off",
    "braces",
    "calendar", "calendar-clock", "chart-bar", "check", "check-check", "chevron-right", "circle",
    "circle-alert", "circle-check", "circle-dot", "circle-play", "circle-stop", "circle-user-round",
    "circle-x", "clipboard-list", "clock", "copy", "door-closed", "download", "ellipsis", "external-link",
    "file-plus", "file-text", "files", "funnel", "graduation-cap", "hand", "history", "hourglass", "images",
    "info", "key-round", "keyboard", "languages", "layout-grid", "link", "list-checks", "list-todo", "loader",
    "log-in", "log-out", "mail", "megaphone", "message-square", "message-square-off", "mic", "mic-off",
    "monitor", "network",
    "pause", "pencil",
    "play", "plus", "presentation", "printer", "radio", "refresh-cw", "rotate-cw", "rows-3", "school",
    "screen-share", "screen-share-off", "search", "send", "settings", "share-2", "shield-check", "shuffle",
    "skip-back", "skip-forward", "sliders-horizontal", "smartphone", "square", "star", "timer", "trash-2",
    "triangle-alert", "undo-2", "unplug", "upload", "user-check", "user-minus", "user-round", "users",
    "video", "video-off", "volume-2", "x",
    "zoom-in", "zoom-out",
)
# fmt: on
POINTING: Final = frozenset(
    {"arrow-left", "chevron-right", "external-link", "log-in", "log-out", "send", "undo-2"}
)
"""Icons that point in the reading direction. Pages mirror them in right-to-left languages."""
_SVG: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class UnknownIcon(ValueError):
    """Raised for an icon name that is not in NAMES."""


@functools.cache
def sprite() -> str:
    """Return an SVG document with all icons as symbols. The id of a symbol is the name of its icon."""
    symbols = []
    # The package's own tag opens the archive of 1,700 icons once for each icon: that takes a second or more.
    with resources.files(lucide).joinpath("lucide.zip").open("rb") as packed, ZipFile(packed) as icons:
        for name in NAMES:
            drawn = _SVG.search(icons.read(f"{name}.svg").decode())
            if drawn is None:
                raise UnknownIcon(name)
            paths = re.sub(r"\s*\n\s*", "", drawn.group(1))
            symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


@functools.cache
def sprite_fingerprint() -> str:
    """Return a hash of the SVG document. It is part of its URL, so that browsers can cache it forever."""
    return hashlib.sha256(sprite().encode()).hexdigest()[:8]


@functools.cache
def _sprite_address() -> str:
    return reverse("live:icons", args=[sprite_fingerprint()])


@functools.cache
def address(name: str) -> str:
    """Return the URL of an icon for `<use href>`. Raise UnknownIcon if there is no such icon."""
    if name not in NAMES:
        raise UnknownIcon(f"{name} is not an icon of the pages. Add it to NAMES in web/icons.py.")
    return f"{_sprite_address()}#{name}"


@require_safe
def sprite_file(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Return the SVG document with the icons.

    No sign-in is necessary. Raise Http404 for an old fingerprint.
    """
    if fingerprint != sprite_fingerprint():
        raise Http404("There is a newer version of the icons. Reload the page.")
    answer = HttpResponse(sprite(), content_type="image/svg+xml")
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
