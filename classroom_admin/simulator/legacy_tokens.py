"""Verify first-generation RTM tokens (version 006), which the vendor's library still issues."""

import base64
import binascii
import hmac
import struct
from hashlib import sha256

from agoraiotools.AccessToken import APP_ID_LENGTH, VERSION_LENGTH, kRtmLogin, unPackContent, unPackMessages

from classroom_admin.simulator.errors import unauthorized

VERSION = "006"
A_DAY_S = 24 * 3600
CLOCK_LEEWAY_S = 300
"""The number of seconds by which the issuer's clock may be ahead of the cloud's."""


def check(text: str, *, uid: str, app_id: str, certificate: bytes, nows: tuple[float, ...]) -> None:
    """Raise CloudError 401 if ``text`` is not a valid RTM token for ``uid``."""
    if text[VERSION_LENGTH : VERSION_LENGTH + APP_ID_LENGTH] != app_id:
        raise unauthorized("token: belongs to another App ID")
    try:
        content = base64.b64decode(text[VERSION_LENGTH + APP_ID_LENGTH :], validate=True)
        signature, _channel, _uid, message = unPackContent(content)
        _salt, a_day_later, privileges = unPackMessages(message)
    except (binascii.Error, struct.error) as error:
        raise unauthorized("token: cannot be read") from error
    wanted = hmac.new(certificate, app_id.encode() + uid.encode() + message, sha256).digest()
    if not hmac.compare_digest(wanted, signature):
        raise unauthorized("token: not signed for this x-agora-uid with the App Certificate")
    issued, ends = a_day_later - A_DAY_S, privileges.get(kRtmLogin, 0)
    if not any(issued <= now + CLOCK_LEEWAY_S and now < ends for now in nows):
        raise unauthorized("token: expired")
