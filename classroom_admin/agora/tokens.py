"""Tokens for the cloud. They are cached, renewed before they expire, and never shown.

The cloud compares a token's time with its own clock, so pass a clock that returns cloud time.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from agoraiotools.AccessToken2 import AccessToken, ServiceApaas, ServiceChat, ServiceRtm
from requests import PreparedRequest
from requests.auth import AuthBase

from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import Unauthorized
from classroom_admin.common.problems import Problem

LIFE_S: Final = 24 * 3600  # the cloud rejects tokens with a longer life
RENEW_AFTER: Final = 0.8  # share of the token's life
# Give tokens an earlier date. If the cloud's clock is some seconds behind, it would reject a future date.
ISSUED_AGO_S: Final = 30
TRY_KINDS_EVERY_S: Final = 60.0
"""After the cloud refused every kind of token, the other kinds are tried again only after this time (s)."""

Kind = Literal["both", "education", "rtm", "chat"]
"""A kind of token. "both" is one token with both services, sent in both header forms.

"chat" is the app token of Agora Chat, which the service expects as a bearer token.
"""
KINDS: Final[dict[str, tuple[Kind, ...]]] = {
    "auto": ("both", "education", "rtm"),
    "education": ("education",),
    "rtm": ("rtm",),
}
"""The kinds to try for each value of `AGORA_AUTH`, in this order."""


@dataclass(frozen=True, slots=True)
class Token(AuthBase):
    """A token. It adds itself to the headers of a request, so no other code has the secret in a variable."""

    secret: str = field(repr=False)
    serial: int
    issued_s: float
    uid: str
    kind: Kind

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if self.kind == "chat":
            request.headers["Authorization"] = f"Bearer {self.secret}"
            return request
        if self.kind != "rtm":
            request.headers["Authorization"] = f"agora token={self.secret}"
        if self.kind != "education":
            request.headers["x-agora-token"] = self.secret
            request.headers["x-agora-uid"] = self.uid
        return request

    def is_due(self, now_s: float) -> bool:
        """Return whether 80 % of the token's life is over. Also return True if the clock was set back."""
        age = now_s - self.issued_s
        return age >= LIFE_S * RENEW_AFTER or age < -ISSUED_AGO_S


class TokenSource:
    """A thread-safe source of the current token.

    A token is valid for 24 h and is renewed after 80 % of that time. `clock` returns seconds since 1970,
    `monotonic` returns seconds since an arbitrary moment. With `AGORA_AUTH=auto`, the source remembers the
    kind of token that the cloud accepted.
    """

    def __init__(
        self,
        config: CloudConfig,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._serial = 0
        self._kinds = KINDS[config.auth]
        self._kind = self._kinds[0]
        self._all_refused_at: float | None = None
        self.accepted_kind: Kind | None = None

    def current(self) -> Token:
        """Return the current token. If it is due, renew it first. Raise `Unauthorized` if this fails."""
        with self._lock:
            if self._token is None or self._token.is_due(self._clock()):
                self._token = self._make(self._kind)
            return self._token

    def after(self, refused: Sequence[Token]) -> Token | None:
        """Return another token if the cloud has refused the tokens in `refused`.

        Return None if there is none. First try a new token of the same kind, because the refused token may
        have had a wrong date. Then try each other kind once. Threads share the new token.
        """
        with self._lock:
            if len(refused) == 1:
                if self._token is None or self._token.serial == refused[0].serial:
                    self._token = self._make(refused[0].kind)
                return self._token
            tried = {token.kind for token in refused}
            if len(tried) == 1 and not self._may_try_kinds():
                return None
            for kind in self._kinds:
                if kind not in tried:
                    return self._make(kind)
            self._all_refused_at = self._monotonic()
            return None

    def accept(self, token: Token) -> None:
        """Remember that the cloud accepted this token. The next calls use the same kind."""
        if token.kind == self.accepted_kind:
            return
        with self._lock:
            self.accepted_kind = self._kind = token.kind
            self._all_refused_at = None
            if self._token is None or self._token.kind != token.kind:
                self._token = token

    def _may_try_kinds(self) -> bool:
        refused_at = self._all_refused_at
        return refused_at is None or self._monotonic() - refused_at >= TRY_KINDS_EVERY_S

    def _make(self, kind: Kind) -> Token:
        now_s = self._clock()
        self._serial += 1
        secret = _build(self._config, kind, issued_s=int(now_s) - ISSUED_AGO_S)
        if not secret:
            raise Unauthorized(problem=Problem("no_token"))
        return Token(secret=secret, serial=self._serial, issued_s=now_s, uid=self._config.uid, kind=kind)


class ChatTokenSource(TokenSource):
    """A thread-safe source of the current app token of Agora Chat."""

    def __init__(self, config: CloudConfig, **clocks: Callable[[], float]) -> None:
        super().__init__(config, **clocks)
        self._kinds = ("chat",)
        self._kind = "chat"


def _build(config: CloudConfig, kind: Kind, *, issued_s: int) -> str:
    """Return a token, or "" if the App ID or certificate is malformed.

    The vendor's builder functions are not used, because they always use this machine's clock.
    """
    token = AccessToken(config.app_id, config.app_certificate, issue_ts=issued_s, expire=LIFE_S)
    service: Any
    if kind == "chat":  # like the vendor's `ChatTokenBuilder2.build_app_token`
        service = ServiceChat()
        service.add_privilege(ServiceChat.kPrivilegeApp, LIFE_S)
        token.add_service(service)
        built_chat: str = token.build()
        return built_chat
    if kind != "rtm":
        service = ServiceApaas()
        service.add_privilege(ServiceApaas.kPrivilegeApp, LIFE_S)
        token.add_service(service)
    if kind != "education":
        service = ServiceRtm(config.uid)
        service.add_privilege(ServiceRtm.kPrivilegeLogin, LIFE_S)
        token.add_service(service)
    built: str = token.build()
    return built
