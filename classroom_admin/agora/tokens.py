"""Tokens for the cloud. They are cached, renewed before they expire, and never shown.

The cloud compares a token's time with its own clock, so pass a clock that returns cloud time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from agoraiotools.AccessToken2 import AccessToken, ServiceApaas, ServiceRtm
from requests import PreparedRequest
from requests.auth import AuthBase

from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import Unauthorized
from classroom_admin.common.problems import Problem

LIFE_S: Final = 24 * 3600  # the cloud rejects tokens with a longer life
RENEW_AFTER: Final = 0.8  # share of the token's life
# Give tokens an earlier date. If the cloud's clock is some seconds behind, it would reject a future date.
ISSUED_AGO_S: Final = 30


@dataclass(frozen=True, slots=True)
class Token(AuthBase):
    """A token that adds itself to the headers of a request, so no other code has it in local variables."""

    secret: str = field(repr=False)
    serial: int
    issued_s: float
    uid: str
    auth: str

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if self.auth == "education":
            request.headers["Authorization"] = f"agora token={self.secret}"
        else:
            request.headers["x-agora-token"] = self.secret
            request.headers["x-agora-uid"] = self.uid
        return request

    def is_due(self, now_s: float) -> bool:
        """Return whether 80 % of the token's life is over, or the clock was set back."""
        age = now_s - self.issued_s
        return age >= LIFE_S * RENEW_AFTER or age < -ISSUED_AGO_S


class TokenSource:
    """A thread-safe source of the current token.

    `clock` returns seconds since 1970. A token is valid for 24 h and is renewed after 80 % of that time.
    """

    def __init__(self, config: CloudConfig, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> Token:
        """Return the current token, and renew it first if it is due. Raise `Unauthorized` if this fails."""
        with self._lock:
            if self._token is None or self._token.is_due(self._clock()):
                self._token = self._make()
            return self._token

    def renewed(self, refused: Token) -> Token:
        """Return a token other than `refused`. Threads whose token was refused share one new token."""
        with self._lock:
            if self._token is None or self._token.serial == refused.serial:
                self._token = self._make()
            return self._token

    def _make(self) -> Token:
        now_s = self._clock()
        serial = self._token.serial + 1 if self._token else 1
        secret = _build(self._config, issued_s=int(now_s) - ISSUED_AGO_S)
        if not secret:
            raise Unauthorized(problem=Problem("no_token"))
        return Token(
            secret=secret, serial=serial, issued_s=now_s, uid=self._config.uid, auth=self._config.auth
        )


def _build(config: CloudConfig, *, issued_s: int) -> str:
    """Build a token with the vendor's classes. Return "" if the App ID or certificate is malformed.

    The vendor's builder functions are not used, because they always use this machine's clock.
    """
    service: Any
    if config.auth == "education":
        service = ServiceApaas()
        service.add_privilege(ServiceApaas.kPrivilegeApp, LIFE_S)
    else:
        service = ServiceRtm(config.uid)
        service.add_privilege(ServiceRtm.kPrivilegeLogin, LIFE_S)
    token = AccessToken(config.app_id, config.app_certificate, issue_ts=issued_s, expire=LIFE_S)
    token.add_service(service)
    built: str = token.build()
    return built
