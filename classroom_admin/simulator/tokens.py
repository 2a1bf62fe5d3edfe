"""Verify version 007 tokens with the vendor's own packing and service types."""

import base64
import binascii
import hmac
import struct
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from agoraiotools.AccessToken2 import AccessToken, ServiceApaas, ServiceChat, ServiceRtm, get_version
from agoraiotools.Packer import pack_uint32, unpack_map_uint32, unpack_string, unpack_uint16, unpack_uint32

from classroom_admin.simulator import legacy_tokens
from classroom_admin.simulator.errors import unauthorized
from classroom_admin.simulator.legacy_tokens import CLOCK_LEEWAY_S

MAX_TOKEN_LIFE_S = 24 * 3600
Nows = tuple[float, ...]
"""The current real and simulated times (s since the epoch). The first time decides the error message."""


@dataclass(frozen=True)
class Token:
    """The content of a version 007 token.

    ``issued_at`` is in seconds since the epoch, ``expires_in`` in seconds.
    """

    app_id: str
    issued_at: int
    expires_in: int
    rtm_user: str | None
    classroom_user: str | None
    for_whole_app: bool
    for_chat: bool = False
    classroom_room: str | None = None
    classroom_role: int | None = None


class TokenVerifier:
    """A verifier for the tokens of one App ID. It caches tokens that it has verified."""

    def __init__(self, *, app_id: str, app_certificate: str) -> None:
        self._app_id = app_id
        self._certificate = app_certificate.encode()
        self._known: OrderedDict[str, Token] = OrderedDict()

    def check_rtm(self, *, token: str, uid: str, nows: Nows) -> str:
        """Return ``uid`` if ``token`` is a valid RTM token of this user.

        Raise CloudError 401 if it is not.
        """
        if not uid:
            raise unauthorized("x-agora-uid is missing")
        if token.startswith(legacy_tokens.VERSION):
            legacy_tokens.check(token, uid=uid, app_id=self._app_id, certificate=self._certificate, nows=nows)
            return uid
        seen = self._read(token)
        self._check_life(seen, nows)
        if seen.rtm_user != uid:
            raise unauthorized("x-agora-uid: the token belongs to another user")
        return uid

    def check_education(self, *, token: str, nows: Nows) -> str:
        """Return the user of an education token. For an app token, return "server".

        Raise CloudError 401 if the token is not valid.
        """
        seen = self._read(token)
        self._check_life(seen, nows)
        if seen.classroom_user:
            return seen.classroom_user
        if seen.for_whole_app:
            return "server"
        raise unauthorized("Authorization: not an education token")

    def check_room(self, *, token: str, room: str, user: str, role: int, nows: Nows) -> None:
        """Raise CloudError 401 if ``token`` does not let ``user`` enter ``room`` in this role."""
        seen = self._read(token)
        self._check_life(seen, nows)
        if (seen.classroom_room, seen.classroom_user, seen.classroom_role) != (room, user, role):
            raise unauthorized("token: it is for another room, person or role")

    def check_chat(self, *, token: str, nows: Nows) -> None:
        """Raise CloudError 401 if ``token`` is not a valid app token of Agora Chat."""
        seen = self._read(token)
        self._check_life(seen, nows)
        if not seen.for_chat:
            raise unauthorized("Authorization: not an app token of Agora Chat")

    def _check_life(self, token: Token, nows: Nows) -> None:
        ends = token.issued_at + min(token.expires_in, MAX_TOKEN_LIFE_S)
        if any(token.issued_at <= now + CLOCK_LEEWAY_S and now < ends for now in nows):
            return
        if token.issued_at > nows[0] + CLOCK_LEEWAY_S:
            raise unauthorized("token: issued in the future; check the clock of the machine that issued it")
        raise unauthorized("token: expired")

    def _read(self, text: str) -> Token:
        known = self._known.get(text)
        if known is not None:
            return known
        token = self._parse(text)
        self._known[text] = token
        if len(self._known) > 10_000:
            self._known.popitem(last=False)
        return token

    def _parse(self, text: str) -> Token:
        if text[:3] != get_version():
            raise unauthorized("token: unknown version" if text else "token is missing")
        try:
            packed = zlib.decompress(base64.b64decode(text[3:], validate=True))
            signature, signed = unpack_string(packed)
            token, issue, salt = _unpack(signed)
        except (binascii.Error, zlib.error, struct.error, UnicodeError, KeyError) as error:
            raise unauthorized("token: cannot be read") from error
        if token.app_id != self._app_id:
            raise unauthorized("token: belongs to another App ID")
        key = hmac.new(pack_uint32(issue), self._certificate, sha256).digest()
        key = hmac.new(pack_uint32(salt), key, sha256).digest()
        if not hmac.compare_digest(hmac.new(key, signed, sha256).digest(), signature):
            raise unauthorized("token: the signature does not match the App Certificate")
        return token


def _unpack(buffer: bytes) -> tuple[Token, int, int]:
    app_id, buffer = unpack_string(buffer)
    issue, buffer = unpack_uint32(buffer)
    expire, buffer = unpack_uint32(buffer)
    salt, buffer = unpack_uint32(buffer)
    count, buffer = unpack_uint16(buffer)
    rtm_user: str | None = None
    classroom_user: str | None = None
    classroom_room: str | None = None
    classroom_role: int | None = None
    whole_app = for_chat = False
    for _ in range(count):
        kind, buffer = unpack_uint16(buffer)
        if kind == ServiceRtm.kServiceType:
            privileges, buffer = unpack_map_uint32(buffer)
            user, buffer = unpack_string(buffer)
            if ServiceRtm.kPrivilegeLogin in privileges:
                rtm_user = user.decode()
        elif kind == ServiceApaas.kServiceType:
            privileges, buffer = unpack_map_uint32(buffer)
            room, buffer = unpack_string(buffer)
            user, buffer = unpack_string(buffer)
            role, buffer = unpack_uint16(buffer)
            whole_app = ServiceApaas.kPrivilegeApp in privileges
            if privileges.keys() & {ServiceApaas.kPrivilegeUser, ServiceApaas.kPrivilegeRoomUser}:
                classroom_user = user.decode()
            if ServiceApaas.kPrivilegeRoomUser in privileges:
                classroom_room, classroom_role = room.decode(), role
        elif kind == ServiceChat.kServiceType:
            privileges, buffer = unpack_map_uint32(buffer)
            _user, buffer = unpack_string(buffer)
            for_chat = ServiceChat.kPrivilegeApp in privileges
        else:
            buffer = AccessToken.kServices[kind]().unpack(buffer)
    read = Token(
        app_id=app_id.decode(),
        issued_at=issue,
        expires_in=expire,
        rtm_user=rtm_user,
        classroom_user=classroom_user,
        for_whole_app=whole_app,
        for_chat=for_chat,
        classroom_room=classroom_room,
        classroom_role=classroom_role,
    )
    return read, issue, salt
