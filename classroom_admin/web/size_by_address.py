"""Limit the size of request bodies by address. Allow large bodies only for uploads that the user may do."""

import re
from typing import Any, Final

from django.conf import settings

from classroom_admin.common.size_limit import SizeLimit
from classroom_admin.realtime import session
from classroom_admin.realtime.middleware import RealtimeMiddleware
from classroom_admin.realtime.rights import Refused
from classroom_admin.sync.webhook import LARGEST_BODY

FORM_BYTES: Final = 3_000_000
"""The limit for a form without files. Django refuses more than 2.5 MB itself, with a message."""
CLASS_LIST_BYTES: Final = 10_000_000
"""The limit for a class list. It exceeds the page's own limit, so that the page can show a message."""
_FILES: Final = re.compile(r"/classes/(?P<key>[a-z0-9]{1,16})/files/(?:add|upload)/")
_CLASS_LIST: Final = re.compile(r"/lists/[^/]+/upload/")
_WEBHOOK: Final = "/api/notifications/"


def limited(front: RealtimeMiddleware, inner: Any) -> None:
    """Make `front` call `inner` through a size limit.

    It checks the user's access for uploads, because the body is received before Django checks the session.
    """

    async def most_bytes(scope: Any) -> int:
        path = scope["path"]
        if path == _WEBHOOK:
            return LARGEST_BODY
        if _CLASS_LIST.fullmatch(path):
            return CLASS_LIST_BYTES
        found = _FILES.fullmatch(path)
        if found is None:
            return FORM_BYTES
        try:
            await front.hub.authorise(session.session_key(scope), found["key"])
        except Refused:
            return FORM_BYTES
        return int(settings.FILES_MAX_BYTES) + FORM_BYTES

    front.inner = SizeLimit(inner, most_bytes=most_bytes)
