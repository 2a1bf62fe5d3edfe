"""Sign and verify tokens for polling. A token is valid for one minute, one session and one room.

With a token, the response "nothing new" takes 0.3 ms of CPU time. Without it, Django needs 17 ms.
This module reads no database and needs only `SECRET_KEY`.
"""

from typing import Final

from django.utils.crypto import constant_time_compare, salted_hmac

from classroom_admin.common.numbers import parsed

VALID_FOR_S: Final = 60
_SALT: Final = "classroom_admin.live.ticket"


def issue(*, user_id: int, session_key: str, room_key: str, now_s: float) -> str:
    """Return a token that is valid only with this session and for this room.

    Its format is `user.expires.signature`.
    """
    expires_s = int(now_s) + VALID_FOR_S
    return f"{user_id}.{expires_s}.{_signature(user_id, expires_s, session_key, room_key)}"


def verify(token: str, *, session_key: str, room_key: str, now_s: float) -> tuple[int, int] | None:
    """Return a token's user id and its expiry (s).

    Return None if it is expired, forged or for another page.
    """
    user, _, rest = token.partition(".")
    expires, _, signature = rest.partition(".")
    user_id, expires_s = parsed(user), parsed(expires)
    if user_id is None or expires_s is None or not session_key:
        return None
    if not now_s < expires_s <= now_s + VALID_FOR_S:
        return None
    if not constant_time_compare(signature, _signature(user_id, expires_s, session_key, room_key)):
        return None
    return user_id, expires_s


def _signature(user_id: int, expires_s: int, session_key: str, room_key: str) -> str:
    value = f"{user_id} {expires_s} {session_key} {room_key}"
    return salted_hmac(_SALT, value, algorithm="sha256").hexdigest()[:40]
