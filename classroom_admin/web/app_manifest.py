"""The web app manifest, with which a browser installs the dashboard like an app."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

NAME: Final = "Classroom Admin"
THEME: Final = "#3a4bc8"
BACKGROUND: Final = "#f5f6f9"


@require_safe
@cache_control(private=True, max_age=3600)
@vary_on_headers("Cookie", "Accept-Language")
def manifest(request: HttpRequest) -> JsonResponse:
    """Return the manifest. It says nothing about a person, so it needs no sign-in."""
    start = reverse("live:classes")
    icons = [
        {"src": static("img/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static("img/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {
            "src": static("img/icon-maskable-512.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
        {"src": static("img/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
    ]
    content = {
        "id": start,
        "name": NAME,
        "short_name": NAME,
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": start,
        "scope": start,
        "display": "minimal-ui",
        "theme_color": THEME,
        "background_color": BACKGROUND,
        "icons": icons,
    }
    return JsonResponse(content, content_type="application/manifest+json")
