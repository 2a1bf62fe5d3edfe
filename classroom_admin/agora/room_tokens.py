"""Make the short-lived token with which one person enters one room of the cloud's classroom."""

from typing import Final

from agoraiotools.AccessToken2 import AccessToken, ServiceApaas, ServiceChat, ServiceRtm
from agoraiotools.utils import get_md5

from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import Unauthorized
from classroom_admin.agora.tokens import ISSUED_AGO_S
from classroom_admin.common.problems import Problem

ROOM_TOKEN_LIFE_S: Final = 570
"""The time (s) in which the classroom must be opened. The whole life of a token is ten minutes."""


def room_token(config: CloudConfig, *, room_uuid: str, user_uuid: str, role: int, now_s: float) -> str:
    """Return a token with which a person enters a room, and no other, for `ROOM_TOKEN_LIFE_S` seconds.

    `role` is the classroom's role (1 teacher, 2 student, 4 observer), `now_s` the cloud's time in seconds
    since 1970. Like the vendor's `EducationTokenBuilder`, the token also opens the person's own messages and
    chat. Never log the result.

    Raise `Unauthorized` if the App ID or the certificate is malformed.
    """
    life_s = ROOM_TOKEN_LIFE_S + ISSUED_AGO_S
    token = AccessToken(
        config.app_id, config.app_certificate, issue_ts=int(now_s) - ISSUED_AGO_S, expire=life_s
    )
    classroom = ServiceApaas(room_uuid, user_uuid, role)
    classroom.add_privilege(ServiceApaas.kPrivilegeRoomUser, life_s)
    messages = ServiceRtm(user_uuid)
    messages.add_privilege(ServiceRtm.kPrivilegeLogin, life_s)
    chat = ServiceChat(get_md5(user_uuid))
    chat.add_privilege(ServiceChat.kPrivilegeUser, life_s)
    for service in (classroom, messages, chat):
        token.add_service(service)
    built: str = token.build()
    if not built:
        raise Unauthorized(problem=Problem("no_token"))
    return built
