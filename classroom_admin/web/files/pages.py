"""The converted pages of a file, which are pictures in the cloud's storage."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classroom_admin.rooms import conversion
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Resource
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in

MOST_ORIGINS: Final = 4
"""Maximum number of origins that a file's pages may come from. Normally there is only one."""


@require_safe
@signed_in
def pages(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the pages of a file. Only this view's security policy allows pictures from the cloud's storage.

    See docs/decisions/file-preview-page.md.
    """
    room = access_by_key(request.user, key).room
    file = get_object_or_404(Resource, room=room, pk=pk, removed_at__isnull=True)
    found = conversion.pages(file.task)
    allowed = conversion.origins(found)[:MOST_ORIGINS]
    shown = [page for page in found if conversion.origin(page.picture) in allowed]
    response = render(request, "files/pages.html", {"room": room, "file": file, "pages": shown})
    if allowed:
        vars(response)["_csp_update"] = {"img-src": allowed}  # read by django-csp
    response["Referrer-Policy"] = "no-referrer"
    return response
