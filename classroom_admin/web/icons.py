"""Serve all icons as one SVG file that the browser caches. Each use then costs a few bytes instead of 400."""

import functools
import hashlib
import re
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
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
"""Icons that point in the reading direction. Pages mirror them in right-to-left languages."""
_SVG: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class UnknownIcon(ValueError):
    """The error for an icon name that is not in NAMES."""


@functools.cache
def sprite() -> str:
    """Return the SVG document with every icon as a symbol. The symbol's id is the icon's name."""
    symbols = []
    for name in NAMES:
        drawn = _SVG.search(lucide(name))
        if drawn is None:
            raise UnknownIcon(name)
        paths = re.sub(r"\s*\n\s*", "", drawn.group(1))
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


@functools.cache
def sprite_fingerprint() -> str:
    """Return a hash of the SVG document for its address, so that browsers may cache the document forever."""
    return hashlib.sha256(sprite().encode()).hexdigest()[:8]


@functools.cache
def _sprite_address() -> str:
    return reverse("live:icons", args=[sprite_fingerprint()])


@functools.cache
def address(name: str) -> str:
    """Return the address of an icon for `<use href>`. Raise UnknownIcon for an unknown name."""
    if name not in NAMES:
        raise UnknownIcon(f"{name} is not an icon of the pages. Add it to NAMES in web/icons.py.")
    return f"{_sprite_address()}#{name}"


@require_safe
def sprite_file(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Serve the SVG document with the icons, without a sign-in. Raise Http404 for an outdated fingerprint."""
    if fingerprint != sprite_fingerprint():
        raise Http404("There is a newer version of the icons. Reload the page.")
    answer = HttpResponse(sprite(), content_type="image/svg+xml")
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
