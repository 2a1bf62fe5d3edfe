"""The addresses where a recording can be watched live.

An address may contain a key, so it is shown only on request and never put in a fragment or a cache.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Recording
from classroom_admin.web.access import AuthenticatedHttpRequest, signed_in
from classroom_admin.web.dialogs import ask

WORDS: Final[dict[str, Promise]] = {
    "hls": _("For browsers and phones (HLS)"),
    "flv": _("For low-delay players (FLV)"),
    "rtmp": _("For video software such as VLC or OBS (RTMP)"),
}


@require_safe
@signed_in
def addresses(request: AuthenticatedHttpRequest, key: str, pk: int) -> HttpResponse:
    """Show the streaming addresses of a recording for copying."""
    room = access_by_key(request.user, key).room
    recording = get_object_or_404(Recording, room=room, pk=pk)
    urls = recording.streaming_urls if isinstance(recording.streaming_urls, dict) else {}
    known = [kind for kind in WORDS if kind in urls]
    kinds = known + [kind for kind in urls if kind not in WORDS]
    rows = [
        {"words": WORDS.get(kind, kind.upper()), "address": urls[kind]}
        for kind in kinds
        if isinstance(urls[kind], str) and urls[kind]
    ]
    response = ask(request, "classroom/recording/streams.html", {"room": room, "addresses": rows})
    response["Cache-Control"] = "no-store"
    return response
