"""Limit the size of request bodies, depending on the address and on whether the user may upload files."""

import re
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts import api_tokens
from classroom_admin.accounts.permissions import Permission
from classroom_admin.common import disk_space, problem_json
from classroom_admin.common.size_limit import NoRoom, SizeLimit
from classroom_admin.realtime import session
from classroom_admin.realtime.middleware import RealtimeMiddleware
from classroom_admin.realtime.rights import Refused
from classroom_admin.sync import chat_webhook, notification_reading
from classroom_admin.sync.webhook import LARGEST_BODY

FORM_BYTES: Final = 3_000_000
"""The limit for a form without files. Django itself refuses more than 2.5 MB and shows a message."""
CLASS_LIST_BYTES: Final = 12_000_000
"""The limit for a file with people. It is above the page's own limit, so the page can show a message."""
_FILES: Final = re.compile(r"/classes/(?P<key>[a-z0-9]{1,16})/files/(?:add|upload)/")
_API_FILES: Final = re.compile(rf"{problem_json.PATH}/classes/(?P<key>[a-z0-9]{{1,16}})/uploads")
_CLASS_LIST: Final = re.compile(r"/lists/[^/]+/upload/|/people/import/")
_WEBHOOKS: Final = {
    "/api/notifications": LARGEST_BODY,
    "/api/agora/notifications": notification_reading.LARGEST_BODY,
    "/api/agora/chat": chat_webhook.LARGEST_BODY,
}


def no_room_words() -> str:
    """Return why a file can't be uploaded, in the active language."""
    return _("The server's disk is almost full, so it accepts no files at the moment. Tell an administrator.")


def limited(front: RealtimeMiddleware, inner: Any) -> None:
    """Make `front` call `inner` unless the request body is too large for the URL.

    Access to uploads is checked here, because the whole body arrives before Django checks the session.
    """

    async def most_bytes(scope: Any) -> int:
        path = scope["path"]
        if (most := _WEBHOOKS.get(path.removesuffix("/"))) is not None:
            return most
        if _CLASS_LIST.fullmatch(path):
            return CLASS_LIST_BYTES
        if not await _may_upload(front, scope):
            return FORM_BYTES
        if disk_space.is_low():
            with translation.override(session.language(scope)):
                raise NoRoom(no_room_words())
        return int(settings.FILES_MAX_BYTES) + FORM_BYTES

    front.inner = SizeLimit(inner, most_bytes=most_bytes)


async def _may_upload(front: RealtimeMiddleware, scope: Any) -> bool:
    """Return whether this is the address of an upload, and the sender may upload files there."""
    if found := _API_FILES.fullmatch(scope["path"]):
        return await front.hub.run(_token_may_upload, session.header(scope, b"authorization"), found["key"])
    found = _FILES.fullmatch(scope["path"])
    if found is None:
        return False
    try:
        await front.hub.authorise(session.session_key(scope), found["key"])
    except Refused:
        return False
    return True


@sensitive_variables("header", "secret")
def _token_may_upload(header: str, key: str) -> bool:
    """Return whether the token in this header may upload files to the class with this key."""
    from classroom_admin.web.api.v1.class_rows import has_access  # only requests to the API load the API

    kind, _space, secret = header.partition(" ")
    token = api_tokens.find(secret.strip()) if kind.lower() == "bearer" else None
    if token is None or api_tokens.WRITE not in token.scope_names:
        return False
    return has_access(token.user, key, to=Permission.FILES)
