"""The picture that holds all icons: open to everybody, kept by the browser for ever under its fingerprint."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from classroom_admin.web.icons import fingerprint as present
from classroom_admin.web.icons import sprite


@require_safe
def icons(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """The icons; another fingerprint than the present one is not kept here."""
    if fingerprint != present():
        raise Http404("There is a newer version of the icons: load the page anew.")
    answer = HttpResponse(sprite(), content_type="image/svg+xml")
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
