"""The errors that calls to the cloud raise. Each kind of error has its own class.

`InvalidArgument` is raised before anything is sent. Every other error is a `CloudError` with the HTTP status,
the business code, the cloud's message and the request id. If the client itself detects the error, `problem`
describes it. No error contains a token or the certificate.
"""

from typing import Any, Final

from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import shortened, without_tokens


class InvalidArgument(ValueError):
    """Raised for a parameter that the cloud would reject. Nothing was sent.

    `field` is the cloud's name for the parameter, such as `roomUuid` or `webRecordConfig.videoBitrate`.
    """

    def __init__(self, field: str, code: str, /, **params: Any) -> None:
        self.field = field
        self.problem = Problem(code, params)
        super().__init__(f"{field}: {self.problem}")


class CloudError(Exception):
    """Raised if the cloud rejects a call or fails.

    `message` is the cloud's message. `problem` is what the client detected. `http_status` and `code` are None
    if no response contains them.
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
        """Return the status, code and request id as text, if known."""
        facts = [
            f"HTTP {self.http_status}" if self.http_status is not None else "",
            f"code {self.code}" if self.code is not None else "",
            f"request {self.request_id}" if self.request_id else "",
        ]
        return ", ".join(fact for fact in facts if fact)


class BadParameter(CloudError):
    """Status 400: the cloud rejected a parameter that passed our own checks."""


class Unauthorized(CloudError):
    """Status 401: the App ID, certificate, uid or clock is wrong. A new token did not help."""


class ChatMuted(CloudError):
    """Status 403, code 30403200: chat is muted in this room."""


class UserBanned(CloudError):
    """Status 403, code 30403100: this person is banned from the room."""


class PathNotFound(CloudError):
    """Status 404 without a code: the region or App ID is wrong, or the Agora project lacks this API."""


class RoomNotFound(CloudError):
    """Status 404, code 20404100: the room does not exist, was destroyed, or belongs to another region."""


class UserNotFound(CloudError):
    """Status 404, code 20404200: no person with this id was ever in the room."""


class RecordingNotStarted(CloudError):
    """Status 409, code 30409410: there is no recording to stop or change."""


class RecordingNotEnded(CloudError):
    """Status 409, code 30409411: a recording is already running."""


class ClassAlreadyStarted(CloudError):
    """Status 409, code 30409100: the class has already started."""


class ClassAlreadyEnded(CloudError):
    """Status 409, code 30409101: the class has already ended."""


class Conflict(CloudError):
    """Status 409 with a code that has no class of its own: the object exists, or its state forbids this."""


class ClassOver(ClassAlreadyEnded):
    """Status 410, code 30410100 or 20410100: the class is over, or its room is closed."""


class RecordingAddressMissing(BadParameter):
    """Status 400, code 30400412: the address of the page to record is empty."""


class RoomTypeDiffers(Conflict):
    """Status 409, code 30409104: the room exists with another type."""


class RoleFull(CloudError):
    """Status 403, code 20403001: the room already has the maximum number of people with this role."""


class RoomFull(CloudError):
    """Status 403, code 20403002: the room already has the maximum number of people."""


class StageFull(CloudError):
    """Status 429, code 30429461: the stage is full. Waiting does not help."""


class NotOnStage(CloudError):
    """Status 404, code 30404462: the person is not on the stage."""


class HandChanged(Conflict):
    """Status 409, code 30409460: the hand is already raised, or already lowered."""


class ScreenNotShared(Conflict):
    """Status 409, code 30409103: the person does not share a screen."""


class AlreadyInvited(Conflict):
    """Status 409, code 30409601: the person is already invited to the stage."""


class RateLimited(CloudError):
    """Status 429: the cloud did nothing. `retry_after_s` is the time to wait, or None if it is unknown."""


class CloudFailed(CloudError):
    """Status 500: the cloud had an internal error."""


class CloudUnavailable(CloudError):
    """Raised for an unreachable host, a time-out, an incomplete response, or status 502, 503 or 504.

    If `may_have_happened` is True, the cloud may have received the request. A command may then have worked,
    and events from the polling stream may be lost. `partial_body` contains the received part of an incomplete
    response.
    """

    def __init__(
        self, message: str = "", *, may_have_happened: bool = False, partial_body: bytes = b"", **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.may_have_happened = may_have_happened
        self.partial_body = partial_body


class UnreadableAnswer(CloudError):
    """Raised for a response that is not JSON or has no envelope. `body` contains the raw response."""

    def __init__(self, message: str = "", *, body: bytes = b"", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.body = body


# (HTTP status, business code) -> class. None stands for every code that the table does not list.
MEANINGS: Final[dict[tuple[int, int | None], type[CloudError]]] = {
    (400, 400): BadParameter,
    (400, 30400100): BadParameter,
    (400, 30400412): RecordingAddressMissing,
    (400, None): BadParameter,
    (401, None): Unauthorized,
    (403, 30403200): ChatMuted,
    (403, 30403100): UserBanned,
    (403, 20403001): RoleFull,
    (403, 20403002): RoomFull,
    (404, None): PathNotFound,
    (404, 20404100): RoomNotFound,
    (404, 20404200): UserNotFound,
    (404, 30404462): NotOnStage,
    (409, 30409410): RecordingNotStarted,
    (409, 30409411): RecordingNotEnded,
    (409, 30409100): ClassAlreadyStarted,
    (409, 30409101): ClassAlreadyEnded,
    (409, 30409104): RoomTypeDiffers,
    (409, 30409460): HandChanged,
    (409, 30409103): ScreenNotShared,
    (409, 30409601): AlreadyInvited,
    (409, 20409000): Conflict,
    (409, None): Conflict,
    (410, 30410100): ClassOver,
    (410, 20410100): ClassOver,
    (429, 30429461): StageFull,
    (429, None): RateLimited,
    (500, 500): CloudFailed,
    (500, None): CloudFailed,
    (502, None): CloudUnavailable,
    (503, None): CloudUnavailable,
    (504, None): CloudUnavailable,
}
# A code has the same meaning under any status: a gateway may turn a 409 into a 200 with the code.
_BY_CODE: Final = {code: cls for (_status, code), cls in MEANINGS.items() if code is not None and code > 1000}


def meaning_of(http_status: int, code: int | None) -> type[CloudError]:
    """Return the error class for a status and a business code. If there is none, return a general class."""
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
    """Return the error for a status and a business code. Do not raise it."""
    cls = meaning_of(http_status, code)
    facts: dict[str, Any] = {
        "http_status": http_status,
        "code": code,
        "request_id": request_id,
        "retry_after_s": retry_after_s,
    }
    if issubclass(cls, CloudUnavailable):
        # The gateway received the request but no valid response, so the result is unknown.
        return cls(message, may_have_happened=True, **facts)
    return cls(message, **facts)
