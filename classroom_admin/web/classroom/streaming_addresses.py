"""Where a recording can be watched live. Such an address may hold a key: it is shown when somebody asks for
it, and is in no fragment and no cache.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import Recording
from classroom_admin.web.access import signed_in
from classroom_admin.web.dialogs import ask

WORDS: Final[dict[str, Promise]] = {
    "hls": _("For browsers and phones (HLS)"),
    "flv": _("For low-delay players (FLV)"),
    "rtmp": _("For video software such as VLC or OBS (RTMP)"),
}


@require_safe
@signed_in
def addresses(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """The streaming addresses of one recording, each to be copied."""
    room = room_for(request.user, key)
    recording = get_object_or_404(Recording, room=room, pk=pk)
    told = recording.streaming_urls if isinstance(recording.streaming_urls, dict) else {}
    known = [kind for kind in WORDS if kind in told]
    kinds = known + [kind for kind in told if kind not in WORDS]
    rows = [
        {"words": WORDS.get(kind, kind.upper()), "address": told[kind]}
        for kind in kinds
        if isinstance(told[kind], str) and told[kind]
    ]
    answer = ask(request, "classroom/recording/streams.html", {"room": room, "addresses": rows})
    answer["Cache-Control"] = "no-store"
    return answer
