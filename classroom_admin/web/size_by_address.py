"""How large a body may be, by its address: large only where files are taken, from who may give them."""

from __future__ import annotations

import re
from typing import Any, Final

from django.conf import settings

from classroom_admin.common.size_limit import Application, SizeLimit
from classroom_admin.realtime import session
from classroom_admin.realtime.middleware import RealtimeMiddleware
from classroom_admin.realtime.rights import Refused
from classroom_admin.sync.webhook import LARGEST_BODY

FORM_BYTES: Final = 3_000_000
"""A form without files; Django reads 2.5 MB of one and tells in words of the rest."""
CLASS_LIST_BYTES: Final = 10_000_000
"""More than a class list may have: one that is too large is told so in words."""
_FILES: Final = re.compile(r"/classes/(?P<key>[a-z0-9]{1,16})/files/(?:add|upload)/")
_CLASS_LIST: Final = re.compile(r"/lists/[^/]+/upload/")
_RELAY: Final = "/api/notifications/"


class BodySizes:
    """Says how many bytes a request may bring. Whoever brings a file is asked first who they are: a body is
    taken in before Django's stack comes to that.
    """

    def __init__(self, front: RealtimeMiddleware) -> None:
        self._front = front

    async def __call__(self, scope: Any) -> int:
        path = scope["path"]
        if path == _RELAY:
            return LARGEST_BODY
        if _CLASS_LIST.fullmatch(path):
            return CLASS_LIST_BYTES
        if found := _FILES.fullmatch(path):
            try:
                await self._front.hub.authorise(session.session_key(scope), found["key"])
            except Refused:
                return FORM_BYTES
            return settings.FILES_MAX_BYTES + FORM_BYTES
        return FORM_BYTES


def limited(front: RealtimeMiddleware, inner: Application) -> None:
    """Put `inner` behind `front`, and the limits between them."""
    front.inner = SizeLimit(inner, most_bytes=BodySizes(front))
