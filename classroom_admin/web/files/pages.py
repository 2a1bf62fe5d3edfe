"""The converted pages of a file, as pictures that lie at the cloud's storage."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.rooms import conversion
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Resource
from classroom_admin.web.access import signed_in

MOST_ORIGINS: Final = 4
"""The pages of one file lie in one place, at most in a few."""


@require_safe
@signed_in
def pages(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A page of its own, and alone with this policy: pictures may come from exactly the places where this
    file's pages lie (see docs/decisions/previews-have-a-page-of-their-own.md).
    """
    room = room_for(request.user, key)
    file = get_object_or_404(Resource, room=room, pk=pk, removed_at__isnull=True)
    found = conversion.pages(file.task)
    allowed = conversion.origins(found)[:MOST_ORIGINS]
    shown = [page for page in found if conversion.origin(page.picture) in allowed]
    answer = render(request, "files/pages.html", {"room": room, "file": file, "pages": shown})
    if allowed:
        answer._csp_update = {"img-src": allowed}
    answer["Referrer-Policy"] = "no-referrer"
    return answer
