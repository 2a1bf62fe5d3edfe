"""Build links into the classroom from `JOIN_URL_TEMPLATE`."""

import re
from typing import Final
from urllib.parse import quote

from django.conf import settings

from classroom_admin.agora.room_tokens import room_token
from classroom_admin.common import clock

TEACHER: Final = "1"
STUDENT: Final = "2"
OBSERVER: Final = "4"
TOKEN: Final = "{token}"


def join_link(template: str, *, room: str, user: str = "", name: str = "", role: str, token: str = "") -> str:
    """Return `template` with percent-encoded values for {room}, {user}, {name}, {role} and {token}.

    In a student's link, {user} and {name} are empty, because the classroom app asks for them. Other braces
    are not changed.
    """
    values = {"room": room, "user": user, "name": name, "role": role, "token": token}
    return re.sub(
        r"\{(room|user|name|role|token)\}", lambda found: quote(values[found[1]], safe=""), template
    )


def needs_token(template: str) -> bool:
    """Return whether links from this template contain a token, which is made when a person enters."""
    return TOKEN in template


def way_in(*, room: str, user: str, name: str, role: str) -> str:
    """Return the address with which a person enters a room now, by `JOIN_URL_TEMPLATE`.

    If the template contains {token}, the address has a token for this person and this room, which is valid
    for minutes. Then redirect to the address; do not put it into a page, and do not log it.

    Raise `Unauthorized` if a token is needed, but the App ID or the certificate is malformed.
    """
    template = settings.JOIN_URL_TEMPLATE
    token = ""
    if needs_token(template):
        now_s = clock.cloud_now().timestamp()
        token = room_token(settings.AGORA, room_uuid=room, user_uuid=user, role=int(role), now_s=now_s)
    return join_link(template, room=room, user=user, name=name, role=role, token=token)


def recording_address(template: str, *, room: str) -> str:
    """Return the URL at which the cloud opens the classroom app to record it.

    It is the join link without its query, because the cloud appends its own query.
    """
    return join_link(template, room=room, role=STUDENT).partition("?")[0]
