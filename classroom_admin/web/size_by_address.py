"""Limit the size of request bodies by address: large only for uploads, by people who may upload."""

from __future__ import annotations

import re
from typing import Any, Final

from django.conf import settings

from classroom_admin.common.size_limit import SizeLimit
from classroom_admin.realtime import session
from classroom_admin.realtime.middleware import RealtimeMiddleware
from classroom_admin.realtime.rights import Refused
from classroom_admin.sync.webhook import LARGEST_BODY

FORM_BYTES: Final = 3_000_000
"""A form without files. Django reads 2.5 MB of it and refuses more with a message."""
CLASS_LIST_BYTES: Final = 10_000_000
"""More than a class list may have, so that a page can refuse it with a message."""
_FILES: Final = re.compile(r"/classes/(?P<key>[a-z0-9]{1,16})/files/(?:add|upload)/")
_CLASS_LIST: Final = re.compile(r"/lists/[^/]+/upload/")
_WEBHOOK: Final = "/api/notifications/"


class BodySizes:
    """Return how many bytes the body of a request may have.

    Uploads are authorised here, because the body is received before Django checks the session.
    """

    def __init__(self, front: RealtimeMiddleware) -> None:
        self._front = front

    async def __call__(self, scope: Any) -> int:
        path = scope["path"]
        if path == _WEBHOOK:
            return LARGEST_BODY
        if _CLASS_LIST.fullmatch(path):
            return CLASS_LIST_BYTES
        if found := _FILES.fullmatch(path):
            try:
                await self._front.hub.authorise(session.session_key(scope), found["key"])
            except Refused:
                return FORM_BYTES
            return int(settings.FILES_MAX_BYTES) + FORM_BYTES
        return FORM_BYTES


def limited(front: RealtimeMiddleware, inner: Any) -> None:
    """Put `inner` behind `front`, and the limits between them."""
    front.inner = SizeLimit(inner, most_bytes=BodySizes(front))
