"""Tokens for the cloud: made by the vendor's package, cached, renewed before they expire, never shown.

A token is bound to the cloud's time, so the clock given here should be the cloud's (local clock + known
offset).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from agoraiotools.AccessToken2 import AccessToken, ServiceApaas, ServiceRtm
from requests import PreparedRequest
from requests.auth import AuthBase

from classroom_admin.agora.codes import Code
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import Unauthorized
from classroom_admin.common.problems import Problem

LIFE_S: Final = 24 * 3600  # the cloud takes no token that lives longer
RENEW_AFTER: Final = 0.8  # of its life
ISSUED_AGO_S: Final = (
    30  # dated back a little: a cloud whose clock is seconds behind would see a token of the future
)


@dataclass(frozen=True, slots=True)
class Token(AuthBase):
    """One token, which puts itself into the headers of a request: so no frame of ours has it among its
    locals.
    """

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
        """Whether to make a new one: 80 % of the life are over, or the clock was set back."""
        age = now_s - self.issued_s
        return age >= LIFE_S * RENEW_AFTER or age < -ISSUED_AGO_S


class TokenSource:
    """Hands out the current token to any thread.

    `clock` gives seconds since 1970; a token lives 24 h from its date and is replaced after 80 % of that.
    """

    def __init__(self, config: CloudConfig, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> Token:
        """Give the token in use, or a fresh one where it is due. Raises `Unauthorized` where none can be
        made.
        """
        with self._lock:
            if self._token is None or self._token.is_due(self._clock()):
                self._token = self._make()
            return self._token

    def renewed(self, refused: Token) -> Token:
        """Give a token other than `refused`: threads that were refused together make one new token, not
        many.
        """
        with self._lock:
            if self._token is None or self._token.serial == refused.serial:
                self._token = self._make()
            return self._token

    def _make(self) -> Token:
        now_s = self._clock()
        serial = self._token.serial + 1 if self._token else 1
        secret = _build(self._config, issued_s=int(now_s) - ISSUED_AGO_S)
        if not secret:
            raise Unauthorized(problem=Problem(Code.NO_TOKEN))
        return Token(
            secret=secret, serial=serial, issued_s=now_s, uid=self._config.uid, auth=self._config.auth
        )


def _build(config: CloudConfig, *, issued_s: int) -> str:
    """Build a token with the vendor's classes; "" where App ID or certificate are malformed.

    Not by its builder functions: those always take the machine's clock for the date.
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
