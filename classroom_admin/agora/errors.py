"""What can go wrong when the cloud is called: one class for each meaning.

`InvalidArgument` is raised before anything is sent. Every other error is a `CloudError` and carries the HTTP
status, the business code, the cloud's message and the request id. What this client finds by itself is a
`Problem`: a code with parameters. No error holds a token or the certificate, in its text or its attributes.
"""

from __future__ import annotations

from typing import Any, Final

from classroom_admin.agora.codes import Code
from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import shortened, without_tokens


class InvalidArgument(ValueError):
    """A parameter that the cloud would refuse; nothing was sent.

    `field` is the upstream name of the parameter (`roomUuid`, `webRecordConfig.videoBitrate`).
    """

    def __init__(self, field: str, code: Code | str, /, **params: Any) -> None:
        self.field = field
        self.problem = Problem(code, params)
        super().__init__(f"{field}: {self.problem}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _same_argument, (type(self), self.field, self.problem)


def _same_argument(cls: type[InvalidArgument], field: str, problem: Problem) -> InvalidArgument:
    return cls(field, problem.code, **problem.params)


class CloudError(Exception):
    """The cloud refused or failed.

    `message` is what the cloud said, `problem` what this client found. `http_status` and `code` are None
    where no answer has them.
    """

    def __init__(
        self,
        message: str = "",
        *,
        problem: Problem | None = None,
        http_status: int | None = None,
        code: int | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.message = shortened(without_tokens(message))
        self.problem = problem
        self.http_status = http_status
        self.code = code
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        super().__init__(self.message)

    def __str__(self) -> str:
        text = self.message or str(self.problem or type(self).__name__)
        return f"{text} ({self.facts})" if self.facts else text

    @property
    def facts(self) -> str:
        """The status and the codes as text; "" where the answer had none."""
        facts = [
            f"HTTP {self.http_status}" if self.http_status is not None else "",
            f"code {self.code}" if self.code is not None else "",
            f"request {self.request_id}" if self.request_id else "",
        ]
        return ", ".join(fact for fact in facts if fact)

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.__dict__.copy())


def _revive(cls: type[CloudError], state: dict[str, Any]) -> CloudError:
    """Rebuild a pickled error: the constructors take keywords, which pickle alone doesn't keep."""
    error = cls.__new__(cls)
    Exception.__init__(error, state["message"])
    error.__dict__.update(state)
    return error


class BadParameter(CloudError):
    """400: the cloud found a parameter wrong that our own checks let pass."""


class Unauthorized(CloudError):
    """401: App ID, certificate, uid or clock are wrong; a fresh token was tried already."""


class ChatMuted(CloudError):
    """403 30403200: chat is muted in this room."""


class UserBanned(CloudError):
    """403 30403100: this person may not enter the room."""


class PathNotFound(CloudError):
    """404 without a business code: no such address (region, App ID, or an API this project doesn't have)."""


class RoomNotFound(CloudError):
    """404 20404100: the room was never created, or is destroyed."""


class UserNotFound(CloudError):
    """404 20404200: nobody of this id was in the room."""


class RecordingNotStarted(CloudError):
    """409 30409410: there is no recording to stop or change."""


class RecordingNotEnded(CloudError):
    """409 30409411: a recording runs already."""


class ClassAlreadyStarted(CloudError):
    """409 30409100."""


class ClassAlreadyEnded(CloudError):
    """409 30409101."""


class Conflict(CloudError):
    """409 20409000 and any other 409: it exists already, or is in another state."""


class RateLimited(CloudError):
    """429: nothing was done; `retry_after_s` (seconds) says when to come again, if the cloud told."""


class CloudFailed(CloudError):
    """500: the cloud failed on this request."""


class CloudUnavailable(CloudError):
    """No usable answer: unreachable, timed out, cut off, or 502/503/504.

    `may_have_happened` is True when the request may have reached the cloud (a command may have worked, the
    polling stream may have been drained). `partial_body` holds what came of an answer that broke off.
    """

    def __init__(
        self, message: str = "", *, may_have_happened: bool = False, partial_body: bytes = b"", **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.may_have_happened = may_have_happened
        self.partial_body = partial_body


class UnreadableAnswer(CloudError):
    """An answer that is no JSON or has no envelope; `body` keeps it as it came."""

    def __init__(self, message: str = "", *, body: bytes = b"", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.body = body


# (HTTP status, business code) -> class. A code of None stands for every code that is not in the table by
# itself.
MEANINGS: Final[dict[tuple[int, int | None], type[CloudError]]] = {
    (400, 400): BadParameter,
    (400, None): BadParameter,
    (401, None): Unauthorized,
    (403, 30403200): ChatMuted,
    (403, 30403100): UserBanned,
    (404, None): PathNotFound,
    (404, 20404100): RoomNotFound,
    (404, 20404200): UserNotFound,
    (409, 30409410): RecordingNotStarted,
    (409, 30409411): RecordingNotEnded,
    (409, 30409100): ClassAlreadyStarted,
    (409, 30409101): ClassAlreadyEnded,
    (409, 20409000): Conflict,
    (409, None): Conflict,
    (429, None): RateLimited,
    (500, 500): CloudFailed,
    (500, None): CloudFailed,
    (502, None): CloudUnavailable,
    (503, None): CloudUnavailable,
    (504, None): CloudUnavailable,
}
# The same codes mean the same under any status (a gateway may turn a 409 into a 200 with a code).
_BY_CODE: Final = {code: cls for (_status, code), cls in MEANINGS.items() if code is not None and code > 1000}


def meaning_of(http_status: int, code: int | None) -> type[CloudError]:
    """Find the class for a status and a business code; plain `CloudError` where the table has none."""
    exact = MEANINGS.get((http_status, code))
    if exact is not None:
        return exact
    if code in _BY_CODE:
        return _BY_CODE[code]
    if http_status < 300 and code is not None:
        return MEANINGS.get((code, None), CloudError)
    general = MEANINGS.get((http_status, None))
    if general is not None:
        return general
    return CloudFailed if http_status >= 500 else CloudError


def error_for(
    *,
    http_status: int,
    code: int | None,
    message: str,
    request_id: str | None = None,
    retry_after_s: float | None = None,
) -> CloudError:
    """Make (not raise) the error that a status and a business code stand for."""
    cls = meaning_of(http_status, code)
    facts: dict[str, Any] = {
        "http_status": http_status,
        "code": code,
        "request_id": request_id,
        "retry_after_s": retry_after_s,
    }
    if issubclass(cls, CloudUnavailable):
        # The gateway had the request and lost its upstream: nobody knows how far it came.
        return cls(message, may_have_happened=True, **facts)
    return cls(message, **facts)
